#include "backup/archive/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace odradek::backup {
namespace {

constexpr std::array<std::string_view, 6> kGapReasons = {
    "retention", "delete_records", "truncation", "topic_recreated", "corrupt_at_source", "unknown"};

Error does_not_follow(const Commit& commit, const std::string& why) {
  return {Errc::kMalformed, fmt::format("commit {}: {}", commit.seq, why)};
}

// A piece of cover: a segment's or a gap's range.
struct Piece {
  int64_t start;
  int64_t end;
};

// The pieces together must cover exactly (covered before, covered_through].
Result<void> check_cover(const Commit& commit, const PartitionChange& change,
                         const PartitionState& before) {
  std::vector<Piece> pieces;
  pieces.reserve(change.segments.size() + change.gaps.size());
  for (const SegmentRef& segment : change.segments) {
    pieces.push_back({segment.covered_start, segment.covered_end});
  }
  for (const Gap& gap : change.gaps) pieces.push_back({gap.start, gap.end});
  std::ranges::sort(pieces, {}, &Piece::start);
  int64_t next = before.covered_through + 1;
  for (const Piece& piece : pieces) {
    if (piece.start != next || piece.end < piece.start - 1) {
      return does_not_follow(
          commit, fmt::format("{}-{} covers {}..{} where {} comes next", change.topic, change.id,
                              piece.start, piece.end, next));
    }
    next = piece.end + 1;
  }
  if (next != change.covered_through + 1) {
    return does_not_follow(commit, fmt::format("{}-{} is covered through {}, not {}", change.topic,
                                               change.id, next - 1, change.covered_through));
  }
  return {};
}

// Segments of both kinds in one archive could not be told apart.
Result<void> apply_isolation(ArchiveState& state, const Commit& commit) {
  if (commit.isolation_level.empty()) return {};
  const bool holds_data = std::ranges::any_of(
      state.topics, [](const auto& topic) { return !topic.second.partitions.empty(); });
  if (holds_data && commit.isolation_level != state.isolation_level) {
    return Error(Errc::kPrecondition,
                 fmt::format("the archive was begun with isolation level {}, {} needs another",
                             state.isolation_level, commit.isolation_level));
  }
  state.isolation_level = commit.isolation_level;
  return {};
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

Result<void> apply(ArchiveState& state, const Commit& commit, const Sha256& commit_sha256) {
  if (commit.seq != state.through_commit + 1) {
    return does_not_follow(commit, fmt::format("follows commit {}", state.through_commit));
  }
  if (commit.prev_sha256 != state.chain_sha256) {
    return Error(Errc::kChecksum,
                 fmt::format("commit {}: the chain is broken, it follows another commit {}",
                             commit.seq, state.through_commit));
  }
  if (state.backup_set.is_zero()) {
    state.backup_set = commit.backup_set;
    state.created_at = commit.at;
  } else if (state.backup_set != commit.backup_set) {
    return does_not_follow(commit, "belongs to another backup set");
  }
  ODK_TRY_VOID(apply_isolation(state, commit));
  for (const TopicFacts& topic : commit.topics) {
    state.topics[{topic.name, topic.incarnation}].facts = topic;
  }
  for (const PartitionChange& change : commit.partitions) {
    const auto topic = state.topics.find({change.topic, change.incarnation});
    if (topic == state.topics.end()) {
      return does_not_follow(commit, fmt::format("topic {} is unknown", change.topic));
    }
    PartitionState& partition = topic->second.partitions[change.id];
    partition.id = change.id;
    ODK_TRY_VOID(check_cover(commit, change, partition));
    partition.covered_through = change.covered_through;
    append(partition.segments, change.segments);
    append(partition.gaps, change.gaps);
    append(partition.aborted, change.aborted);
    if (change.last_batch.offset >= 0) partition.last_batch = change.last_batch;
    partition.open = change.open;
  }
  if (!commit.source_cluster_id.empty()) state.source_cluster_id = commit.source_cluster_id;
  if (!commit.groups_key.empty()) state.groups_key = commit.groups_key;
  if (!commit.cluster_key.empty()) state.cluster_key = commit.cluster_key;
  if (commit.restore_point) {
    state.restore_points.push_back(
        {commit.seq, commit.at, *commit.restore_point, state.groups_key, state.cluster_key});
  }
  if (commit.fencing == Fencing::kWeak) state.fencing = Fencing::kWeak;
  state.through_commit = commit.seq;
  state.chain_sha256 = commit_sha256;
  return {};
}

SegmentRef segment_ref(std::string key, uint64_t stored_bytes, const SegmentFooter& footer) {
  return {.key = std::move(key),
          .position = 0,
          .stored_bytes = stored_bytes,
          .raw_bytes = footer.raw_bytes,
          .first_offset = footer.first_offset,
          .last_offset = footer.last_offset,
          .covered_start = footer.covered_start,
          .covered_end = footer.covered_end,
          .min_timestamp = footer.min_timestamp,
          .max_timestamp = footer.max_timestamp,
          .record_count = footer.record_count,
          .batch_count = footer.batch_count,
          .control_batch_count = footer.control_batch_count,
          .sha256 = footer.sha256,
          .raw_xxh128 = footer.raw_xxh128};
}

std::string_view fencing_name(Fencing fencing) {
  return fencing == Fencing::kWeak ? "weak" : "strong";
}

std::optional<Fencing> fencing_of(std::string_view name) {
  for (const Fencing fencing : {Fencing::kStrong, Fencing::kWeak}) {
    if (name == fencing_name(fencing)) return fencing;
  }
  return std::nullopt;
}

std::string_view gap_reason_name(GapReason reason) {
  return kGapReasons[static_cast<size_t>(reason)];
}

std::optional<GapReason> gap_reason(std::string_view name) {
  const auto* const found = std::ranges::find(kGapReasons, name);
  if (found == kGapReasons.end()) return std::nullopt;
  return static_cast<GapReason>(found - kGapReasons.begin());
}

}  // namespace odradek::backup
