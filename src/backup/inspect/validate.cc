#include "backup/inspect/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "backup/format/segment_reader.h"
#include "backup/inspect/chain_check.h"
#include "backup/inspect/segment_check.h"

namespace odradek::backup {
namespace {

// One segment to look at; without a reference only by itself.
struct SegmentTask {
  std::string key;
  const TopicState* topic = nullptr;
  const PartitionState* partition = nullptr;
  const SegmentRef* ref = nullptr;
  bool is_deep = false;
};

Result<std::vector<std::string>> check_segment(store::ObjectStore& store, const SegmentTask& task) {
  std::vector<std::string> faults;
  const Result<std::unique_ptr<SegmentReader>> reader = SegmentReader::open(store, task.key);
  if (!reader) {
    if (!is_damage(reader.error())) return reader.error();
    faults.push_back(reader.error().to_string());
    if (task.ref != nullptr) {
      faults.back() +=
          fmt::format(": {}-{} lacks offsets {}..{}", task.topic->facts.name, task.partition->id,
                      task.ref->covered_start, task.ref->covered_end);
    }
    return faults;
  }
  if (task.ref != nullptr) {
    const SegmentHeader& header = (*reader)->header();
    const SegmentRef actual = segment_ref(task.key, (*reader)->object_bytes(), (*reader)->footer());
    const TopicFacts& facts = task.topic->facts;
    if (actual != *task.ref || header.topic != facts.name ||
        header.partition != task.partition->id || header.incarnation != facts.incarnation) {
      faults.push_back(fmt::format(
          "object {} is not the segment that {}-{} needs for offsets {}..{}", task.key, facts.name,
          task.partition->id, task.ref->covered_start, task.ref->covered_end));
    }
  }
  if (!task.is_deep) return faults;
  ODK_TRY(std::vector<std::string> inside, find_faults(**reader));
  faults.insert(faults.end(), inside.begin(), inside.end());
  return faults;
}

class Validation {
 public:
  Validation(store::ObjectStore& store, const ArchiveKeys& keys, ValidateOptions options)
      : store_(&store), keys_(keys), options_(options), random_(options.sample_seed) {}

  Result<ValidationReport> run() {
    ODK_TRY(objects_, store_->list(keys_.backup_id() + "/"));
    if (objects_.empty()) return no_backup(*store_, keys_);
    const Result<ArchiveState> state = read_archive(*store_, keys_);
    if (!state) {
      if (!is_damage(state.error())) return state.error();
      report_.findings.push_back(state.error().to_string());
    } else if (state->through_commit == 0) {
      return no_backup(*store_, keys_);
    }
    ODK_TRY(const std::vector<std::string> chain,
            check_chain(*store_, keys_, state ? &*state : nullptr, objects_));
    add(chain);
    if (state) {
      plan(*state);
      ODK_TRY_VOID(check_snapshots(*state));
    } else {
      plan_all_segments();
      ODK_TRY_VOID(check_all_snapshots());
    }
    ODK_TRY_VOID(check_segments());
    if (state) count_orphans();
    return std::move(report_);
  }

 private:
  // The same fault may show in more than one way of looking.
  void add(const std::vector<std::string>& findings) {
    for (const std::string& finding : findings) {
      if (std::ranges::find(report_.findings, finding) == report_.findings.end()) {
        report_.findings.push_back(finding);
      }
    }
  }

  bool is_read_in_full() {
    if (options_.depth == ValidateDepth::kShallow) return false;
    return std::uniform_real_distribution<double>(0, 1)(random_) < options_.sample;
  }

  void plan(const ArchiveState& state) {
    for (const auto& [key, topic] : state.topics) {
      for (const auto& [id, partition] : topic.partitions) {
        for (const SegmentRef& segment : partition.segments) {
          named_.insert(segment.key);
          tasks_.push_back({segment.key, &topic, &partition, &segment, is_read_in_full()});
          report_.records += segment.record_count;
          report_.raw_bytes += segment.raw_bytes;
          report_.stored_bytes += segment.stored_bytes;
        }
      }
    }
    // A sample of none proves nothing.
    const bool none = std::ranges::none_of(tasks_, &SegmentTask::is_deep);
    if (none && options_.depth == ValidateDepth::kDeep && !tasks_.empty()) {
      tasks_[random_() % tasks_.size()].is_deep = true;
    }
  }

  void plan_all_segments() {
    for (const store::ObjectInfo& object : objects_) {
      if (object.key.starts_with(keys_.topics_prefix())) {
        tasks_.push_back({.key = object.key, .is_deep = is_read_in_full()});
        report_.stored_bytes += object.size_bytes;
      }
    }
  }

  Result<void> check_segments() {
    std::vector<std::optional<Result<std::vector<std::string>>>> results(tasks_.size());
    std::atomic<size_t> next = 0;
    const auto work = [&] {
      for (size_t i = next++; i < tasks_.size(); i = next++) {
        results[i] = check_segment(*store_, tasks_[i]);
      }
    };
    {
      std::vector<std::jthread> threads;
      for (size_t i = 1; i < std::min(options_.threads, tasks_.size()); ++i) {
        threads.emplace_back(work);
      }
      work();
    }
    for (size_t i = 0; i < tasks_.size(); ++i) {
      if (!*results[i]) return results[i]->error();
      add(**results[i]);
      ++report_.segments;
      if (tasks_[i].is_deep) ++report_.segments_read;
    }
    return {};
  }

  template <class T>
  Result<void> check_snapshot(const std::string& key,
                              Result<T> (*read)(store::ObjectStore&, const std::string&)) {
    if (key.empty() || !named_.insert(key).second) return {};
    const Result<T> snapshot = read(*store_, key);
    if (snapshot) return {};
    if (!is_damage(snapshot.error())) return snapshot.error();
    const std::string text = snapshot.error().to_string();
    add({text.find(key) == std::string::npos ? fmt::format("object {}: {}", key, text) : text});
    return {};
  }

  Result<void> check_snapshots(const ArchiveState& state) {
    ODK_TRY_VOID(check_snapshot(state.groups_key, read_groups));
    ODK_TRY_VOID(check_snapshot(state.cluster_key, read_cluster));
    for (const RestorePoint& point : state.restore_points) {
      ODK_TRY_VOID(check_snapshot(point.groups_key, read_groups));
      ODK_TRY_VOID(check_snapshot(point.cluster_key, read_cluster));
    }
    return {};
  }

  Result<void> check_all_snapshots() {
    for (const store::ObjectInfo& object : objects_) {
      if (object.key.starts_with(keys_.groups_prefix())) {
        ODK_TRY_VOID(check_snapshot(object.key, read_groups));
      } else if (object.key.starts_with(keys_.cluster_prefix())) {
        ODK_TRY_VOID(check_snapshot(object.key, read_cluster));
      }
    }
    return {};
  }

  void count_orphans() {
    for (const store::ObjectInfo& object : objects_) {
      const bool is_data = object.key.starts_with(keys_.topics_prefix()) ||
                           object.key.starts_with(keys_.groups_prefix()) ||
                           object.key.starts_with(keys_.cluster_prefix());
      if (is_data && !named_.contains(object.key)) ++report_.orphans;
    }
  }

  store::ObjectStore* store_;
  const ArchiveKeys& keys_;
  ValidateOptions options_;
  std::mt19937_64 random_;
  std::vector<store::ObjectInfo> objects_;
  std::vector<SegmentTask> tasks_;
  std::set<std::string> named_;
  ValidationReport report_;
};

}  // namespace

Result<ValidationReport> validate(store::ObjectStore& store, const ArchiveKeys& keys,
                                  ValidateOptions options) {
  return Validation(store, keys, options).run();
}

Result<ValidationReport> validate(store::ObjectStore& store, const ArchiveKeys& keys,
                                  ValidateDepth depth) {
  return validate(store, keys, ValidateOptions{.depth = depth});
}

}  // namespace odradek::backup
