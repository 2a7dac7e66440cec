#pragma once

#include <openssl/evp.h>

#include <memory>

#include "backup/format/segment_format.h"
#include "backup/format/xxh3.h"
#include "backup/format/zstd_frame.h"
#include "store/object_store.h"

namespace odradek::backup {

struct SegmentWriterOptions {
  size_t frame_bytes = 8 * 1024 * 1024;  // raw bytes after which a data frame is closed
  int zstd_level = 3;                    // 0: raw blocks
};

// What a finished segment is: its object and its footer.
struct FinishedSegment {
  store::ObjectInfo object;
  SegmentFooter footer;
};

// Writes one segment to an object, frame by frame: at most one frame is held in memory. Nothing is
// visible before finish(); destroying an unfinished writer leaves nothing. One thread at a time.
class SegmentWriter {
 public:
  static Result<std::unique_ptr<SegmentWriter>> begin(std::unique_ptr<store::ObjectWriter> object,
                                                      const SegmentHeader& header,
                                                      SegmentWriterOptions options);
  ~SegmentWriter();
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  // Appends one whole record batch. `facts` says of it what the index keeps; frame and position are
  // filled in here. Batches come in offset order.
  Result<void> add(Bytes batch, BatchEntry facts);

  // Writes index and footer and publishes the object. The covered range may begin before the first
  // batch and end after the last. Errors: kAlreadyExists, kIo.
  Result<FinishedSegment> finish(int64_t covered_start, int64_t covered_end);

  uint64_t raw_bytes() const { return footer_.raw_bytes; }
  uint64_t stored_bytes() const { return position_; }

 private:
  SegmentWriter(std::unique_ptr<store::ObjectWriter> object, const SegmentHeader& header,
                SegmentWriterOptions options);

  Result<void> write(Bytes bytes);
  Result<void> close_frame();
  void account(const BatchEntry& entry, size_t bytes);

  struct DigestFree {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  struct XxhFree {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };

  std::unique_ptr<store::ObjectWriter> object_;
  SegmentHeader header_;
  SegmentWriterOptions options_;
  std::unique_ptr<EVP_MD_CTX, DigestFree> sha256_;
  std::unique_ptr<XXH3_state_t, XxhFree> raw_hash_;
  ZstdFrameWriter frame_;
  SegmentIndex index_;
  SegmentFooter footer_;
  uint64_t position_ = 0;
};

}  // namespace odradek::backup
