#include "wire/writer.h"

namespace odradek::wire {

void Writer::records(const Records& records, bool flexible, bool nullable) {
  length(records.size(), nullable && records.is_null(), flexible);
  if (records.slices.empty()) {
    buffer_.append(records.bytes);
    return;
  }
  for (const Slice& slice : records.slices) append(slice);
}

void Writer::append(const Slice& slice) {
  // Below this a copy costs less than one more piece in the gathered write.
  constexpr size_t kCopyBelowBytes = 256;
  if (slice.size() < kCopyBelowBytes) {
    buffer_.append(slice.bytes());
    return;
  }
  external_bytes_ += slice.size();
  external_.push_back({buffer_.size(), slice});
}

void Writer::end_sized(size_t begin) {
  ODK_ASSERT(begin >= 1 && begin <= buffer_.size());
  const size_t buffered = buffer_.size() - begin;
  size_t content = buffered;
  for (const External& piece : external_) {
    if (piece.at >= begin) content += piece.slice.size();
  }
  // One byte was reserved; a size that needs more moves what was written, which is short.
  const size_t more = uvarint_size(content) - 1;
  if (more > 0) {
    buffer_.extend(more);
    std::memmove(buffer_.data() + begin + more, buffer_.data() + begin, buffered);
    for (External& piece : external_) {
      if (piece.at >= begin) piece.at += more;
    }
  }
  uint8_t* at = buffer_.data() + begin - 1;
  for (; content >= 0x80; content >>= 7U) *at++ = static_cast<uint8_t>(content | 0x80U);
  *at = static_cast<uint8_t>(content);
}

void Writer::patch_i32(size_t at, int32_t value) {
  ODK_ASSERT(at + sizeof value <= buffer_.size());
  const uint32_t raw = std::byteswap(static_cast<uint32_t>(value));
  std::memcpy(buffer_.data() + at, &raw, sizeof raw);
}

SliceChain Writer::take() {
  const Slice written = buffer_.freeze();
  SliceChain chain;
  chain.reserve(2 * external_.size() + 1);
  size_t done = 0;
  for (External& piece : external_) {
    chain.append(written.subslice(done, piece.at - done));
    chain.append(std::move(piece.slice));
    done = piece.at;
  }
  chain.append(written.subslice(done, written.size() - done));
  external_.clear();
  external_bytes_ = 0;
  return chain;
}

Result<SliceChain> Writer::finish() {
  if (!status_) return status_.error();
  return take();
}

}  // namespace odradek::wire
