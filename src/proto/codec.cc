#include "proto/codec.h"

#include <fmt/format.h>

namespace odradek::proto {
namespace {

// Reads an unsigned varint from bytes a TagReader has already checked.
uint32_t checked_uvarint(Bytes bytes, size_t& at) {
  uint32_t value = 0;
  for (unsigned shift = 0; at < bytes.size() && shift < 35; shift += 7) {
    const uint8_t byte = bytes[at++];
    value |= static_cast<uint32_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

}  // namespace

void cannot_encode(wire::Writer& writer, std::string_view message, std::string_view field,
                   int16_t version) {
  writer.fail(Error(Errc::kUnsupported,
                    fmt::format("{} version {} cannot carry {}", message, version, field)));
}

void no_such_version(wire::Writer& writer, std::string_view message, int16_t version) {
  writer.fail(Error(Errc::kUnsupported, fmt::format("{} has no version {}", message, version)));
}

TagReader::TagReader(wire::Reader& reader, uint32_t count) : reader_(reader), left_(count) {
  // A tagged field takes two bytes at least.
  if (count > reader.remaining() / 2) reader.fail(wire::ReadFault::kCountTooLarge);
}

bool TagReader::next() {
  if (left_ == 0 || !reader_.ok()) return false;
  --left_;
  field_begin_ = reader_.position();
  const uint32_t tag = reader_.uvarint();
  const uint32_t size = reader_.uvarint();
  if (int64_t{tag} <= tag_) reader_.fail(wire::ReadFault::kBadValue);
  if (size > reader_.remaining()) reader_.fail(wire::ReadFault::kTruncated);
  tag_ = tag;
  field_end_offset_ = reader_.offset() + size;
  return reader_.ok();
}

void TagReader::done() {
  if (reader_.offset() != field_end_offset_) reader_.fail(wire::ReadFault::kBadValue);
}

void TagReader::keep() {
  reader_.skip(field_end_offset_ - reader_.offset());
  if (!reader_.ok()) return;
  const auto size = static_cast<uint32_t>(reader_.position() - field_begin_);
  if (unknown_.count == 0) {
    unknown_ = {field_begin_, size, 1};
    return;
  }
  if (unknown_.data + unknown_.size_bytes == field_begin_) {
    unknown_.size_bytes += size;
  } else {
    // A known field lies between: both parts go side by side. A struct knows few tags, and
    // tags ascend, so this happens a bounded number of times.
    const std::span<uint8_t> joined =
        reader_.arena().array<uint8_t>(size_t{unknown_.size_bytes} + size);
    if (joined.data() == nullptr) return reader_.fail(wire::ReadFault::kBudget);
    std::memcpy(joined.data(), unknown_.data, unknown_.size_bytes);
    std::memcpy(joined.data() + unknown_.size_bytes, field_begin_, size);
    unknown_.data = joined.data();
    unknown_.size_bytes += size;
  }
  ++unknown_.count;
}

UnknownTags read_unknown_tags_slow(wire::Reader& reader, uint32_t count) {
  TagReader tags(reader, count);
  while (tags.next()) tags.keep();
  return tags.unknown();
}

void TagWriter::begin(uint32_t tag) {
  size_t at = 0;
  while (at < rest_.size()) {
    size_t next = at;
    if (checked_uvarint(rest_, next) >= tag) break;
    const uint32_t size = checked_uvarint(rest_, next);
    if (size > rest_.size() - next) break;
    at = next + size;
  }
  writer_.raw(rest_.first(at));
  rest_ = rest_.subspan(at);
  writer_.uvarint(tag);
  mark_ = writer_.begin_sized();
}

}  // namespace odradek::proto
