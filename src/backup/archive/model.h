#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backup/format/segment_format.h"
#include "base/clock.h"
#include "base/ids.h"

// What an archive holds, as the commit log and the manifest say it.
// Source: docs/formats/backup-commit-log.md.
namespace odradek::backup {

inline constexpr int kArchiveSchema = 1;

struct SegmentRef {
  std::string key{};
  uint64_t position = 0;
  uint64_t stored_bytes = 0;
  uint64_t raw_bytes = 0;
  int64_t first_offset = 0;
  int64_t last_offset = -1;
  int64_t covered_start = 0;
  int64_t covered_end = -1;  // inclusive
  TimestampMs min_timestamp = -1;
  TimestampMs max_timestamp = -1;
  uint64_t record_count = 0;
  uint64_t batch_count = 0;
  uint64_t control_batch_count = 0;
  Sha256 sha256{};
  Xxh128 raw_xxh128{};

  bool operator==(const SegmentRef&) const = default;
};

SegmentRef segment_ref(std::string key, uint64_t stored_bytes, const SegmentFooter& footer);

enum class GapReason : uint8_t {
  kRetention,
  kDeleteRecords,
  kTruncation,
  kTopicRecreated,
  kCorruptAtSource,
};

// Offsets that no segment has, and why.
struct Gap {
  int64_t start = 0;
  int64_t end = 0;  // inclusive
  GapReason reason = GapReason::kRetention;
  TimestampMs at = 0;

  bool operator==(const Gap&) const = default;
};

using OffsetRange = std::pair<int64_t, int64_t>;  // both inclusive

struct TopicFacts {
  std::string name{};
  Uuid topic_id;
  uint32_t incarnation = 1;
  int32_t partition_count = 0;
  int32_t replication_factor = 1;
  std::map<std::string, std::string> configs{};  // those that differ from the default

  bool operator==(const TopicFacts&) const = default;
};

struct PartitionState {
  int32_t id = 0;
  int64_t covered_through = -1;  // the last offset spoken for, -1 before the first commit
  std::vector<SegmentRef> segments{};
  std::vector<Gap> gaps{};
  std::vector<OffsetRange> aborted{};

  bool operator==(const PartitionState&) const = default;
};

struct TopicState {
  TopicFacts facts;
  std::map<int32_t, PartitionState> partitions{};

  bool operator==(const TopicState&) const = default;
};

struct RestorePoint {
  uint64_t seq = 0;
  TimestampMs time = 0;
  std::string label{};

  bool operator==(const RestorePoint&) const = default;
};

// Topics by name and incarnation.
using TopicKey = std::pair<std::string, uint32_t>;

struct ArchiveState {
  std::string backup_id{};
  Uuid backup_set;
  uint64_t through_commit = 0;
  Sha256 chain_sha256{};  // of the last commit object
  TimestampMs created_at = 0;
  std::string isolation_level = "read_committed";
  std::string source_cluster_id{};
  std::map<TopicKey, TopicState> topics{};
  std::string groups_key{};  // empty: none captured
  std::vector<RestorePoint> restore_points{};

  bool operator==(const ArchiveState&) const = default;
};

struct PartitionChange {
  std::string topic{};
  uint32_t incarnation = 1;
  int32_t id = 0;
  int64_t covered_through = -1;
  std::vector<SegmentRef> segments{};
  std::vector<Gap> gaps{};
  std::vector<OffsetRange> aborted{};
};

struct Commit {
  uint64_t seq = 0;
  Sha256 prev_sha256{};
  Uuid backup_set;
  uint32_t writer_epoch = 0;
  TimestampMs at = 0;
  std::string source_cluster_id{};
  std::vector<TopicFacts> topics{};
  std::vector<PartitionChange> partitions{};
  std::string groups_key{};
  std::optional<std::string> restore_point{};  // its label
};

struct GroupOffset {
  std::string topic{};
  int32_t partition = 0;
  int64_t offset = -1;
  int32_t leader_epoch = -1;
  std::string metadata{};

  bool operator==(const GroupOffset&) const = default;
};

struct GroupState {
  std::string id{};
  std::string state{};
  std::string protocol_type{};
  std::vector<GroupOffset> offsets{};

  bool operator==(const GroupState&) const = default;
};

struct GroupsSnapshot {
  TimestampMs at = 0;
  std::vector<GroupState> groups{};

  bool operator==(const GroupsSnapshot&) const = default;
};

// Changes `state` as the commit says. Errors (the state is then unusable): kMalformed when the
// commit does not follow it: wrong number, a segment that does not begin behind what is covered,
// or cover with an unexplained hole.
Result<void> apply(ArchiveState& state, const Commit& commit, const Sha256& commit_sha256);

std::string_view gap_reason_name(GapReason reason);
std::optional<GapReason> gap_reason(std::string_view name);

}  // namespace odradek::backup
