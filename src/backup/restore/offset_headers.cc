#include "backup/restore/offset_headers.h"

#include <cstring>

#include "wire/varint.h"

namespace odradek::backup {
namespace {

bool is_ours(std::string_view key) {
  return key == kOriginalOffsetHeader || key == kOriginalTimestampHeader ||
         key == kSourcePartitionHeader || key == kSourceClusterHeader;
}

void put_varint(Buffer& out, int64_t value) {
  wire::write_varint(out.extend(wire::varint_size(value)), value);
}

void put_header(Buffer& out, std::string_view key, Bytes value) {
  put_varint(out, static_cast<int64_t>(key.size()));
  out.append(key);
  if (value.data() == nullptr) {
    put_varint(out, -1);
    return;
  }
  put_varint(out, static_cast<int64_t>(value.size()));
  out.append(value);
}

// Behind key and value, whose lengths a client may have encoded in more bytes than needed.
Bytes key_and_value(Bytes payload) {
  const uint8_t* at = payload.data();
  const uint8_t* const end = at + payload.size();
  for (int field = 0; field < 2; ++field) {
    int32_t length = 0;
    at = wire::read_varint(at, end, length);
    ODK_ASSERT(at != nullptr && length <= end - at);  // the cursor decoded it
    if (length > 0) at += length;
  }
  return payload.first(static_cast<size_t>(at - payload.data()));
}

template <class Number>
void put_number(Buffer& out, std::string_view key, Number value) {
  put_header(out, key, Bytes(reinterpret_cast<const uint8_t*>(&value), sizeof value));
}

}  // namespace

void put_payload(Buffer& out, const wire::RecordView& record, const OffsetHeaders* added) {
  int32_t kept = 0;
  for (const wire::RecordHeader& header : record.headers) {
    if (!is_ours(header.key)) ++kept;
  }
  const bool names_cluster = added != nullptr && !added->cluster.empty();
  const int32_t count = kept + (added != nullptr ? 3 : 0) + (names_cluster ? 1 : 0);
  out.append(key_and_value(record.payload));
  put_varint(out, count);
  for (const wire::RecordHeader& header : record.headers) {
    if (!is_ours(header.key)) put_header(out, header.key, header.value);
  }
  if (added == nullptr) return;
  put_number(out, kOriginalOffsetHeader, added->offset);
  put_number(out, kOriginalTimestampHeader, added->timestamp_ms);
  put_number(out, kSourcePartitionHeader, added->partition);
  if (names_cluster) put_header(out, kSourceClusterHeader, as_bytes(added->cluster));
}

std::optional<int64_t> original_offset(const wire::RecordHeaders& headers) {
  std::optional<int64_t> found;
  for (const wire::RecordHeader& header : headers) {
    if (header.key != kOriginalOffsetHeader || header.value.size() != sizeof(int64_t)) continue;
    int64_t value = 0;
    std::memcpy(&value, header.value.data(), sizeof value);
    found = value;  // the last one counts, as Java's lastHeader()
  }
  return found;
}

}  // namespace odradek::backup
