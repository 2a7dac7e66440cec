#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "proto/error_code.h"

namespace odradek::broker {

// One record of the groups' state, as it is kept in __consumer_offsets; no value: a tombstone.
struct GroupRecord {
  std::string key;
  std::optional<std::string> value;

  // False when a part was too large to be encoded.
  bool is_writable() const { return !key.empty() && (!value || !value->empty()); }
};

// The transaction that a record belongs to; none by default.
struct TransactionOwner {
  int64_t producer_id = -1;
  int16_t epoch = -1;

  bool is_set() const { return producer_id >= 0; }
};

struct GroupTopic {
  std::string_view name;
  Uuid id;
  int32_t partitions = 0;
};

// How often members of a consumer group (KIP-848) are heard of.
struct ConsumerTimes {
  Duration session_timeout = std::chrono::seconds(45);
  Duration heartbeat_interval = std::chrono::seconds(5);
  Duration assignment_interval{};  // between two target assignments, at the least
};

// What groups need of the world around them: a place to write, topics, and configuration. Views
// are valid until the next call of anything that changes topics.
class GroupEnvironment {
 public:
  virtual ~GroupEnvironment() = default;

  // Writes the records of one group, all or none. Errors are those its clients are told.
  virtual proto::ErrorCode append(std::string_view group_id, std::span<const GroupRecord> records,
                                  TransactionOwner owner) = 0;
  // The partition of __consumer_offsets that holds a group.
  virtual int32_t partition_of(std::string_view group_id) const = 0;

  virtual std::optional<GroupTopic> topic(std::string_view name) const = 0;
  virtual std::optional<GroupTopic> topic(const Uuid& id) const = 0;
  virtual void for_each_topic(const std::function<void(const GroupTopic&)>& visit) const = 0;

  // As configured for this group (resource type GROUP), or else for all.
  virtual ConsumerTimes consumer_times(std::string_view group_id) const = 0;
};

}  // namespace odradek::broker
