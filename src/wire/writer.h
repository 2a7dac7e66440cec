#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/slice.h"
#include "wire/records.h"
#include "wire/varint.h"

namespace odradek::wire {

// Encodes Kafka's primitive types into one growing buffer; record batches go in by reference.
// A value that cannot be said in the asked version makes the writer fail, once and for all;
// finish() tells. One thread. Source: Kafka protocol guide, "Protocol Primitive Types".
class Writer {
 public:
  explicit Writer(size_t capacity = 256) : buffer_(capacity) {}

  void i8(int8_t value) { *buffer_.extend(1) = static_cast<uint8_t>(value); }
  void i16(int16_t value) { big_endian(value); }
  void i32(int32_t value) { big_endian(value); }
  void i64(int64_t value) { big_endian(value); }
  void u16(uint16_t value) { big_endian(value); }
  void u32(uint32_t value) { big_endian(value); }
  void f64(double value) { big_endian(std::bit_cast<uint64_t>(value)); }
  void boolean(bool value) { i8(value ? 1 : 0); }
  void uuid(const Uuid& id) { buffer_.append(Bytes(id.bytes)); }
  void raw(Bytes bytes) { buffer_.append(bytes); }

  void uvarint(uint32_t value) { unsigned_varint(value); }
  void varint(int32_t value) {
    unsigned_varint((static_cast<uint32_t>(value) << 1U) ^ static_cast<uint32_t>(value >> 31));
  }
  void varlong(int64_t value) {
    unsigned_varint((static_cast<uint64_t>(value) << 1U) ^ static_cast<uint64_t>(value >> 63));
  }

  // Null (data() == nullptr) is written as null where `nullable`, else as empty.
  void string(std::string_view text, bool flexible, bool nullable) {
    const bool null = nullable && is_null(text);
    if (flexible) {
      uvarint(null ? 0 : static_cast<uint32_t>(text.size()) + 1);
    } else {
      if (text.size() > 0x7FFF) fail(Error(Errc::kLimitExceeded, "string over 32767 bytes"));
      i16(null ? int16_t{-1} : static_cast<int16_t>(text.size()));
    }
    buffer_.append(text);
  }
  void bytes(Bytes bytes, bool flexible, bool nullable) {
    length(bytes.size(), nullable && is_null(bytes), flexible);
    buffer_.append(bytes);
  }
  void records(const Records& records, bool flexible, bool nullable);
  void array_count(size_t count, bool null, bool flexible) { length(count, null, flexible); }
  // Room for `count` bytes, to be filled before the next call.
  uint8_t* extend(size_t count) { return buffer_.extend(count); }
  // An array of big-endian numbers, without its count.
  template <class T>
  void numbers(std::span<const T> values) {
    uint8_t* at = buffer_.extend(values.size_bytes());
    for (const T value : values) {
      const auto raw = std::byteswap(static_cast<std::make_unsigned_t<T>>(value));
      std::memcpy(at, &raw, sizeof raw);
      at += sizeof raw;
    }
  }

  // What is written between the two calls gets its size as an unsigned varint in front.
  // `end_sized` takes what `begin_sized` gave. May be nested.
  size_t begin_sized() {
    *buffer_.extend(1) = 0;
    return buffer_.size();
  }
  void end_sized(size_t begin);

  // By reference when worth a separate piece of the gathered write.
  void append(const Slice& slice);

  void fail(Error error) {
    if (status_) status_ = Result<void>(std::move(error));
  }
  const Result<void>& status() const { return status_; }

  // Bytes written so far, external slices included.
  size_t size() const { return buffer_.size() + external_bytes_; }

  // Overwrites 4 bytes at `at`, an offset in the buffer before any external slice (a frame's size).
  void patch_i32(size_t at, int32_t value);

  // Everything written, in order. The writer is empty afterwards. Call only when status() is ok.
  SliceChain take();
  // The error of the first failed write, or take().
  Result<SliceChain> finish();

 private:
  struct External {
    size_t at;  // offset in buffer_ where the slice goes
    Slice slice;
  };

  template <class T>
  void big_endian(T value) {
    auto raw = static_cast<std::make_unsigned_t<T>>(value);
    raw = std::byteswap(raw);
    std::memcpy(buffer_.extend(sizeof raw), &raw, sizeof raw);
  }

  template <class T>
  void unsigned_varint(T value) {
    while (value >= 0x80) {
      *buffer_.extend(1) = static_cast<uint8_t>(value | 0x80U);
      value >>= 7U;
    }
    *buffer_.extend(1) = static_cast<uint8_t>(value);
  }

  void length(size_t size, bool null, bool flexible) {
    if (size > 0x7FFFFFFE) fail(Error(Errc::kLimitExceeded, "field over 2147483646 bytes"));
    if (flexible) {
      uvarint(null ? 0 : static_cast<uint32_t>(size) + 1);
    } else {
      i32(null ? -1 : static_cast<int32_t>(size));
    }
  }

  Buffer buffer_;
  std::vector<External> external_;
  size_t external_bytes_ = 0;
  Result<void> status_;
};

}  // namespace odradek::wire
