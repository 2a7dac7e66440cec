#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "odradek/consumer.h"
#include "odradek/types.h"

namespace odradek::client {

// What is to be found out before a partition can be fetched.
enum class PositionNeed : uint8_t {
  kNothing,
  kCommitted,  // the group's committed offset, else by the reset policy
  kEarliest,
  kLatest,
  kDuration,  // the first record that is not older than ConsumerOptions::start says
  kCheck,     // whether the log still has what was read before the position (KIP-320)
};

// What the reset policy asks for; not for Start::none.
PositionNeed need_of(const kafka::Start& start);

// One partition a consumer reads.
struct AssignedPartition {
  std::shared_ptr<const std::string> topic;
  int32_t partition = -1;
  // Changes with each seek: what was fetched before is void.
  uint64_t epoch = 0;
  PositionNeed need = PositionNeed::kCommitted;
  int64_t fetch_offset = -1;  // where the next fetch begins
  int64_t position = -1;      // of the next record to hand out; -1: not known yet
  int64_t consumed = -1;      // the position when next() was called last: what is done with
  int64_t committed = -1;     // what auto-commit stored last
  int32_t leader_epoch = -1;  // of the last record handed out
  int32_t fetch_epoch = -1;   // of the last record before fetch_offset; -1: not known
  int32_t checked_epoch = -1;  // of the leader that has what is before fetch_offset
  int64_t high_watermark = -1;
  int64_t last_stable_offset = -1;
  size_t buffered_bytes = 0;  // fetched and not handed out
  MonotonicTime retry_at{};   // not fetched before, after a failure
  int32_t read_replica = -1;  // a replica near us to read from (KIP-392); -1: the leader
  MonotonicTime read_replica_until{};
  bool is_paused = false;
  bool is_leaving = false;    // being revoked: nothing is handed out any more
  bool is_fetching = false;   // part of a request in flight

  kafka::TopicPartition id() const { return {*topic, partition}; }
  // Records not handed out, as of the latest fetch; none before the first.
  std::optional<int64_t> lag(bool is_read_committed) const {
    const int64_t log_end = is_read_committed ? last_stable_offset : high_watermark;
    if (position < 0 || log_end < 0) return std::nullopt;
    return std::max<int64_t>(log_end - position, 0);
  }
};

// The partitions a consumer reads, where it is in each, and what it may do with it. No I/O; the
// owner's mutex guards it. Pointers to entries are valid until the partition is removed.
class PartitionTable {
 public:
  using Partitions = std::vector<kafka::TopicPartition>;

  // Starts with `need`. A partition that is there already stays as it is.
  void add(const Partitions& partitions, PositionNeed need);
  void remove(const Partitions& partitions);
  void clear() { entries_.clear(); }

  AssignedPartition* find(const kafka::TopicPartition& id);
  const AssignedPartition* find(const kafka::TopicPartition& id) const;
  Partitions ids() const;
  Partitions paused() const;
  auto begin() { return entries_.begin(); }
  auto end() { return entries_.end(); }
  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }

  // The position was found out: fetching may begin. `leader_epoch` is that of the record before.
  static void set_position(AssignedPartition& entry, int64_t offset, int32_t leader_epoch = -1);
  // Somewhere else from now on.
  static void seek(AssignedPartition& entry, int64_t offset, int32_t leader_epoch = -1);
  // What was fetched and not handed out is void, and fetched again.
  static void rewind(AssignedPartition& entry);
  static void need_position(AssignedPartition& entry, PositionNeed need);

  // Everything handed out so far is done with.
  void mark_consumed();
  // What auto-commit has to store: consumed and not committed yet.
  std::map<kafka::TopicPartition, kafka::OffsetAndMetadata> uncommitted() const;
  void note_committed(const std::map<kafka::TopicPartition, kafka::OffsetAndMetadata>& offsets);
  // Where next() is, for commit().
  std::map<kafka::TopicPartition, kafka::OffsetAndMetadata> positions() const;

 private:
  std::map<kafka::TopicPartition, std::unique_ptr<AssignedPartition>> entries_;
  uint64_t next_epoch_ = 1;
};

}  // namespace odradek::client
