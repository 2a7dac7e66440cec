#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace odradek::wire {

// Why a Reader stopped.
enum class ReadFault : uint8_t {
  kNone,
  kTruncated,      // fewer bytes left than the field needs
  kNegativeSize,   // a length below zero (or null where null is not allowed)
  kCountTooLarge,  // an array longer than the bytes left can hold
  kVarintTooLong,
  kBudget,         // the arena's budget is used up
  kBadValue,       // any other value the format does not allow
};

// Decodes Kafka's primitive types from borrowed bytes, checking every bound. Failure is sticky:
// after the first fault every read gives zero or null, so callers test ok() once at the end. Views
// returned live as long as the bytes; arrays as long as the arena. One thread.
// Source: Kafka protocol guide, "Protocol Primitive Types".
class Reader {
 public:
  Reader(Bytes input, Arena& arena)
      : begin_(input.data()),
        at_(input.data()),
        end_(input.data() + input.size()),
        arena_(&arena) {}

  bool ok() const { return fault_ == ReadFault::kNone; }
  ReadFault fault() const { return fault_; }
  size_t offset() const { return static_cast<size_t>(at_ - begin_); }
  size_t remaining() const { return static_cast<size_t>(end_ - at_); }
  Arena& arena() { return *arena_; }
  const uint8_t* position() const { return at_; }

  // The sticky fault as an Error that names the offset; success when ok().
  Result<void> status() const;
  // As status(), and an error too when bytes are left over.
  Result<void> finish();

  void fail(ReadFault fault) {
    if (fault_ != ReadFault::kNone) return;
    fault_ = fault;
    fault_offset_ = offset();
    end_ = at_;  // every further read is truncated, and its fault ignored
  }

  int8_t i8() { return big_endian<int8_t>(); }
  int16_t i16() { return big_endian<int16_t>(); }
  int32_t i32() { return big_endian<int32_t>(); }
  int64_t i64() { return big_endian<int64_t>(); }
  uint16_t u16() { return big_endian<uint16_t>(); }
  uint32_t u32() { return big_endian<uint32_t>(); }
  double f64() { return std::bit_cast<double>(big_endian<uint64_t>()); }
  bool boolean() { return i8() != 0; }

  Uuid uuid() {
    Uuid id;
    const Bytes raw = take(id.bytes.size());
    if (raw.size() == id.bytes.size()) std::memcpy(id.bytes.data(), raw.data(), raw.size());
    return id;
  }

  uint32_t uvarint() {
    if (at_ != end_ && *at_ < 0x80) [[likely]]
      return *at_++;
    return static_cast<uint32_t>(uvarint_slow(5));
  }
  int32_t varint() {
    const uint32_t raw = uvarint();
    return static_cast<int32_t>((raw >> 1U) ^ (~(raw & 1U) + 1U));
  }
  int64_t varlong() {
    const uint64_t raw = uvarint_slow(10);
    return static_cast<int64_t>((raw >> 1U) ^ (~(raw & 1U) + 1U));
  }

  // Strings and bytes: `flexible` uses the compact length; null is a fault unless `nullable`.
  std::string_view string(bool flexible, bool nullable) {
    return as_text(sized(flexible ? int64_t{uvarint()} - 1 : int64_t{i16()}, nullable));
  }
  Bytes bytes(bool flexible, bool nullable) {
    return sized(flexible ? int64_t{uvarint()} - 1 : int64_t{i32()}, nullable);
  }

  // The element count of an array, -1 for null. Checked against the bytes left: an element takes
  // `min_element_bytes` (at least 1) at the least.
  int32_t array_count(bool flexible, bool nullable, size_t min_element_bytes) {
    const int64_t count = flexible ? int64_t{uvarint()} - 1 : int64_t{i32()};
    if (count < 0) {
      if (count != -1 || (!nullable && ok())) fail(ReadFault::kNegativeSize);
      return -1;
    }
    if (static_cast<uint64_t>(count) > remaining() / min_element_bytes) {
      fail(ReadFault::kCountTooLarge);
      return -1;
    }
    return static_cast<int32_t>(count);
  }

  // Room for `count` elements in the arena; empty with a fault when over budget.
  template <class T>
  std::span<T> allocate(int32_t count) {
    if (count < 0) return {};
    std::span<T> elements = arena_->array<T>(static_cast<size_t>(count));
    if (elements.data() == nullptr) fail(ReadFault::kBudget);
    return elements;
  }
  template <class T>
  T* allocate_one() {
    T* element = arena_->create<T>();
    if (element == nullptr) fail(ReadFault::kBudget);
    return element;
  }

  // The next `count` bytes; null with a fault when there are fewer.
  Bytes take(size_t count) {
    if (count > remaining()) [[unlikely]] {
      fail(ReadFault::kTruncated);
      return {};
    }
    const Bytes view{at_, count};
    at_ += count;
    return view;
  }
  void skip(size_t count) { (void)take(count); }

 private:
  template <class T>
  T big_endian() {
    if (remaining() < sizeof(T)) [[unlikely]] {
      fail(ReadFault::kTruncated);
      return T{};
    }
    std::make_unsigned_t<T> raw;
    std::memcpy(&raw, at_, sizeof raw);
    at_ += sizeof raw;
    if constexpr (sizeof(T) > 1) raw = std::byteswap(raw);
    return static_cast<T>(raw);
  }

  Bytes sized(int64_t size, bool nullable) {
    if (size < 0) {
      if (size != -1 || (!nullable && ok())) fail(ReadFault::kNegativeSize);
      return {};
    }
    return take(static_cast<size_t>(size));
  }

  uint64_t uvarint_slow(unsigned max_bytes);

  const uint8_t* begin_;
  const uint8_t* at_;
  const uint8_t* end_;
  Arena* arena_;
  size_t fault_offset_ = 0;
  ReadFault fault_ = ReadFault::kNone;
};

}  // namespace odradek::wire
