#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "odradek/admin_result.h"
#include "odradek/admin_security.h"
#include "odradek/consumer.h"
#include "odradek/types.h"

namespace odradek::kafka {

struct GroupListing {
  std::string id{};
  std::string protocol_type{};  // "consumer"
  std::string state{};          // "Stable"; empty from brokers older than 2.6
  std::string type{};           // "Classic"; empty from brokers older than 3.8
};

// Which groups to list; an empty set lists all.
struct GroupFilter {
  std::vector<std::string> states{};
  std::vector<std::string> types{};           // "Classic", "Consumer", "Share", "Streams"
  std::vector<std::string> protocol_types{};  // compared here, not by the broker
};

struct GroupMember {
  std::string member_id{};
  std::string instance_id{};
  std::string client_id{};
  std::string host{};
  std::vector<TopicPartition> assignment{};
  // Of consumer groups (KIP-848) only:
  std::string rack{};
  int32_t epoch = -1;
  std::vector<std::string> subscribed_topics{};
  std::string subscribed_pattern{};
  std::vector<TopicPartition> target_assignment{};
};

struct GroupDescription {
  std::string id{};
  std::string state{};
  std::string protocol_type{};
  std::string assignor{};
  std::vector<GroupMember> members{};
  std::string type{};             // "Classic" or "Consumer"
  int32_t coordinator = -1;       // broker id
  int32_t epoch = -1;             // of consumer groups
  int32_t assignment_epoch = -1;  // of consumer groups
  std::set<AclOperation> authorized_operations{};
};

// One of both: a static member by its instance id, or any by its member id.
struct MemberToRemove {
  std::string instance_id{};
  std::string member_id{};
};

// Which offset of a partition: a time in milliseconds, or one of these.
enum class OffsetSpec : int64_t {
  latest = -1,
  earliest = -2,
  max_timestamp = -3,            // the record with the largest timestamp
  earliest_local = -4,           // tiered storage: the first on the broker's own disk
  latest_tiered = -5,            // tiered storage: the last in the remote storage
  earliest_pending_upload = -6,  // tiered storage: the first not in the remote storage
};

struct OffsetQuery {
  TopicPartition partition{};
  int64_t timestamp_ms = static_cast<int64_t>(OffsetSpec::latest);  // or an OffsetSpec
};

struct ListedOffset {
  int64_t offset = -1;        // -1: there is none
  int64_t timestamp_ms = -1;  // of the record at that offset, when asked for by time
  int32_t leader_epoch = -1;
};

}  // namespace odradek::kafka
