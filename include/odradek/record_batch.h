#pragma once

#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "odradek/types.h"

namespace odradek::kafka {

// The headers of a record, decoded while walked: for (const Header& header : record.headers()).
class HeaderRange {
 public:
  class Iterator {
   public:
    using value_type = Header;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;

    Iterator() = default;
    const Header& operator*() const { return header_; }
    const Header* operator->() const { return &header_; }
    Iterator& operator++() {
      --left_;
      decode();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return left_ <= 0; }

   private:
    friend class HeaderRange;
    Iterator(const uint8_t* at, const uint8_t* end, int32_t count)
        : at_(at), end_(end), left_(count) {
      decode();
    }
    void decode();

    const uint8_t* at_ = nullptr;
    const uint8_t* end_ = nullptr;
    int32_t left_ = 0;
    Header header_;
  };

  HeaderRange() = default;
  HeaderRange(const uint8_t* at, const uint8_t* end, int32_t count)
      : at_(at), end_(end), count_(count) {}

  Iterator begin() const { return {at_, end_, count_}; }
  std::default_sentinel_t end() const { return {}; }
  int32_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  // The last header with this key, as Kafka's lastHeader().
  std::optional<Header> last(std::string_view key) const;

 private:
  const uint8_t* at_ = nullptr;
  const uint8_t* end_ = nullptr;
  int32_t count_ = 0;
};

// One record of a RecordBatch. A view: valid as long as the batch.
class RecordView {
 public:
  int64_t offset() const { return offset_; }
  int64_t timestamp_ms() const { return timestamp_ms_; }
  // Empty without a key or value; has_key() and is_tombstone() tell that from an empty one.
  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }
  bool has_key() const { return key_.data() != nullptr; }
  bool is_tombstone() const { return value_.data() == nullptr; }
  HeaderRange headers() const { return {headers_, headers_end_, header_count_}; }

 private:
  friend struct RecordViewAccess;

  int64_t offset_ = 0;
  int64_t timestamp_ms_ = 0;
  std::string_view key_;
  std::string_view value_;
  const uint8_t* headers_ = nullptr;
  const uint8_t* headers_end_ = nullptr;
  int32_t header_count_ = 0;
};

// Records of one partition, in offset order, with the memory they live in. Empty when a wait
// ended without any. Cheap to move. One thread at a time.
class RecordBatch {
 public:
  class Content;

  RecordBatch();
  explicit RecordBatch(std::unique_ptr<Content> content);
  RecordBatch(RecordBatch&& other) noexcept;
  RecordBatch& operator=(RecordBatch&& other) noexcept;
  RecordBatch(const RecordBatch&) = delete;
  RecordBatch& operator=(const RecordBatch&) = delete;
  ~RecordBatch();

  bool empty() const { return records_.empty(); }
  size_t size() const { return records_.size(); }
  const RecordView& operator[](size_t index) const { return records_[index]; }
  auto begin() const { return records_.begin(); }
  auto end() const { return records_.end(); }
  std::span<const RecordView> records() const { return records_; }

  // Where the records are from; "" and -1 when empty.
  std::string_view topic() const;
  int32_t partition() const;
  // The offset behind the last record: what to commit when all are handled.
  int64_t next_offset() const;
  int32_t leader_epoch() const;  // of the last record, -1 if unknown
  // The end of the partition as of this fetch; minus next_offset() is the lag.
  int64_t high_watermark() const;

 private:
  std::unique_ptr<Content> content_;
  std::span<const RecordView> records_;
};

}  // namespace odradek::kafka
