#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/codec.h"
#include "wire/endian.h"

namespace odradek::wire {

// Where the fields of a record batch (magic 2) are, in bytes from its start.
// Source: KIP-98; org.apache.kafka.common.record.DefaultRecordBatch.
namespace batch_layout {
inline constexpr size_t kBaseOffset = 0;       // int64
inline constexpr size_t kLength = 8;           // int32, of everything behind this field
inline constexpr size_t kLeaderEpoch = 12;     // int32
inline constexpr size_t kMagic = 16;           // int8
inline constexpr size_t kCrc = 17;             // uint32, CRC-32C of everything behind this field
inline constexpr size_t kAttributes = 21;      // int16
inline constexpr size_t kLastOffsetDelta = 23; // int32
inline constexpr size_t kBaseTimestamp = 27;   // int64
inline constexpr size_t kMaxTimestamp = 35;    // int64
inline constexpr size_t kProducerId = 43;      // int64
inline constexpr size_t kProducerEpoch = 51;   // int16
inline constexpr size_t kBaseSequence = 53;    // int32
inline constexpr size_t kRecordCount = 57;     // int32
inline constexpr size_t kHeaderBytes = 61;     // the records section begins here
inline constexpr size_t kPrefixBytes = 12;     // base offset and length, which length leaves out
}  // namespace batch_layout

// Bits of the attributes field. Bits 7 to 15 are unused by Kafka and stored as sent.
namespace batch_attributes {
inline constexpr uint16_t kCodecMask = 0x07;
inline constexpr uint16_t kLogAppendTime = 0x08;
inline constexpr uint16_t kTransactional = 0x10;
inline constexpr uint16_t kControl = 0x20;
inline constexpr uint16_t kDeleteHorizon = 0x40;  // base timestamp is the delete horizon, KIP-534
}  // namespace batch_attributes

inline constexpr int8_t kBatchMagic = 2;
inline constexpr int64_t kNoProducerId = -1;
inline constexpr int16_t kNoProducerEpoch = -1;
inline constexpr int32_t kNoSequence = -1;
inline constexpr int32_t kNoLeaderEpoch = -1;
inline constexpr int64_t kNoTimestamp = -1;

enum class TimestampType : uint8_t { kCreateTime = 0, kLogAppendTime = 1 };

// The sequence number `count` behind `sequence`; after 2^31 - 1 comes 0. Neither is negative.
constexpr int32_t advance_sequence(int32_t sequence, int32_t count) {
  constexpr uint32_t kSequenceMask = 0x7FFFFFFF;
  return static_cast<int32_t>((static_cast<uint32_t>(sequence) + static_cast<uint32_t>(count)) &
                              kSequenceMask);
}

// The size of the batch that begins at `bytes`, its prefix included; nothing when fewer than the
// 12 bytes are there that tell. kMalformed for a size below that of a header.
Result<std::optional<size_t>> peek_batch_size(Bytes bytes);

// One whole record batch, read in place: nothing is decoded but what is asked for. Numbers are
// the wire's, as in the generated messages. A view of borrowed bytes, valid as long as they are;
// trivially copyable.
class BatchView {
 public:
  // The batch at the start of `bytes`, which may go on behind it. Checks sizes, magic and header
  // fields against each other, so that every accessor and last_offset() is safe; neither the CRC
  // nor the records.
  // Errors: kMalformed (also when the batch is cut), kUnsupported for magic 0 and 1 (dropped by
  // Kafka 4) and codecs unknown to Kafka.
  static Result<BatchView> parse(Bytes bytes);

  Bytes bytes() const { return bytes_; }
  size_t size() const { return bytes_.size(); }
  // The records section as stored: compressed by codec().
  Bytes stored_records() const { return bytes_.subspan(batch_layout::kHeaderBytes); }

  int64_t base_offset() const { return field<int64_t>(batch_layout::kBaseOffset); }
  int32_t leader_epoch() const { return field<int32_t>(batch_layout::kLeaderEpoch); }
  uint32_t crc() const { return field<uint32_t>(batch_layout::kCrc); }
  uint16_t attributes() const { return field<uint16_t>(batch_layout::kAttributes); }
  int32_t last_offset_delta() const { return field<int32_t>(batch_layout::kLastOffsetDelta); }
  int64_t base_timestamp() const { return field<int64_t>(batch_layout::kBaseTimestamp); }
  int64_t max_timestamp() const { return field<int64_t>(batch_layout::kMaxTimestamp); }
  int64_t producer_id() const { return field<int64_t>(batch_layout::kProducerId); }
  int16_t producer_epoch() const { return field<int16_t>(batch_layout::kProducerEpoch); }
  int32_t base_sequence() const { return field<int32_t>(batch_layout::kBaseSequence); }
  int32_t record_count() const { return field<int32_t>(batch_layout::kRecordCount); }

  Codec codec() const { return static_cast<Codec>(attributes() & batch_attributes::kCodecMask); }
  TimestampType timestamp_type() const {
    return has(batch_attributes::kLogAppendTime) ? TimestampType::kLogAppendTime
                                                 : TimestampType::kCreateTime;
  }
  bool is_transactional() const { return has(batch_attributes::kTransactional); }
  bool is_control() const { return has(batch_attributes::kControl); }
  bool has_delete_horizon() const { return has(batch_attributes::kDeleteHorizon); }
  bool has_producer() const { return producer_id() != kNoProducerId; }

  int64_t last_offset() const { return base_offset() + last_offset_delta(); }
  int64_t next_offset() const { return base_offset() + last_offset_delta() + 1; }
  // kNoSequence when the batch has none. Source: DefaultRecordBatch.lastSequence.
  int32_t last_sequence() const {
    const int32_t base = base_sequence();
    return base < 0 ? kNoSequence : advance_sequence(base, last_offset_delta());
  }
  // True unless compaction (or a producer that is wrong) left holes between the offsets.
  bool has_all_offsets() const { return record_count() - 1 == last_offset_delta(); }

  // kChecksum when the bytes are not those the CRC was made for.
  Result<void> verify_crc() const;

 private:
  explicit BatchView(Bytes bytes) : bytes_(bytes) {}

  template <class T>
  T field(size_t at) const {
    return load_be<T>(bytes_.data() + at);
  }
  bool has(uint16_t bit) const { return (attributes() & bit) != 0; }

  Bytes bytes_;
};

// Walks batches that follow each other, as in a fetch response, a produce request or a log file.
// The last one may be cut, since brokers cut responses at any byte.
class BatchCursor {
 public:
  explicit BatchCursor(Bytes run) : rest_(run) {}

  // The next whole batch; nothing at the end or before a cut one. An error (BatchView::parse)
  // leaves the cursor where the bad batch begins.
  Result<std::optional<BatchView>> next();

  // What has not been walked: empty, or the beginning of a cut batch.
  Bytes rest() const { return rest_; }
  // The whole size of the cut batch rest() begins with, if that much is there to tell.
  std::optional<size_t> cut_batch_bytes() const;

 private:
  Bytes rest_;
};

// Calls `visit(const BatchView&)` for each whole batch of the run; `visit` returns nothing or a
// Result<void> whose error ends the walk. Gives the bytes of the cut batch at the end, if any.
template <class Visit>
Result<Bytes> for_each_batch(Bytes run, Visit&& visit) {
  BatchCursor cursor(run);
  while (true) {
    ODK_TRY(const std::optional<BatchView> batch, cursor.next());
    if (!batch) return cursor.rest();
    if constexpr (std::is_void_v<std::invoke_result_t<Visit&, const BatchView&>>) {
      visit(*batch);
    } else {
      ODK_TRY_VOID(visit(*batch));
    }
  }
}

}  // namespace odradek::wire
