#include "backup/format/segment_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "backup/format/little_endian.h"
#include "wire/crc32c.h"

namespace odradek::backup {
namespace {

constexpr std::string_view kHeaderMagic = "ODRKSEG1";
constexpr std::string_view kFooterMagic = "ODRKEND1";
constexpr uint16_t kVersion = 1;

Error malformed(std::string_view what) {
  return {Errc::kMalformed, fmt::format("segment: {}", what)};
}

void put_skippable_header(Buffer& out, size_t content_bytes) {
  put_little_endian(out, kSkippableMagic);
  put_little_endian(out, static_cast<uint32_t>(content_bytes));
}

template <size_t N>
std::array<uint8_t, N> take_array(LittleEndianReader& reader) {
  std::array<uint8_t, N> value{};
  const Bytes raw = reader.take_bytes(N);
  if (raw.size() == N) std::ranges::copy(raw, value.begin());
  return value;
}

void put_footer_fields(Buffer& out, const SegmentFooter& footer) {
  put_skippable_header(out, kFooterBytes - kSkippableHeaderBytes);
  out.append(kFooterMagic);
  put_little_endian(out, footer.index_position);
  put_little_endian(out, footer.index_bytes);
  put_little_endian(out, footer.frame_count);
  put_little_endian(out, footer.batch_count);
  put_little_endian(out, footer.control_batch_count);
  put_little_endian(out, footer.record_count);
  put_little_endian(out, footer.first_offset);
  put_little_endian(out, footer.last_offset);
  put_little_endian(out, footer.covered_start);
  put_little_endian(out, footer.covered_end);
  put_little_endian(out, footer.min_timestamp);
  put_little_endian(out, footer.max_timestamp);
  put_little_endian(out, footer.raw_bytes);
  out.append(Bytes(footer.raw_xxh128));
}

}  // namespace

Slice encode_header(const SegmentHeader& header) {
  Buffer content;
  content.append(kHeaderMagic);
  put_little_endian(content, kVersion);
  put_little_endian(content, uint16_t{0});
  put_little_endian(content, header.partition);
  content.append(Bytes(header.topic_id.bytes));
  put_little_endian(content, header.first_offset);
  put_little_endian(content, header.incarnation);
  put_little_endian(content, header.writer_epoch);
  content.append(Bytes(header.backup_set.bytes));
  put_little_endian(content, header.created_ms);
  put_little_endian(content, header.dictionary_id);
  put_little_endian(content, static_cast<uint16_t>(header.topic.size()));
  content.append(header.topic);
  put_little_endian(content, wire::crc32c(content.bytes()));

  Buffer frame;
  put_skippable_header(frame, content.size());
  frame.append(content.bytes());
  return frame.freeze();
}

Result<SegmentHeader> decode_header(Bytes frame) {
  ODK_TRY(const uint64_t size, skippable_frame_bytes(frame));
  if (size > frame.size()) return malformed("header ends early");
  const Bytes content = frame.subspan(kSkippableHeaderBytes, size - kSkippableHeaderBytes);
  LittleEndianReader reader(content);
  if (as_text(reader.take_bytes(kHeaderMagic.size())) != kHeaderMagic) {
    return malformed("does not begin with ODRKSEG1");
  }
  if (const auto version = reader.take<uint16_t>(); version != kVersion) {
    return Error(Errc::kUnsupported, fmt::format("segment: format version {}", version));
  }
  SegmentHeader header;
  (void)reader.take<uint16_t>();
  header.partition = reader.take<int32_t>();
  header.topic_id.bytes = take_array<16>(reader);
  header.first_offset = reader.take<int64_t>();
  header.incarnation = reader.take<uint32_t>();
  header.writer_epoch = reader.take<uint32_t>();
  header.backup_set.bytes = take_array<16>(reader);
  header.created_ms = reader.take<int64_t>();
  header.dictionary_id = reader.take<uint32_t>();
  header.topic = as_text(reader.take_bytes(reader.take<uint16_t>()));
  const Bytes checked = content.first(content.size() - reader.remaining());
  const auto crc = reader.take<uint32_t>();
  if (!reader.ok() || reader.remaining() != 0) return malformed("header has the wrong length");
  if (crc != wire::crc32c(checked)) return Error(Errc::kChecksum, "segment: header CRC differs");
  return header;
}

Slice encode_footer_head(const SegmentFooter& footer) {
  Buffer out(kFooterBytes);
  put_footer_fields(out, footer);
  ODK_ASSERT(out.size() == kFooterHashedBytes);
  return out.freeze();
}

Slice encode_footer(const SegmentFooter& footer) {
  Buffer out(kFooterBytes);
  put_footer_fields(out, footer);
  out.append(Bytes(footer.sha256));
  put_little_endian(out, uint32_t{0});
  put_little_endian(out, wire::crc32c(out.bytes()));
  ODK_ASSERT(out.size() == kFooterBytes);
  return out.freeze();
}

Result<SegmentFooter> decode_footer(Bytes last_bytes) {
  if (last_bytes.size() != kFooterBytes) return malformed("too short for a footer");
  LittleEndianReader reader(last_bytes);
  const auto magic = reader.take<uint32_t>();
  const auto content_bytes = reader.take<uint32_t>();
  const std::string_view name = as_text(reader.take_bytes(kFooterMagic.size()));
  if (magic != kSkippableMagic || content_bytes != kFooterBytes - kSkippableHeaderBytes ||
      name != kFooterMagic) {
    return malformed("does not end with a footer");
  }
  SegmentFooter footer;
  footer.index_position = reader.take<uint64_t>();
  footer.index_bytes = reader.take<uint32_t>();
  footer.frame_count = reader.take<uint32_t>();
  footer.batch_count = reader.take<uint32_t>();
  footer.control_batch_count = reader.take<uint32_t>();
  footer.record_count = reader.take<uint64_t>();
  footer.first_offset = reader.take<int64_t>();
  footer.last_offset = reader.take<int64_t>();
  footer.covered_start = reader.take<int64_t>();
  footer.covered_end = reader.take<int64_t>();
  footer.min_timestamp = reader.take<int64_t>();
  footer.max_timestamp = reader.take<int64_t>();
  footer.raw_bytes = reader.take<uint64_t>();
  footer.raw_xxh128 = take_array<16>(reader);
  footer.sha256 = take_array<32>(reader);
  (void)reader.take<uint32_t>();
  if (reader.take<uint32_t>() != wire::crc32c(last_bytes.first(kFooterBytes - sizeof(uint32_t)))) {
    return Error(Errc::kChecksum, "segment: footer CRC differs");
  }
  return footer;
}

Result<uint64_t> skippable_frame_bytes(Bytes begin) {
  LittleEndianReader reader(begin);
  const auto magic = reader.take<uint32_t>();
  const auto content_bytes = reader.take<uint32_t>();
  if (!reader.ok() || magic != kSkippableMagic) return malformed("no skippable frame here");
  return uint64_t{content_bytes} + kSkippableHeaderBytes;
}

}  // namespace odradek::backup
