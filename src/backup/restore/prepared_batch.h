#pragma once

#include <cstdint>
#include <vector>

#include "backup/format/segment_format.h"
#include "base/slice.h"
#include "wire/batch_builder.h"
#include "wire/codec.h"
#include "wire/record_batch.h"

namespace odradek::backup {

// Which records of an archived batch went where in the batch that is produced.
struct RestoredRun {
  int64_t source_first = 0;
  int32_t target_delta = 0;  // from the base offset the broker gives the produced batch
  uint32_t count = 0;
};

// A batch ready to be produced but for producer id, epoch and sequence.
struct PreparedBatch {
  Slice bytes;
  int32_t record_count = 0;
  std::vector<RestoredRun> runs;
};

enum class RestorePath : uint8_t { kNothing, kRaw, kRecompress, kRecords };

// Makes producible batches of archived ones. A broker accepts only dense, non-transactional data
// batches, so:
//   raw         nothing but the header changes
//   recompress  the archive's transcoding is undone: same records, original codec
//   records     every record is encoded anew: holes, records masked off, LogAppendTime
// Control batches restore to nothing. Keeps keys, values, headers and timestamps (LogAppendTime:
// the append time becomes the record's). One thread at a time.
class BatchPreparer {
 public:
  // Records with an offset below `covered_start` belong to the segment before.
  // Errors: kMalformed, kChecksum.
  Result<PreparedBatch> prepare(const Slice& archived, const BatchEntry& entry,
                                int64_t covered_start);

  static RestorePath path_of(const BatchEntry& entry, int64_t covered_start);

 private:
  Result<PreparedBatch> raw(const Slice& archived, const wire::BatchView& batch) const;
  Result<PreparedBatch> recompress(const wire::BatchView& batch, wire::Codec codec);
  Result<PreparedBatch> records(const wire::BatchView& batch, wire::Codec codec,
                                int64_t covered_start);

  wire::Compressor compressor_;
  wire::Decompressor decompressor_;
  Buffer scratch_;
};

}  // namespace odradek::backup
