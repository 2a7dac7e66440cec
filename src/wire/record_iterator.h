#pragma once

#include <cstdint>
#include <iterator>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/codec.h"
#include "wire/record_batch.h"

namespace odradek::wire {

// One header of a record. The key is UTF-8 and may repeat or be empty; a null value
// (data() == nullptr) is not an empty one.
struct RecordHeader {
  std::string_view key;
  Bytes value;
};

// The headers of a record, decoded while walked. Their bounds were checked by the RecordCursor
// that handed them out. A view of the batch's (decompressed) bytes.
class RecordHeaders {
 public:
  class Iterator {
   public:
    using value_type = RecordHeader;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;

    Iterator() = default;
    const RecordHeader& operator*() const { return header_; }
    const RecordHeader* operator->() const { return &header_; }
    Iterator& operator++() {
      --left_;
      decode();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t /*end*/) const { return left_ <= 0; }

   private:
    friend class RecordHeaders;
    Iterator(const uint8_t* at, const uint8_t* end, int32_t count)
        : at_(at), end_(end), left_(count) {
      decode();
    }
    void decode();

    const uint8_t* at_ = nullptr;
    const uint8_t* end_ = nullptr;
    int32_t left_ = 0;
    RecordHeader header_;
  };

  RecordHeaders() = default;
  RecordHeaders(Bytes encoded, int32_t count) : encoded_(encoded), count_(count) {}

  int32_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  Iterator begin() const { return {encoded_.data(), encoded_.data() + encoded_.size(), count_}; }
  std::default_sentinel_t end() const { return {}; }
  // As encoded, behind the count.
  Bytes encoded() const { return encoded_; }

 private:
  Bytes encoded_;
  int32_t count_ = 0;
};

// One record, as views of the batch's (decompressed) bytes.
struct RecordView {
  int64_t offset = 0;
  int64_t timestamp_ms = 0;  // for LogAppendTime the batch's max timestamp
  int32_t offset_delta = 0;
  Bytes key;    // null data: no key
  Bytes value;  // null data: a tombstone
  RecordHeaders headers;
  Bytes payload;  // key, value and headers as encoded: BatchBuilder::append_payload takes it
  Bytes encoded;  // the whole record with its length in front
};

// How much of each record is decoded.
enum class RecordMode : uint8_t {
  kFull,
  kOffsets,  // offset, timestamp, payload, encoded; key, value and headers are skipped unseen
};

// Walks the records of one batch without copying or allocating. Checks every bound before it
// hands a record out, also those of its headers. Valid as long as the bytes; one thread.
//   RecordCursor cursor(batch, records);
//   while (const RecordView* record = cursor.next()) use(*record);
//   ODK_TRY_VOID(cursor.status());
// Source: KIP-98 (record), KIP-82 (headers); org.apache.kafka.common.record.DefaultRecord.
class RecordCursor {
 public:
  // `records` is the decompressed records section of `batch`: see records_of().
  RecordCursor(const BatchView& batch, Bytes records, RecordMode mode = RecordMode::kFull);

  // The next record, valid until the following call; nullptr at the end and at the first error.
  const RecordView* next();
  // After nullptr: whether the section was whole. kMalformed when a record is not, when there are
  // fewer or more than the batch's count, or an offset lies outside of the batch.
  const Result<void>& status() const { return status_; }

 private:
  bool decode_body(const uint8_t* at, const uint8_t* end);
  const uint8_t* decode_headers(const uint8_t* at, const uint8_t* end);
  bool fail(std::string_view what);
  void check_end();

  const uint8_t* at_;
  const uint8_t* end_;
  int64_t base_offset_;
  int64_t base_timestamp_ms_;
  int64_t append_timestamp_ms_;
  int32_t last_offset_delta_;
  int32_t count_;
  int32_t left_;
  RecordMode mode_;
  bool log_append_time_;
  RecordView record_;
  Result<void> status_;
};

// The decompressed records section of `batch`: in place when it is not compressed, otherwise in
// `scratch`, which is reused. The view is valid as long as the batch's bytes and until `scratch`
// changes. Errors: Decompressor::decompress.
Result<Bytes> records_of(const BatchView& batch, Decompressor& decompressor, Buffer& scratch,
                         size_t limit_bytes = kDecompressedBytesMax);

}  // namespace odradek::wire
