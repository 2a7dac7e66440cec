#pragma once

#include <memory>
#include <vector>

#include "backup/restore/offset_map.h"
#include "backup/restore/unit_loader.h"

namespace odradek::backup {

struct VerifyOptions {
  double percent = 100;  // of the segments' frames; the first and the last one are always read
  bool allows_gone = false;  // compaction and retention may have run since
  bool allows_more = false;  // others may have written since
};

struct VerifyCounters {
  uint64_t records = 0;  // read back and equal
  uint64_t gone = 0;  // no longer in the target
  uint64_t more = 0;  // offsets behind what was restored

  void add(const VerifyCounters& other);
};

// Compares what a unit restored with the archive, record by record: prepares the same batches
// again and reads the places the offset map names. One loop.
class UnitVerifier {
 public:
  UnitVerifier(const LoadContext& context, const LoadUnit& unit, const VerifyOptions& options);

  // Errors: kChecksum naming partition and offset when something differs; the store's and the
  // archive's, what the cluster answers.
  io::Task<Result<VerifyCounters>> run();

 private:
  struct TargetEnds {
    int64_t start = 0;
    int64_t end = 0;
    int64_t restored_end = 0;  // behind the last restored record
  };
  // A target partition being read, as far as the frames that were chosen follow each other.
  using Readers = std::map<int32_t, std::unique_ptr<ReadBack>>;

  io::Task<Result<void>> read_ends();
  io::Task<Result<void>> verify_source(const SourcePart& source);
  io::Task<Result<void>> verify_segment(const SourcePart& source, const SegmentRef& segment,
                                        OffsetMap& map);
  io::Task<Result<void>> verify_batch(PreparedBatch batch, OffsetMap& map);
  io::Task<Result<void>> finish_readers(bool is_whole);
  bool is_chosen(const SourcePart& source, const SegmentRef& segment, size_t frame,
                 size_t frames) const;
  bool is_full() const { return options_.percent >= 100; }

  LoadContext context_;
  LoadUnit unit_;
  VerifyOptions options_;
  SegmentPreparer preparer_;
  std::map<int32_t, TargetEnds> ends_;
  Readers readers_;
  VerifyCounters counters_;
};

}  // namespace odradek::backup
