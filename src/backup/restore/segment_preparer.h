#pragma once

#include <array>
#include <memory>
#include <vector>

#include "backup/archive/model.h"
#include "backup/format/segment_reader.h"
#include "backup/restore/batch_preparer.h"

namespace odradek::backup {

// How many batches took each RestorePath.
using PathCounts = std::array<uint64_t, kRestorePaths>;

// The size of a batch in its decompressed frame.
size_t batch_bytes(const SegmentIndex& index, size_t batch);

// Opens a segment and makes sure it is the one the archive names. Errors: those of SegmentReader,
// kChecksum.
Result<std::unique_ptr<SegmentReader>> open_segment(store::ObjectStore& store,
                                                    const SegmentRef& segment);

// Prepares the segments of one archived partition, frame after frame. Frames nothing is wanted of
// are not read. Blocking; one thread at a time.
class SegmentPreparer {
 public:
  SegmentPreparer(store::ObjectStore& store, const PrepareOptions& options)
      : store_(&store), options_(options), preparer_(options) {}

  // Errors: those of open_segment().
  Result<void> open(const SegmentRef& segment);
  // Of the open segment.
  size_t frame_count() const { return reader_->index().frames.size(); }

  // One frame's batches; nothing of them stays open. `scope.first_offset` is the segment's to say.
  Result<std::vector<PreparedBatch>> prepare(size_t frame, BatchScope scope);

  const PathCounts& paths() const { return paths_; }

 private:
  store::ObjectStore* store_;
  PrepareOptions options_;
  BatchPreparer preparer_;
  std::unique_ptr<SegmentReader> reader_;
  PathCounts paths_{};
};

}  // namespace odradek::backup
