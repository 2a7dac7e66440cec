#include "backup/inspect/gc.h"

#include <fmt/format.h>

#include <set>

#include "backup/archive/lease.h"
#include "backup/archive/manifest_parts.h"
#include "backup/format/segment_reader.h"
#include "backup/inspect/segment_check.h"

namespace odradek::backup {
namespace {

std::set<std::string> keys_named_by(const ArchiveState& state) {
  std::set<std::string> named = {state.groups_key, state.cluster_key};
  for (const RestorePoint& point : state.restore_points) {
    named.insert(point.groups_key);
    named.insert(point.cluster_key);
  }
  for (const auto& [key, topic] : state.topics) {
    for (const auto& [id, partition] : topic.partitions) {
      for (const SegmentRef& segment : partition.segments) named.insert(segment.key);
    }
  }
  return named;
}

// Could a commit still name it? A commit with this number exists already, so never.
bool is_of_a_past_commit(const std::string& key, size_t prefix_bytes, uint64_t through) {
  return std::strtoull(key.c_str() + prefix_bytes, nullptr, 10) <= through;
}

class Collector {
 public:
  Collector(store::ObjectStore& store, const ArchiveKeys& keys, const Clock& clock,
            GcOptions options)
      : store_(store), keys_(keys), clock_(clock), options_(options) {}

  Result<GcReport> run(const ArchiveState& state) {
    named_ = keys_named_by(state);
    ODK_TRY(const Slice manifest, manifest_text());
    for (std::string& key : part_keys(manifest.text())) named_.insert(std::move(key));
    ODK_TRY_VOID(collect_segments());
    ODK_TRY_VOID(collect_snapshots(keys_.groups_prefix(), state.through_commit));
    ODK_TRY_VOID(collect_snapshots(keys_.cluster_prefix(), state.through_commit));
    ODK_TRY_VOID(collect_snapshots(keys_.manifest_parts_prefix(), UINT64_MAX));
    if (!options_.dry_run) {
      for (const std::string& key : report_.keys) ODK_TRY_VOID(store_.remove(key));
    }
    return std::move(report_);
  }

 private:
  Result<Slice> manifest_text() {
    Result<Slice> text = store_.get(keys_.manifest());
    if (!text && text.error().code() == Errc::kNotFound) return Slice();
    return text;
  }

  void take(const store::ObjectInfo& object) {
    report_.keys.push_back(object.key);
    report_.bytes += object.size_bytes;
  }

  Result<void> collect_segments() {
    ODK_TRY(const std::vector<store::ObjectInfo> objects, store_.list(keys_.topics_prefix()));
    const auto age_min = std::chrono::duration_cast<std::chrono::milliseconds>(options_.age_min);
    for (const store::ObjectInfo& object : objects) {
      if (named_.contains(object.key)) continue;
      const auto reader = SegmentReader::open(store_, object.key);
      if (!reader && !is_damage(reader.error())) return reader.error();
      const bool is_young =
          reader && (*reader)->header().created_ms > clock_.wall_ms() - age_min.count();
      if (is_young) {
        ++report_.kept_young;
      } else {
        take(object);
      }
    }
    return {};
  }

  Result<void> collect_snapshots(const std::string& prefix, uint64_t through) {
    ODK_TRY(const std::vector<store::ObjectInfo> objects, store_.list(prefix));
    for (const store::ObjectInfo& object : objects) {
      if (named_.contains(object.key)) continue;
      if (through == UINT64_MAX || is_of_a_past_commit(object.key, prefix.size(), through)) {
        take(object);
      }
    }
    return {};
  }

  store::ObjectStore& store_;
  const ArchiveKeys& keys_;
  const Clock& clock_;
  GcOptions options_;
  std::set<std::string> named_;
  GcReport report_;
};

}  // namespace

Result<GcReport> collect_garbage(store::ObjectStore& store, const ArchiveKeys& keys,
                                 const Clock& clock, GcOptions options) {
  ODK_TRY(const std::vector<store::ObjectInfo> objects, store.list(keys.backup_id() + "/"));
  if (objects.empty()) return no_backup(store, keys);
  ODK_TRY(const std::unique_ptr<Lease> lease,
          Lease::acquire(store, keys, clock, "kafka-backup gc"));
  const Result<ArchiveState> state = read_archive(store, keys);
  Result<GcReport> report = no_backup(store, keys);
  if (!state) {
    report = state.error();
  } else if (state->through_commit != 0) {
    report = Collector(store, keys, clock, options).run(*state);
  }
  const Result<void> released = lease->release();
  if (report && !released) return released.error();
  return report;
}

}  // namespace odradek::backup
