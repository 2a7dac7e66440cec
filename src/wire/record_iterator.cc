#include "wire/record_iterator.h"

#include <fmt/format.h>

#include "wire/varint.h"

namespace odradek::wire {
namespace {

// Reads bytes with a signed varint length; null for a negative one, as the Java reader does.
// Returns the position behind, or nullptr when they run past `end`.
const uint8_t* read_sized(const uint8_t* at, const uint8_t* end, Bytes& bytes) {
  int32_t size = 0;
  at = read_varint(at, end, size);
  if (at == nullptr) [[unlikely]]
    return nullptr;
  if (size < 0) {
    bytes = {};
    return at;
  }
  if (size > end - at) [[unlikely]]
    return nullptr;
  bytes = {at, static_cast<size_t>(size)};
  return at + size;
}

const uint8_t* read_header(const uint8_t* at, const uint8_t* end, RecordHeader& header) {
  Bytes key;
  at = read_sized(at, end, key);
  if (at == nullptr || is_null(key)) [[unlikely]]
    return nullptr;
  header.key = as_text(key);
  return read_sized(at, end, header.value);
}

// Timestamps of foreign batches may be anything: they wrap instead of being undefined.
int64_t wrapping_add(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

}  // namespace

void RecordHeaders::Iterator::decode() {
  if (left_ <= 0) return;
  at_ = read_header(at_, end_, header_);
  if (at_ == nullptr) left_ = 0;
}

RecordCursor::RecordCursor(const BatchView& batch, Bytes records, RecordMode mode)
    : at_(records.data()),
      end_(records.data() + records.size()),
      base_offset_(batch.base_offset()),
      base_timestamp_ms_(batch.base_timestamp()),
      append_timestamp_ms_(batch.max_timestamp()),
      last_offset_delta_(batch.last_offset_delta()),
      count_(batch.record_count()),
      left_(batch.record_count()),
      mode_(mode),
      log_append_time_(batch.timestamp_type() == TimestampType::kLogAppendTime) {}

const RecordView* RecordCursor::next() {
  if (left_ == 0) {
    check_end();
    return nullptr;
  }
  int32_t size = 0;
  const uint8_t* body = read_varint(at_, end_, size);
  if (body == nullptr || size < 0 || size > end_ - body) [[unlikely]] {
    fail("runs past the records section");
    return nullptr;
  }
  const uint8_t* const body_end = body + size;
  if (!decode_body(body, body_end)) [[unlikely]]
    return nullptr;
  record_.encoded = {at_, static_cast<size_t>(body_end - at_)};
  at_ = body_end;
  --left_;
  return &record_;
}

bool RecordCursor::decode_body(const uint8_t* at, const uint8_t* end) {
  if (at == end) return fail("is empty");
  ++at;  // attributes: unused
  int64_t timestamp_delta = 0;
  at = read_varlong(at, end, timestamp_delta);
  if (at == nullptr) return fail("has a bad timestamp delta");
  int32_t offset_delta = 0;
  at = read_varint(at, end, offset_delta);
  if (at == nullptr) return fail("has a bad offset delta");
  if (offset_delta < 0 || offset_delta > last_offset_delta_) {
    return fail("has an offset outside of its batch");
  }
  record_.offset_delta = offset_delta;
  record_.offset = base_offset_ + offset_delta;
  record_.timestamp_ms =
      log_append_time_ ? append_timestamp_ms_ : wrapping_add(base_timestamp_ms_, timestamp_delta);
  record_.payload = {at, static_cast<size_t>(end - at)};
  if (mode_ == RecordMode::kOffsets) return true;

  at = read_sized(at, end, record_.key);
  if (at == nullptr) return fail("has a key that runs past it");
  at = read_sized(at, end, record_.value);
  if (at == nullptr) return fail("has a value that runs past it");
  at = decode_headers(at, end);
  if (at == nullptr) return fail("has bad headers");
  if (at != end) return fail("has bytes left over");
  return true;
}

const uint8_t* RecordCursor::decode_headers(const uint8_t* at, const uint8_t* end) {
  int32_t count = 0;
  at = read_varint(at, end, count);
  if (at == nullptr || count < 0) [[unlikely]]
    return nullptr;
  record_.headers = RecordHeaders({at, static_cast<size_t>(end - at)}, count);
  RecordHeader header;
  for (int32_t i = 0; i < count && at != nullptr; ++i) at = read_header(at, end, header);
  return at;
}

bool RecordCursor::fail(std::string_view what) {
  if (status_) {
    status_ = Error(Errc::kMalformed, fmt::format("record {} of {} at base offset {} {}",
                                                  count_ - left_, count_, base_offset_, what));
  }
  left_ = 0;
  at_ = end_;
  return false;
}

void RecordCursor::check_end() {
  if (at_ == end_) [[likely]]
    return;
  status_ = Error(Errc::kMalformed, fmt::format("{} bytes behind the {} records at base offset {}",
                                                end_ - at_, count_, base_offset_));
  at_ = end_;
}

Result<Bytes> records_of(const BatchView& batch, Decompressor& decompressor, Buffer& scratch,
                         size_t limit_bytes) {
  // A batch that compaction emptied has no section, whatever its codec.
  const Bytes stored = batch.stored_records();
  if (stored.empty()) return stored;
  return decompressor.decompress(batch.codec(), stored, scratch, limit_bytes);
}

}  // namespace odradek::wire
