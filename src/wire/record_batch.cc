#include "wire/record_batch.h"

#include <fmt/format.h>

#include <limits>

#include "wire/crc32c.h"

namespace odradek::wire {
namespace {

using batch_layout::kHeaderBytes;
using batch_layout::kMagic;
using batch_layout::kPrefixBytes;

// Length, attributes, two deltas, two sizes and a header count, a byte each at the least.
constexpr size_t kRecordBytesMin = 7;

// The total size that the length field at `bytes` announces; 12 bytes are there.
Result<size_t> announced_size(Bytes bytes) {
  const auto length = load_be<int32_t>(bytes.data() + batch_layout::kLength);
  if (length < static_cast<int32_t>(kHeaderBytes - kPrefixBytes)) {
    return Error(Errc::kMalformed, fmt::format("record batch length {} is too small", length));
  }
  return kPrefixBytes + static_cast<size_t>(length);
}

Result<void> check_magic(int8_t magic) {
  if (magic == kBatchMagic) [[likely]]
    return {};
  if (magic == 0 || magic == 1) {
    return Error(Errc::kUnsupported,
                 fmt::format("message format v{} is older than record batches and was dropped by "
                             "Kafka 4",
                             magic));
  }
  return Error(Errc::kMalformed, fmt::format("record batch magic {}", magic));
}

Result<void> check_fields(const BatchView& batch) {
  const int64_t base = batch.base_offset();
  const int32_t delta = batch.last_offset_delta();
  if (base < 0 || delta < 0 || base >= std::numeric_limits<int64_t>::max() - delta) {
    return Error(Errc::kMalformed,
                 fmt::format("record batch offsets: base {}, last delta {}", base, delta));
  }
  const int32_t count = batch.record_count();
  if (count < 0 || int64_t{count} > int64_t{delta} + 1) {
    return Error(Errc::kMalformed,
                 fmt::format("record batch count {} with last offset delta {}", count, delta));
  }
  if (batch.codec() > Codec::kZstd) {
    return Error(Errc::kUnsupported,
                 fmt::format("compression codec {}", static_cast<int>(batch.codec())));
  }
  if (batch.codec() == Codec::kNone &&
      static_cast<size_t>(count) > batch.stored_records().size() / kRecordBytesMin) {
    return Error(Errc::kMalformed, fmt::format("record batch count {} in {} bytes", count,
                                               batch.stored_records().size()));
  }
  return {};
}

}  // namespace

Result<std::optional<size_t>> peek_batch_size(Bytes bytes) {
  if (bytes.size() < kPrefixBytes) return std::optional<size_t>();
  ODK_TRY(const size_t size, announced_size(bytes));
  return std::optional<size_t>(size);
}

Result<BatchView> BatchView::parse(Bytes bytes) {
  // Old formats first: their shortest message is smaller than a batch header.
  if (bytes.size() > kMagic) ODK_TRY_VOID(check_magic(static_cast<int8_t>(bytes[kMagic])));
  if (bytes.size() < kHeaderBytes) {
    return Error(Errc::kMalformed, fmt::format("record batch cut after {} bytes", bytes.size()));
  }
  ODK_TRY(const size_t size, announced_size(bytes));
  if (size > bytes.size()) {
    return Error(Errc::kMalformed,
                 fmt::format("record batch of {} bytes cut after {}", size, bytes.size()));
  }
  const BatchView batch(bytes.first(size));
  ODK_TRY_VOID(check_fields(batch));
  return batch;
}

Result<void> BatchView::verify_crc() const {
  const uint32_t found = crc32c(bytes_.subspan(batch_layout::kAttributes));
  if (found == crc()) [[likely]]
    return {};
  return Error(Errc::kChecksum, fmt::format("record batch at offset {}: CRC {:08x}, stored {:08x}",
                                            base_offset(), found, crc()));
}

Result<std::optional<BatchView>> BatchCursor::next() {
  const auto none = std::optional<BatchView>();
  if (rest_.size() <= kMagic) return none;
  ODK_TRY_VOID(check_magic(static_cast<int8_t>(rest_[kMagic])));
  ODK_TRY(const size_t size, announced_size(rest_));
  if (size > rest_.size()) return none;
  ODK_TRY(const BatchView batch, BatchView::parse(rest_.first(size)));
  rest_ = rest_.subspan(size);
  return std::optional<BatchView>(batch);
}

std::optional<size_t> BatchCursor::cut_batch_bytes() const {
  const Result<std::optional<size_t>> size = peek_batch_size(rest_);
  return size ? *size : std::nullopt;
}

}  // namespace odradek::wire
