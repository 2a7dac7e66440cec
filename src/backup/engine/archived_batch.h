#pragma once

#include "backup/format/segment_format.h"
#include "base/slice.h"
#include "wire/codec.h"
#include "wire/record_batch.h"

namespace odradek::backup {

// Store batches as they are, or those whose codec is not zstd uncompressed inside the archive's
// own, larger zstd frames (the codec is remembered and applied again on restore).
enum class Transcode : uint8_t { kNever, kAuto };

// A batch as it goes into a segment, and what the index keeps of it.
struct ArchivedBatch {
  Slice bytes;
  BatchEntry facts;
};

// Turns fetched batches into archived ones. Reuses its codec contexts; one thread at a time.
class BatchArchiver {
 public:
  explicit BatchArchiver(Transcode transcode) : transcode_(transcode) {}

  // `batch` is a view into `memory`. Verifies the CRC and walks every record, so what is archived
  // is known to decode, and its smallest timestamp is exact. Errors: kChecksum, kMalformed,
  // kUnsupported.
  Result<ArchivedBatch> archive(const Slice& memory, const wire::BatchView& batch);

 private:
  Transcode transcode_;
  wire::Decompressor decompressor_;
  Buffer scratch_;
};

}  // namespace odradek::backup
