#include "wire/reader.h"

#include <fmt/format.h>

namespace odradek::wire {
namespace {

std::string_view fault_text(ReadFault fault) {
  switch (fault) {
    case ReadFault::kNone: return "no fault";
    case ReadFault::kTruncated: return "ends early";
    case ReadFault::kNegativeSize: return "negative or null size where none is allowed";
    case ReadFault::kCountTooLarge: return "array count larger than the bytes left";
    case ReadFault::kVarintTooLong: return "varint too long";
    case ReadFault::kBudget: return "decoded size over the limit";
    case ReadFault::kBadValue: return "value not allowed";
  }
  return "unknown fault";
}

}  // namespace

uint64_t Reader::uvarint_slow(unsigned max_bytes) {
  uint64_t value = 0;
  for (unsigned i = 0; i < max_bytes; ++i) {
    if (at_ == end_) {
      fail(ReadFault::kTruncated);
      return 0;
    }
    const uint8_t byte = *at_++;
    value |= uint64_t{byte & 0x7FU} << (7 * i);
    if (byte < 0x80) return value;
  }
  fail(ReadFault::kVarintTooLong);
  return 0;
}

Result<void> Reader::status() const {
  if (ok()) return {};
  return Error(Errc::kMalformed, fmt::format("{} at byte {}", fault_text(fault_), fault_offset_));
}

Result<void> Reader::finish() {
  if (ok() && remaining() != 0) {
    return Error(Errc::kMalformed,
                 fmt::format("{} bytes left over at byte {}", remaining(), offset()));
  }
  return status();
}

}  // namespace odradek::wire
