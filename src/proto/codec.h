#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "proto/message_base.h"
#include "wire/reader.h"
#include "wire/writer.h"

// Helpers of the generated decode() and encode() functions. Nothing else includes this.

namespace odradek::proto {

// Makes the writer fail: `field` has a value that `version` cannot express.
void cannot_encode(wire::Writer& writer, std::string_view message, std::string_view field,
                   int16_t version);
// Makes the writer fail: the message has no such version.
void no_such_version(wire::Writer& writer, std::string_view message, int16_t version);

// A big-endian number of any type of fixed size, at `at`.
template <class T>
T load(const uint8_t* at) {
  if constexpr (std::is_same_v<T, Uuid>) {
    Uuid id;
    std::memcpy(id.bytes.data(), at, id.bytes.size());
    return id;
  } else if constexpr (std::is_same_v<T, bool>) {
    return *at != 0;
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<double>(load<uint64_t>(at));
  } else {
    std::make_unsigned_t<T> raw;
    std::memcpy(&raw, at, sizeof raw);
    return static_cast<T>(std::byteswap(raw));
  }
}
template <class T>
void store(uint8_t* at, T value) {
  if constexpr (std::is_same_v<T, Uuid>) {
    std::memcpy(at, value.bytes.data(), value.bytes.size());
  } else if constexpr (std::is_same_v<T, bool>) {
    *at = value ? 1 : 0;
  } else if constexpr (std::is_same_v<T, double>) {
    store(at, std::bit_cast<uint64_t>(value));
  } else {
    const auto raw = std::byteswap(static_cast<std::make_unsigned_t<T>>(value));
    std::memcpy(at, &raw, sizeof raw);
  }
}

// The bytes of several neighbouring fields of fixed size, checked once; zeros after a fault.
inline constexpr size_t kLongestRunBytes = 256;
inline constexpr uint8_t kZeros[kLongestRunBytes] = {};
template <size_t kBytes>
const uint8_t* read_run(wire::Reader& reader) {
  static_assert(kBytes <= kLongestRunBytes);
  const Bytes run = reader.take(kBytes);
  return run.data() == nullptr ? kZeros : run.data();
}

// Room for the elements of an array, of which each takes `kLeastBytes` or more; null for null.
template <class T, size_t kLeastBytes>
std::span<T> read_count(wire::Reader& reader, bool flexible, bool nullable) {
  static_assert(sizeof(T) <= 32 * kLeastBytes, "short elements would break the decode budget");
  return reader.allocate<T>(reader.array_count(flexible, nullable, kLeastBytes));
}

// An array of numbers; the whole length is checked once.
template <class T>
std::span<T> read_numbers(wire::Reader& reader, bool flexible, bool nullable) {
  const int32_t count = reader.array_count(flexible, nullable, sizeof(T));
  if (count < 0) return {};
  if (count == 0) return empty_array<T>();
  const Bytes raw = reader.take(static_cast<size_t>(count) * sizeof(T));
  auto* numbers = static_cast<T*>(reader.arena().allocate(raw.size(), alignof(T)));
  if (numbers == nullptr) {
    reader.fail(wire::ReadFault::kBudget);
    return {};
  }
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    numbers[i] = load<T>(raw.data() + i * sizeof(T));
  }
  return {numbers, static_cast<size_t>(count)};
}

// Walks the tagged fields of one struct: next() until false, then either read the field and call
// done(), or keep(). Tags must ascend and every field must fill its announced size.
class TagReader {
 public:
  TagReader(wire::Reader& reader, uint32_t count);

  bool next();
  uint32_t tag() const { return static_cast<uint32_t>(tag_); }
  // The field was known and read.
  void done();
  // The field is unknown.
  void keep();
  // The tag is known but not allowed in this version.
  void reject() { reader_.fail(wire::ReadFault::kBadValue); }
  UnknownTags unknown() const { return unknown_; }

 private:
  wire::Reader& reader_;
  uint32_t left_;
  int64_t tag_ = -1;
  const uint8_t* field_begin_ = nullptr;
  size_t field_end_offset_ = 0;
  UnknownTags unknown_;
};

UnknownTags read_unknown_tags_slow(wire::Reader& reader, uint32_t count);

// The tagged fields of a struct that knows none.
inline UnknownTags read_unknown_tags(wire::Reader& reader) {
  const uint32_t count = reader.uvarint();
  if (count == 0) [[likely]]
    return {};
  return read_unknown_tags_slow(reader, count);
}

inline void write_unknown_tags(wire::Writer& writer, const UnknownTags& tags) {
  writer.uvarint(tags.count);
  if (!tags.empty()) writer.raw(tags.raw());
}

// Writes the tagged fields of one struct, the unknown ones between the known in tag order:
// begin(tag), the value, end() for each known field in ascending order; finish().
class TagWriter {
 public:
  TagWriter(wire::Writer& writer, const UnknownTags& unknown, uint32_t known_count)
      : writer_(writer), rest_(unknown.raw()) {
    writer.uvarint(known_count + unknown.count);
  }

  void begin(uint32_t tag);
  void end() { writer_.end_sized(mark_); }
  void finish() { writer_.raw(rest_); }

 private:
  wire::Writer& writer_;
  Bytes rest_;  // unknown fields not written yet
  size_t mark_ = 0;
};

}  // namespace odradek::proto
