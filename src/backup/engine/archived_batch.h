#pragma once

#include "backup/format/segment_format.h"
#include "base/slice.h"
#include "wire/codec.h"
#include "wire/record_batch.h"

namespace odradek::backup {

// Which batches are stored with another codec than they came with; it is remembered, and applied
// again on restore.
enum class Transcode : uint8_t {
  kNever,  // the archive is byte for byte what the broker sent
  kAuto,   // those that get smaller by it: see stored_codec()
  kAll,
};

// How batches are compressed inside the archive.
struct BatchCoding {
  Transcode transcode = Transcode::kAuto;
  // kNone: by the frames around them, or not at all.
  wire::Codec codec = wire::Codec::kNone;
  // Frames are compressed, so batches are better not (their own zstd does as well).
  bool frames_are_compressed = true;
};

// The codec a batch is stored with.
wire::Codec stored_codec(const BatchCoding& coding, wire::Codec original);

// A batch as it goes into a segment, and what the index keeps of it.
struct ArchivedBatch {
  Slice bytes;
  BatchEntry facts;
};

// Turns fetched batches into archived ones. Reuses its codec contexts; one thread at a time.
class BatchArchiver {
 public:
  explicit BatchArchiver(BatchCoding coding) : coding_(coding) {}
  explicit BatchArchiver(Transcode transcode) : coding_{.transcode = transcode} {}

  // `batch` is a view into `memory`. Verifies the CRC and walks every record, so what is archived
  // is known to decode, and its smallest timestamp is exact. Errors: kChecksum, kMalformed,
  // kUnsupported.
  Result<ArchivedBatch> archive(const Slice& memory, const wire::BatchView& batch);

 private:
  BatchCoding coding_;
  wire::Decompressor decompressor_;
  wire::Compressor compressor_;
  Buffer scratch_;
};

}  // namespace odradek::backup
