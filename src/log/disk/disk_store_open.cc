// Opening a partition's directory, whatever a crash left there.
// Source: LogLoader of Kafka 4.

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "log/disk/disk_store.h"
#include "log/disk/segment_files.h"

namespace odradek::log {

Result<std::unique_ptr<DiskStore>> DiskStore::open(FileCache& cache, DiskOptions options,
                                                   const DiskState& state, int64_t now_ms,
                                                   DiskRecovery& recovery) {
  ODK_TRY_VOID(cache.files().make_directory(options.directory));
  std::unique_ptr<DiskStore> store(new DiskStore(cache, std::move(options)));
  if (state.clean) store->name_changes_safe_ = store->name_changes_;
  ODK_TRY(const std::vector<int64_t> bases, store->find_segments());
  ODK_TRY_VOID(store->load_segments(bases, state, recovery));
  if (!store->segments_.empty() && store->end_offset() < state.start_offset) {
    // The log was deleted up to an offset that the machine's crash took from the files.
    ODK_LOG(warn, "a log ends before its start, it begins anew",
            kv("directory", store->options_.directory), kv("end", store->end_offset()),
            kv("start", state.start_offset));
    for (SegmentPointer& segment : store->segments_) ODK_TRY_VOID(segment->remove_files());
    store->segments_.clear();
    store->size_bytes_ = 0;
  }
  if (store->segments_.empty()) {
    ODK_TRY_VOID(store->add_segment(state.start_offset, now_ms));
  }
  store->flushed_offset_ =
      std::min(state.clean ? store->end_offset() : state.recovery_point, store->end_offset());
  return store;
}

// Base offsets of the segments, sorted; what an interrupted deletion or compaction left is gone.
Result<std::vector<int64_t>> DiskStore::find_segments() {
  ODK_TRY(std::vector<std::string> names, cache_.files().list(options_.directory));
  const auto path = [&](const std::string& name) { return options_.directory + "/" + name; };
  for (std::string& name : names) {
    if (name.ends_with(kDeletedSuffix) || name.ends_with(kCleanedSuffix) ||
        name.ends_with(".tmp")) {
      ODK_TRY_VOID(cache_.files().remove(path(name)));
      name.clear();
    }
  }
  ODK_TRY_VOID(finish_swaps(names));
  std::vector<int64_t> bases;
  for (const std::string& name : names) {
    if (const auto base = offset_in_name(name, kLogSuffix)) bases.push_back(*base);
  }
  std::ranges::sort(bases);
  for (const std::string& name : names) {
    for (const std::string_view suffix : {kIndexSuffix, kTimeIndexSuffix}) {
      const auto base = offset_in_name(name, suffix);
      if (base && !std::ranges::binary_search(bases, *base)) {
        ODK_TRY_VOID(cache_.files().remove(path(name)));
      }
    }
  }
  return bases;
}

// A compacted segment that is whole takes the place of those it was made from.
Result<void> DiskStore::finish_swaps(std::vector<std::string>& names) {
  const std::string log_swap = fmt::format("{}{}", kLogSuffix, kSwapSuffix);
  bool any = false;
  for (const std::string& swap : names) {
    const std::optional<int64_t> base = offset_in_name(swap, log_swap);
    if (!base) continue;
    any = true;
    log::Segment segment(cache_, options_.directory, *base, kSwapSuffix);
    ODK_TRY(const auto fault, segment.verify(options_.index));
    if (fault) {
      return Error(Errc::kMalformed, fmt::format("{}/{}: {} at byte {}", options_.directory, swap,
                                                 fault->reason, fault->position));
    }
    for (const std::string& name : names) {
      const auto old = offset_in_name(name, kLogSuffix);
      if (!old || *old < *base || *old >= std::max(segment.next_offset(), *base + 1)) continue;
      log::Segment replaced(cache_, options_.directory, *old, "");
      ODK_TRY_VOID(replaced.remove_files());
    }
    ODK_TRY_VOID(segment.write_indexes());
    ODK_TRY_VOID(segment.rename_files(""));
  }
  if (!any) return {};
  ODK_TRY(names, cache_.files().list(options_.directory));
  std::erase_if(names, [](const std::string& name) { return name.ends_with(kDeletedSuffix); });
  return {};
}

Result<void> DiskStore::load_segments(const std::vector<int64_t>& bases, const DiskState& state,
                                      DiskRecovery& recovery) {
  bool was_cut = false;
  for (size_t i = 0; i < bases.size(); ++i) {
    const bool is_last = i + 1 == bases.size();
    auto segment = std::make_unique<log::Segment>(cache_, options_.directory, bases[i], "");
    if (was_cut) {
      ODK_TRY_VOID(segment->remove_files());
      continue;
    }
    const std::optional<int64_t> next_base = is_last ? std::nullopt : std::optional(bases[i + 1]);
    // Indexes were synced with the first flush behind the segment's end.
    if (state.clean || (next_base && *next_base < state.recovery_point)) {
      ODK_TRY_VOID(segment->load(options_.index, next_base));
    } else {
      ODK_TRY(was_cut, recover(*segment, state, recovery));
      if (!was_cut && next_base) segment->set_next_offset(*next_base);
    }
    write_indexes(*segment);
    size_bytes_ += segment->size_bytes();
    segments_.push_back(std::move(segment));
  }
  return {};
}

bool DiskStore::write_indexes(log::Segment& segment) {
  const Result<void> written = segment.write_indexes();
  if (!written) {
    ODK_LOG(warn, "the indexes of a segment are not written, they will be made anew",
            kv("file", segment.log_file().path()), kv("reason", written.error().message()));
  }
  return written.has_value();
}

// Checks a segment the disk may not have whole; true when it was cut.
Result<bool> DiskStore::recover(log::Segment& segment, const DiskState& state,
                                DiskRecovery& recovery) {
  ODK_TRY(const std::shared_ptr<File> file, segment.log_file().share());
  ODK_TRY(const uint64_t bytes_before, file->size());
  ODK_TRY(const std::optional<log::Segment::Fault> fault, segment.verify(options_.index));
  recovery.scanned_bytes += segment.size_bytes();
  if (!fault) return false;
  const std::string where = fmt::format("{}: {} at byte {} (offset {})", segment.log_file().path(),
                                        fault->reason, fault->position, fault->offset);
  if (fault->offset < state.recovery_point) return Error(Errc::kMalformed, where);
  recovery.fault = where;
  recovery.cut_bytes += static_cast<int64_t>(bytes_before - segment.size_bytes());
  ODK_LOG(warn, "a log is cut at the first bytes that are no batch", kv("where", where),
          kv("bytes", bytes_before - segment.size_bytes()));
  ODK_TRY_VOID(segment.cut_invalid());
  return true;
}

}  // namespace odradek::log
