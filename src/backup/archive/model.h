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

// The isolation levels as the archive names them.
inline constexpr std::string_view kReadCommittedName = "read_committed";
inline constexpr std::string_view kReadUncommittedName = "read_uncommitted";

// What keeps two writers apart: weak where a commit went to a store that replaces objects it was
// told only to create. There it is the lease alone, and looking before and after.
enum class Fencing : uint8_t { kStrong, kWeak };

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
  kUnknown,  // in a state made from segments alone
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
  Uuid topic_id{};
  uint32_t incarnation = 1;
  int32_t partition_count = 0;
  int32_t replication_factor = 1;
  std::map<std::string, std::string> configs{};  // those that differ from the default

  bool operator==(const TopicFacts&) const = default;
};

// The newest batch the backup saw of a partition, stored or left out: what the leader must still
// know of the log (KIP-101), else it was truncated.
struct LastBatch {
  int64_t offset = -1;  // its last
  int32_t leader_epoch = -1;

  bool operator==(const LastBatch&) const = default;
};

// Data of a transaction whose marker was not seen yet; only kept for read_uncommitted archives.
struct OpenRange {
  int64_t producer_id = -1;
  int64_t first = 0;
  int64_t last = 0;  // inclusive

  bool operator==(const OpenRange&) const = default;
};

struct PartitionState {
  int32_t id = 0;
  int64_t covered_through = -1;  // the last offset spoken for, -1 before the first commit
  std::vector<SegmentRef> segments{};
  std::vector<Gap> gaps{};
  // Data of aborted transactions: left out of a read_committed archive, held by the segments of a
  // read_uncommitted one.
  std::vector<OffsetRange> aborted{};
  LastBatch last_batch{};
  std::vector<OpenRange> open{};

  bool operator==(const PartitionState&) const = default;
};

struct TopicState {
  TopicFacts facts;
  std::map<int32_t, PartitionState> partitions{};

  bool operator==(const TopicState&) const = default;
};

// A commit at which every partition had reached the ends its cluster snapshot names, and no group
// was ahead of them.
struct RestorePoint {
  uint64_t seq = 0;
  TimestampMs time = 0;
  std::string label{};
  std::string groups_key{};  // the snapshots of this point; empty: none captured
  std::string cluster_key{};

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
  std::string isolation_level = std::string(kReadCommittedName);
  std::string source_cluster_id{};
  std::map<TopicKey, TopicState> topics{};
  std::string groups_key{};  // the newest; empty: none captured
  std::string cluster_key{};
  std::vector<RestorePoint> restore_points{};
  Fencing fencing = Fencing::kStrong;  // weak once a commit was
  // Commits up to here may be missing or damaged: the state was made from segments alone.
  uint64_t rebuilt_through = 0;

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
  LastBatch last_batch{};  // replaces the state's, unless its offset is -1
  std::vector<OpenRange> open{};  // replaces the state's
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
  std::string cluster_key{};
  std::string isolation_level{};  // set by the first commit, never another after it
  std::optional<std::string> restore_point{};  // its label
  Fencing fencing = Fencing::kStrong;
};

// Changes `state` as the commit says. Errors (the state is then unusable): kMalformed when the
// commit does not follow it: wrong number, a segment that does not begin behind what is covered,
// or cover with an unexplained hole. kPrecondition: another isolation
// level. kChecksum: a broken chain.
Result<void> apply(ArchiveState& state, const Commit& commit, const Sha256& commit_sha256);

std::string_view fencing_name(Fencing fencing);
std::optional<Fencing> fencing_of(std::string_view name);
std::string_view gap_reason_name(GapReason reason);
std::optional<GapReason> gap_reason(std::string_view name);

}  // namespace odradek::backup
