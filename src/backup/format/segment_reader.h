#pragma once

#include <memory>
#include <string>

#include "backup/format/segment_format.h"
#include "backup/format/zstd_frame.h"
#include "store/object_store.h"

namespace odradek::backup {

// Reads one segment: footer and index when opened, data frames as asked. Trusts nothing: every
// length is checked against the object, every frame against its checksum. One thread.
class SegmentReader {
 public:
  // Errors: kNotFound, kMalformed, kChecksum, kUnsupported, kIo; each names the object.
  static Result<std::unique_ptr<SegmentReader>> open(store::ObjectStore& store, std::string key);

  const SegmentHeader& header() const { return header_; }
  const SegmentFooter& footer() const { return footer_; }
  const SegmentIndex& index() const { return index_; }
  const std::string& key() const { return key_; }
  uint64_t object_bytes() const { return object_bytes_; }

  // One data frame, decompressed.
  Result<Slice> read_frame(size_t frame);
  // One batch out of its frame's content; shares the frame's memory. The batch's own length field
  // must end where the next batch of the frame begins.
  Result<Slice> batch(const Slice& frame_content, size_t batch) const;

  // Everything that can be checked: SHA-256 of the object, each frame, each batch's CRC and
  // header against the index, the raw hash, the counts. The first fault is the error.
  Result<void> verify();
  // The SHA-256 of the object alone.
  Result<void> check_sha256();

 private:
  SegmentReader(store::ObjectStore& store, std::string key)
      : store_(&store), key_(std::move(key)) {}

  Result<void> load();
  Result<void> check_layout() const;
  Result<void> check_frames(uint64_t header_bytes) const;
  Result<void> check_batches() const;
  Result<void> verify_sha256();
  Result<void> verify_batch(Bytes bytes, size_t number) const;
  Error named(const Error& error) const;

  store::ObjectStore* store_;
  std::string key_;
  uint64_t object_bytes_ = 0;
  uint64_t header_bytes_ = 0;
  SegmentHeader header_;
  SegmentFooter footer_;
  SegmentIndex index_;
  ZstdFrameReader zstd_;
};

}  // namespace odradek::backup
