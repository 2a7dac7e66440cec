#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "base/slice.h"
#include "wire/codec.h"
#include "wire/record_batch.h"
#include "wire/record_iterator.h"

namespace odradek::wire {

// A record to append; everything is borrowed until append() returns.
struct NewRecord {
  int64_t timestamp_ms = 0;
  Bytes key = {};    // null data: no key
  Bytes value = {};  // null data: a tombstone
  std::span<const RecordHeader> headers = {};
};

// What a batch says about itself beyond its records.
struct BatchOptions {
  int64_t base_offset = 0;
  int32_t leader_epoch = kNoLeaderEpoch;
  Codec codec = Codec::kNone;
  int level = kDefaultLevel;
  // Send the records uncompressed, and say so, where compression would make the batch larger.
  bool compress_only_if_smaller = true;
  TimestampType timestamp_type = TimestampType::kCreateTime;
  bool transactional = false;
  bool control = false;
  int64_t producer_id = kNoProducerId;
  int16_t producer_epoch = kNoProducerEpoch;
  int32_t base_sequence = kNoSequence;
  // When compaction may drop tombstones and markers (KIP-534); takes the base timestamp's place.
  std::optional<int64_t> delete_horizon_ms = {};
};

// Makes one record batch after the other. Records are encoded straight into the bytes that
// finish() hands out; there are no record objects. The first record's timestamp is the batch's
// base timestamp. One thread.
class BatchBuilder {
 public:
  // `capacity_bytes` is a hint: the batch size to expect.
  explicit BatchBuilder(const BatchOptions& options, size_t capacity_bytes = 0);

  // May be changed at any time before finish(): producers learn their sequence late.
  BatchOptions& options() { return options_; }
  const BatchOptions& options() const { return options_; }

  // Appends a record at the next offset. kLimitExceeded, without a change, when the batch would
  // pass 2 GiB.
  Result<void> append(const NewRecord& record);

  // Appends a record with a delta of its own from the base offset, at least that of the previous
  // record plus one (kInvalidArgument otherwise): holes, as compaction leaves them.
  Result<void> append_at(int32_t offset_delta, const NewRecord& record);

  // As append_at(), the record's key, value and headers being RecordView::payload, which is
  // copied as it is. For re-encoding records with other offsets, timestamps or batches.
  Result<void> append_payload(int32_t offset_delta, int64_t timestamp_ms, Bytes payload);

  // The exact size of the batch, uncompressed, if `record` were appended next.
  size_t size_with(const NewRecord& record) const;
  // The exact size of the batch now, uncompressed.
  size_t size() const { return buffer_.empty() ? batch_layout::kHeaderBytes : buffer_.size(); }
  int32_t record_count() const { return count_; }
  bool empty() const { return count_ == 0; }
  // Wraps below zero behind the largest, which append() then refuses.
  int32_t next_offset_delta() const {
    return static_cast<int32_t>(static_cast<uint32_t>(last_offset_delta_) + 1);
  }
  int64_t max_timestamp_ms() const { return max_timestamp_ms_; }  // kNoTimestamp when empty

  // Lets the batch span the offsets up to `offset_delta` though it has no record there.
  void extend_to(int32_t offset_delta);

  // The whole batch, compressed as options() say, CRC included. The builder is empty afterwards
  // and keeps its options; its memory too where the batch was compressed.
  // Errors: kPrecondition without records; Compressor::compress.
  Result<Slice> finish(Compressor& compressor);

  // Drops the records, keeps the options and the memory.
  void clear();

 private:
  struct Frame {  // of a record: sizes and deltas known before it is written
    int64_t timestamp_delta;
    int32_t offset_delta;
    size_t body_bytes;
  };

  Frame frame(int32_t offset_delta, int64_t timestamp_ms, size_t payload_bytes) const;
  Result<uint8_t*> open_record(const Frame& frame, int64_t timestamp_ms);
  void write_header(uint8_t* to, size_t batch_bytes, Codec codec) const;

  BatchOptions options_;
  size_t capacity_bytes_;
  Buffer buffer_;  // room for the header, then the records
  int32_t count_ = 0;
  int32_t last_offset_delta_ = -1;
  int64_t base_timestamp_ms_ = kNoTimestamp;
  int64_t max_timestamp_ms_ = kNoTimestamp;
};

}  // namespace odradek::wire
