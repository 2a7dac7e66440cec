#include "wire/batch_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "wire/crc32c.h"
#include "wire/endian.h"
#include "wire/varint.h"

namespace odradek::wire {
namespace {

using batch_layout::kHeaderBytes;

constexpr size_t kBatchBytesMax = std::numeric_limits<int32_t>::max();

size_t sized_size(Bytes bytes) {
  if (is_null(bytes)) return 1;
  return varint_size(static_cast<int64_t>(bytes.size())) + bytes.size();
}

uint8_t* write_bytes(uint8_t* at, Bytes bytes) {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

uint8_t* write_sized(uint8_t* at, Bytes bytes) {
  at = write_varint(at, is_null(bytes) ? -1 : static_cast<int64_t>(bytes.size()));
  return write_bytes(at, bytes);
}

// A header's key is never null on the wire.
size_t key_size(std::string_view key) {
  return varint_size(static_cast<int64_t>(key.size())) + key.size();
}

size_t payload_size(const NewRecord& record) {
  size_t size = sized_size(record.key) + sized_size(record.value) +
                varint_size(static_cast<int64_t>(record.headers.size()));
  for (const RecordHeader& header : record.headers) {
    size += key_size(header.key) + sized_size(header.value);
  }
  return size;
}

uint8_t* write_payload(uint8_t* at, const NewRecord& record) {
  at = write_sized(at, record.key);
  at = write_sized(at, record.value);
  at = write_varint(at, static_cast<int64_t>(record.headers.size()));
  for (const RecordHeader& header : record.headers) {
    at = write_varint(at, static_cast<int64_t>(header.key.size()));
    at = write_bytes(at, as_bytes(header.key));
    at = write_sized(at, header.value);
  }
  return at;
}

}  // namespace

BatchBuilder::BatchBuilder(const BatchOptions& options, size_t capacity_bytes)
    : options_(options), capacity_bytes_(capacity_bytes) {}

BatchBuilder::Frame BatchBuilder::frame(int32_t offset_delta, int64_t timestamp_ms,
                                        size_t payload_bytes) const {
  const int64_t base =
      count_ == 0 ? options_.delete_horizon_ms.value_or(timestamp_ms) : base_timestamp_ms_;
  const auto timestamp_delta =
      static_cast<int64_t>(static_cast<uint64_t>(timestamp_ms) - static_cast<uint64_t>(base));
  constexpr size_t kAttributesBytes = 1;
  return {.timestamp_delta = timestamp_delta,
          .offset_delta = offset_delta,
          .body_bytes = kAttributesBytes + varint_size(timestamp_delta) +
                        varint_size(offset_delta) + payload_bytes};
}

size_t BatchBuilder::size_with(const NewRecord& record) const {
  const Frame next = frame(next_offset_delta(), record.timestamp_ms, payload_size(record));
  return size() + varint_size(static_cast<int64_t>(next.body_bytes)) + next.body_bytes;
}

// Makes room for the record and writes everything before its payload.
Result<uint8_t*> BatchBuilder::open_record(const Frame& frame, int64_t timestamp_ms) {
  if (frame.offset_delta <= last_offset_delta_) [[unlikely]] {
    return Error(Errc::kInvalidArgument, fmt::format("record at delta {} after delta {}",
                                                     frame.offset_delta, last_offset_delta_));
  }
  if (frame.body_bytes > kBatchBytesMax - size() - kVarintBytesMax) [[unlikely]] {
    return Error(Errc::kLimitExceeded, "record batch over 2 GiB");
  }
  if (buffer_.empty()) [[unlikely]] {
    buffer_.reserve(std::max(capacity_bytes_, kHeaderBytes + frame.body_bytes + kVarintBytesMax));
    buffer_.extend(kHeaderBytes);
  }
  if (count_ == 0) {
    base_timestamp_ms_ = options_.delete_horizon_ms.value_or(timestamp_ms);
    max_timestamp_ms_ = timestamp_ms;
  }
  max_timestamp_ms_ = std::max(max_timestamp_ms_, timestamp_ms);
  last_offset_delta_ = frame.offset_delta;
  ++count_;

  const auto body_bytes = static_cast<int64_t>(frame.body_bytes);
  uint8_t* at = buffer_.extend(varint_size(body_bytes) + frame.body_bytes);
  at = write_varint(at, body_bytes);
  *at++ = 0;  // attributes
  at = write_varint(at, frame.timestamp_delta);
  return write_varint(at, frame.offset_delta);
}

Result<void> BatchBuilder::append(const NewRecord& record) {
  return append_at(next_offset_delta(), record);
}

Result<void> BatchBuilder::append_at(int32_t offset_delta, const NewRecord& record) {
  const Frame next = frame(offset_delta, record.timestamp_ms, payload_size(record));
  ODK_TRY(uint8_t* at, open_record(next, record.timestamp_ms));
  at = write_payload(at, record);
  ODK_ASSERT(at == buffer_.data() + buffer_.size());
  return {};
}

Result<void> BatchBuilder::append_payload(int32_t offset_delta, int64_t timestamp_ms,
                                          Bytes payload) {
  const Frame next = frame(offset_delta, timestamp_ms, payload.size());
  ODK_TRY(uint8_t* at, open_record(next, timestamp_ms));
  write_bytes(at, payload);
  return {};
}

void BatchBuilder::extend_to(int32_t offset_delta) {
  last_offset_delta_ = std::max(last_offset_delta_, offset_delta);
}

void BatchBuilder::write_header(uint8_t* to, size_t batch_bytes, Codec codec) const {
  uint16_t attributes = static_cast<uint16_t>(codec);
  if (options_.timestamp_type == TimestampType::kLogAppendTime) {
    attributes |= batch_attributes::kLogAppendTime;
  }
  if (options_.transactional) attributes |= batch_attributes::kTransactional;
  if (options_.control) attributes |= batch_attributes::kControl;
  if (options_.delete_horizon_ms) attributes |= batch_attributes::kDeleteHorizon;

  store_be(to + batch_layout::kBaseOffset, options_.base_offset);
  store_be(to + batch_layout::kLength,
           static_cast<int32_t>(batch_bytes - batch_layout::kPrefixBytes));
  store_be(to + batch_layout::kLeaderEpoch, options_.leader_epoch);
  store_be(to + batch_layout::kMagic, kBatchMagic);
  store_be(to + batch_layout::kAttributes, attributes);
  store_be(to + batch_layout::kLastOffsetDelta, last_offset_delta_);
  store_be(to + batch_layout::kBaseTimestamp, base_timestamp_ms_);
  store_be(to + batch_layout::kMaxTimestamp, max_timestamp_ms_);
  store_be(to + batch_layout::kProducerId, options_.producer_id);
  store_be(to + batch_layout::kProducerEpoch, options_.producer_epoch);
  store_be(to + batch_layout::kBaseSequence, options_.base_sequence);
  store_be(to + batch_layout::kRecordCount, count_);
  const Bytes covered(to + batch_layout::kAttributes, batch_bytes - batch_layout::kAttributes);
  store_be(to + batch_layout::kCrc, crc32c(covered));
}

Result<Slice> BatchBuilder::finish(Compressor& compressor) {
  if (count_ == 0) return Error(Errc::kPrecondition, "record batch without records");
  if (options_.codec != Codec::kNone) {
    const Bytes records = buffer_.bytes().subspan(kHeaderBytes);
    ODK_TRY(const Bytes compressed, compressor.compress(options_.codec, options_.level, records));
    if (compressed.size() > kBatchBytesMax - kHeaderBytes) {
      return Error(Errc::kLimitExceeded, "record batch over 2 GiB");
    }
    if (!options_.compress_only_if_smaller || compressed.size() < records.size()) {
      Buffer batch(kHeaderBytes + compressed.size());
      batch.extend(kHeaderBytes);
      batch.append(compressed);
      write_header(batch.data(), batch.size(), options_.codec);
      clear();
      return batch.freeze();
    }
  }
  write_header(buffer_.data(), buffer_.size(), Codec::kNone);
  Slice batch = buffer_.freeze();
  clear();
  return batch;
}

void BatchBuilder::clear() {
  buffer_.clear();
  count_ = 0;
  last_offset_delta_ = -1;
  base_timestamp_ms_ = kNoTimestamp;
  max_timestamp_ms_ = kNoTimestamp;
}

}  // namespace odradek::wire
