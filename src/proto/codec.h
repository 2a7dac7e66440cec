#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

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

// An array of numbers; the whole length is checked once.
template <class T>
std::span<T> read_numbers(wire::Reader& reader, bool flexible, bool nullable) {
  const int32_t count = reader.array_count(flexible, nullable, sizeof(T));
  const std::span<T> numbers = reader.allocate<T>(count);
  if (numbers.empty()) return numbers;
  const Bytes raw = reader.take(numbers.size_bytes());
  if (raw.empty()) return numbers;
  std::memcpy(numbers.data(), raw.data(), raw.size());
  if constexpr (sizeof(T) > 1) {
    for (T& number : numbers) number = static_cast<T>(std::byteswap(number));
  }
  return numbers;
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
  if (count == 0) [[likely]] return {};
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
