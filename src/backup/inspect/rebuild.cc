#include "backup/inspect/rebuild.h"

#include <fmt/format.h>

#include <algorithm>

#include "backup/archive/archive_json.h"
#include "backup/archive/lease.h"
#include "backup/archive/manifest_parts.h"
#include "backup/archive/seal.h"
#include "backup/format/segment_reader.h"
#include "backup/inspect/segment_check.h"

namespace odradek::backup {
namespace {

struct FoundSegment {
  SegmentRef ref;
  SegmentHeader header;
  LastBatch last_batch;
};

using PartitionKey = std::pair<TopicKey, int32_t>;

// Of segments that begin at one offset the one that goes furthest; of equal ones the newest.
bool comes_before(const FoundSegment& a, const FoundSegment& b) {
  return std::tuple(a.ref.covered_start, -a.ref.covered_end, b.header.writer_epoch) <
         std::tuple(b.ref.covered_start, -b.ref.covered_end, a.header.writer_epoch);
}

class Rebuild {
 public:
  Rebuild(store::ObjectStore& store, const ArchiveKeys& keys, const Clock& clock)
      : store_(store), keys_(keys), clock_(clock) {}

  Result<void> read() {
    ODK_TRY(const std::vector<store::ObjectInfo> objects, store_.list(keys_.topics_prefix()));
    for (const store::ObjectInfo& object : objects) ODK_TRY_VOID(read_segment(object.key));
    if (found_.empty()) {
      return Error(Errc::kNotFound, fmt::format("{} has no readable segment of backup {}",
                                                store_.describe(), keys_.backup_id()));
    }
    for (auto& [key, segments] : found_) add_partition(key, segments);
    ODK_TRY_VOID(add_snapshots());
    return add_commits();
  }

  ArchiveState& state() { return state_; }
  RebuildReport& report() { return report_; }

  Result<void> write() {
    Result<std::unique_ptr<Lease>> lease =
        Lease::acquire(store_, keys_, clock_, "kafka-backup rebuild-manifest");
    // A damaged lease cannot be taken by its rules; nobody else can take it either.
    if (!lease && is_damage(lease.error())) {
      ODK_TRY_VOID(store_.remove(keys_.lease()));
      lease = Lease::acquire(store_, keys_, clock_, "kafka-backup rebuild-manifest");
    }
    if (!lease) return lease.error();
    if (const Result<Slice> old = store_.get(keys_.manifest())) {
      ODK_TRY_VOID(store_.put(
          fmt::format("{}/state/manifest-before-{}.json", keys_.backup_id(), clock_.wall_ms()),
          old->bytes()));
    } else if (old.error().code() != Errc::kNotFound) {
      return old.error();
    }
    ODK_TRY(SplitManifest split,
            split_manifest(to_json(state_, ""), keys_, CommitLog::kManifestBytesMax));
    for (const ManifestPart& part : split.parts) {
      ODK_TRY_VOID(store_.put(part.key, part.content.bytes()));
    }
    ODK_TRY_VOID(store_.put(keys_.manifest(), as_bytes(seal(std::move(split.text)))));
    report_.is_written = true;
    return (*lease)->release();
  }

 private:
  Result<void> read_segment(const std::string& key) {
    const Result<std::unique_ptr<SegmentReader>> opened = SegmentReader::open(store_, key);
    Result<void> whole = opened ? (*opened)->check_sha256() : Result<void>(opened.error());
    if (!whole) {
      if (!is_damage(whole.error())) return whole;
      report_.unreadable.push_back(whole.error().to_string());
      return {};
    }
    SegmentReader& reader = **opened;
    FoundSegment found{
        segment_ref(key, reader.object_bytes(), reader.footer()), reader.header(), {}};
    if (!reader.index().batches.empty()) {
      const BatchEntry& last = reader.index().batches.back();
      found.last_batch = {last.last_offset, last.leader_epoch};
    }
    const TopicKey topic{found.header.topic, found.header.incarnation};
    found_[{topic, found.header.partition}].push_back(std::move(found));
    return {};
  }

  void add_partition(const PartitionKey& key, std::vector<FoundSegment>& segments) {
    std::ranges::sort(segments, comes_before);
    TopicState& topic = state_.topics[key.first];
    topic.facts.name = key.first.first;
    topic.facts.incarnation = key.first.second;
    topic.facts.topic_id = segments.front().header.topic_id;
    topic.facts.partition_count = std::max(topic.facts.partition_count, key.second + 1);
    state_.backup_set = segments.front().header.backup_set;
    PartitionState& partition = topic.partitions[key.second];
    partition.id = key.second;
    int64_t next = 0;
    for (const FoundSegment& segment : segments) {
      if (segment.ref.covered_start < next) continue;  // an orphan of a run that was killed
      if (segment.ref.covered_start > next) add_gap(key, partition, next, segment);
      partition.segments.push_back(segment.ref);
      if (segment.last_batch.offset >= 0) partition.last_batch = segment.last_batch;
      next = segment.ref.covered_end + 1;
      ++report_.segments;
      report_.records += segment.ref.record_count;
    }
    partition.covered_through = next - 1;
    ++report_.partitions;
  }

  void add_gap(const PartitionKey& key, PartitionState& partition, int64_t from,
               const FoundSegment& segment) {
    const int64_t through = segment.ref.covered_start - 1;
    partition.gaps.push_back({from, through, GapReason::kUnknown, segment.header.created_ms});
    report_.gaps.push_back(
        fmt::format("{}-{} offsets {}..{}", key.first.first, key.second, from, through));
  }

  // The newest that can be read: keys are in order of their commits.
  Result<void> add_snapshots() {
    ODK_TRY(std::vector<store::ObjectInfo> clusters, store_.list(keys_.cluster_prefix()));
    for (const store::ObjectInfo& object : clusters) {
      const Result<ClusterSnapshot> cluster = read_cluster(store_, object.key);
      if (!cluster) continue;
      state_.cluster_key = object.key;
      state_.source_cluster_id = cluster->cluster_id;
      for (const TopicSnapshot& topic : cluster->topics) take_facts(topic.facts);
    }
    ODK_TRY(std::vector<store::ObjectInfo> groups, store_.list(keys_.groups_prefix()));
    for (const store::ObjectInfo& object : groups) {
      if (read_groups(store_, object.key)) state_.groups_key = object.key;
    }
    report_.topics = state_.topics.size();
    return {};
  }

  void take_facts(const TopicFacts& facts) {
    const auto topic = state_.topics.find({facts.name, facts.incarnation});
    if (topic != state_.topics.end()) topic->second.facts = facts;
  }

  // The next commit follows the last one there is, whatever its content.
  Result<void> add_commits() {
    ODK_TRY(const std::vector<store::ObjectInfo> commits, store_.list(keys_.commits_prefix()));
    state_.backup_id = keys_.backup_id();
    state_.created_at = clock_.wall_ms();
    state_.through_commit = 1;
    for (const store::ObjectInfo& object : commits) {
      ODK_TRY(const Slice text, store_.get(object.key));
      state_.through_commit =
          std::strtoull(object.key.c_str() + keys_.commits_prefix().size(), nullptr, 10);
      state_.chain_sha256 = sha256_of(text.bytes());
      const Result<std::string> content = unseal(text.text());
      const Result<Commit> commit =
          content ? parse_commit(*content) : Result<Commit>(content.error());
      if (commit && !commit->isolation_level.empty()) {
        state_.isolation_level = commit->isolation_level;
      }
    }
    state_.rebuilt_through = state_.through_commit;
    state_.restore_points.push_back({state_.through_commit, clock_.wall_ms(), "rebuilt",
                                     state_.groups_key, state_.cluster_key});
    return {};
  }

  store::ObjectStore& store_;
  const ArchiveKeys& keys_;
  const Clock& clock_;
  std::map<PartitionKey, std::vector<FoundSegment>> found_;
  ArchiveState state_;
  RebuildReport report_;
};

}  // namespace

Result<RebuildReport> rebuild_manifest(store::ObjectStore& store, const ArchiveKeys& keys,
                                       const Clock& clock, bool dry_run) {
  Rebuild rebuild(store, keys, clock);
  ODK_TRY_VOID(rebuild.read());
  if (!dry_run) ODK_TRY_VOID(rebuild.write());
  return std::move(rebuild.report());
}

}  // namespace odradek::backup
