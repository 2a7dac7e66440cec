#include "backup/restore/segment_preparer.h"

#include <fmt/format.h>

#include <algorithm>

namespace odradek::backup {

size_t batch_bytes(const SegmentIndex& index, size_t batch) {
  const BatchEntry& entry = index.batches[batch];
  const bool is_last =
      batch + 1 == index.batches.size() || index.batches[batch + 1].frame != entry.frame;
  const uint64_t end =
      is_last ? index.frames[entry.frame].raw_bytes : index.batches[batch + 1].position;
  return end - entry.position;
}

Result<std::unique_ptr<SegmentReader>> open_segment(store::ObjectStore& store,
                                                    const SegmentRef& segment) {
  ODK_TRY(std::unique_ptr<SegmentReader> reader, SegmentReader::open(store, segment.key));
  if (reader->footer().sha256 != segment.sha256 || reader->object_bytes() != segment.stored_bytes) {
    return Error(Errc::kChecksum,
                 fmt::format("object {} is not the one the archive names", segment.key));
  }
  return reader;
}

Result<void> SegmentPreparer::open(const SegmentRef& segment) {
  ODK_TRY(reader_, open_segment(*store_, segment));
  return {};
}

Result<std::vector<PreparedBatch>> SegmentPreparer::prepare(size_t frame, BatchScope scope) {
  scope.first_offset = std::max(scope.first_offset, reader_->footer().covered_start);
  const SegmentIndex& index = reader_->index();
  const auto begin = std::ranges::lower_bound(index.batches, frame, {}, &BatchEntry::frame);
  const auto end = std::ranges::upper_bound(index.batches, frame, {}, &BatchEntry::frame);
  std::optional<Slice> content;
  for (auto entry = begin; entry != end; ++entry) {
    const auto number = static_cast<size_t>(entry - index.batches.begin());
    const RestorePath path =
        BatchPreparer::path_of(options_, scope, *entry, batch_bytes(index, number));
    ++paths_[static_cast<size_t>(path)];
    if (path == RestorePath::kNothing) continue;
    if (!content) {
      ODK_TRY(content, reader_->read_frame(frame));
    }
    ODK_TRY(const Slice bytes, reader_->batch(*content, number));
    Result<RestorePath> added = preparer_.add(bytes, *entry, scope);
    if (!added) {
      return added.error().with_context(
          fmt::format("object {}, batch at offset {}", reader_->key(), entry->base_offset));
    }
  }
  ODK_TRY_VOID(preparer_.flush());
  return preparer_.take();
}

}  // namespace odradek::backup
