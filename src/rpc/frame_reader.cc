#include "rpc/frame_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <string_view>

namespace odradek::rpc {
namespace {

constexpr size_t kSizeBytes = 4;
// A frame of this size or more is read into memory of its own once its beginning was seen.
constexpr size_t kLargeFrameBytes = 16 * 1024;
// Up to this size frames that arrive together share memory.
constexpr size_t kSmallFrameBytes = 4 * 1024;

uint32_t load_size(const uint8_t* at) {
  return (uint32_t{at[0]} << 24U) | (uint32_t{at[1]} << 16U) | (uint32_t{at[2]} << 8U) | at[3];
}

// Other protocols that end up on this port, known by their first bytes.
const char* other_protocol(const uint8_t* at) {
  const std::string_view begin(reinterpret_cast<const char*>(at), kSizeBytes);
  if (begin == "GET " || begin == "POST" || begin == "PUT " || begin == "HEAD" || begin == "HTTP") {
    return "this looks like HTTP, but the port speaks the Kafka protocol";
  }
  const bool is_tls_record = (at[0] == 0x16 || at[0] == 0x15) && at[1] == 0x03 && at[2] <= 0x04;
  return is_tls_record ? "the peer speaks TLS, but this connection is plaintext" : nullptr;
}

Result<void> check_size(const uint8_t* at, size_t max_frame_bytes) {
  const uint32_t size = load_size(at);
  if (size > 0 && size <= max_frame_bytes && size < 0x10000000U) [[likely]]
    return {};
  if (const char* const reason = other_protocol(at)) return Error(Errc::kMalformed, reason);
  const auto value = static_cast<int32_t>(size);
  if (value <= 0) return Error(Errc::kMalformed, fmt::format("frame size {}", value));
  if (size <= max_frame_bytes) return {};
  return Error(Errc::kLimitExceeded,
               fmt::format("frame of {} bytes, {} are allowed", value, max_frame_bytes));
}

}  // namespace

Result<size_t> FrameReader::read(io::Stream& stream, MutableBytes scratch) {
  ODK_ASSERT(has_room(), "read() while complete frames wait");
  if (large_size_ != 0) {
    const size_t have = large_.size();
    const size_t room = std::max<size_t>({have * 2, trusted_, 2 * kLargeFrameBytes});
    if (large_.capacity() == have) large_.reserve(std::min<size_t>(room, large_size_));
    const size_t wanted = std::min<size_t>(large_.capacity(), large_size_) - have;
    Result<size_t> count = stream.read_now({large_.data() + have, wanted});
    if (!count) return count;
    large_.resize(have + *count);
    may_have_more_ = *count == wanted;
    return count;
  }

  run_ = Slice();
  const size_t kept = view_.size();
  ODK_ASSERT(kept < scratch.size());
  if (kept != 0) std::memmove(scratch.data(), view_.data(), kept);
  view_ = scratch.first(kept);
  in_scratch_ = true;
  const MutableBytes into = scratch.subspan(kept);
  Result<size_t> count = stream.read_now(into);
  if (!count || *count == 0) {
    may_have_more_ = false;
    return count;
  }
  view_ = scratch.first(kept + *count);
  may_have_more_ = *count == into.size();
  return count;
}

Result<std::optional<Bytes>> FrameReader::peek(size_t max_frame_bytes) {
  peeked_ = 0;
  if (large_size_ != 0) {
    if (large_.size() < large_size_) return std::nullopt;
    peeked_ = large_size_;
    return large_.bytes();
  }
  if (view_.size() < kSizeBytes) return std::nullopt;
  ODK_TRY_VOID(check_size(view_.data(), max_frame_bytes));
  const uint32_t size = load_size(view_.data());
  if (view_.size() - kSizeBytes < size) {
    if (size >= kLargeFrameBytes) start_large(size);
    return std::nullopt;
  }
  peeked_ = size;
  return view_.subspan(kSizeBytes, size);
}

void FrameReader::start_large(size_t payload_bytes) {
  const Bytes begun = view_.subspan(kSizeBytes);
  large_size_ = static_cast<uint32_t>(payload_bytes);
  large_ = Buffer(std::min<size_t>(payload_bytes, std::max<size_t>(2 * begun.size(), trusted_)));
  large_.append(begun);
  view_ = {};
  in_scratch_ = false;
  rest_ = Buffer();
}

Slice FrameReader::take() {
  ODK_ASSERT(peeked_ != 0, "take() without peek()");
  const size_t size = std::exchange(peeked_, 0U);
  if (large_size_ != 0) {
    trusted_ = std::max(trusted_, std::min(large_size_, trusted_max_));
    large_size_ = 0;
    return large_.freeze();
  }
  const Bytes payload = view_.subspan(kSizeBytes, size);
  if (run_.empty() && size <= kSmallFrameBytes) copy_small_run();
  const std::less<> before;
  const bool in_run = !run_.empty() && !before(payload.data(), run_source_) &&
                      before(payload.data(), run_source_ + run_.size());
  if (!in_run) run_ = Slice();
  Slice frame = in_run ? run_.subslice(static_cast<size_t>(payload.data() - run_source_), size)
                       : Slice::copy_of(payload);
  view_ = view_.subspan(kSizeBytes + size);
  return frame;
}

// Clients that pipeline send many small frames at once: one allocation serves them all. It lives
// as long as one of them, so larger frames, which may be kept for long, have their own.
void FrameReader::copy_small_run() {
  size_t end = 0;
  size_t frames = 0;
  while (view_.size() - end >= kSizeBytes) {
    const size_t size = load_size(view_.data() + end);
    if (size == 0 || size > kSmallFrameBytes || view_.size() - end - kSizeBytes < size) break;
    end += kSizeBytes + size;
    ++frames;
  }
  if (frames < 2) return;
  run_ = Slice::copy_of(view_.first(end));
  run_source_ = view_.data();
}

void FrameReader::keep_rest() {
  peeked_ = 0;
  run_ = Slice();
  if (view_.empty()) {
    view_ = {};
    rest_ = Buffer();
  } else if (in_scratch_) {
    rest_ = Buffer(view_.size());
    rest_.append(view_);
    view_ = rest_.bytes();
  }
  in_scratch_ = false;
}

}  // namespace odradek::rpc
