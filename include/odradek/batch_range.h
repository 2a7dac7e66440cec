#pragma once

#include <chrono>
#include <iterator>
#include <memory>

#include "odradek/record_batch.h"
#include "odradek/result.h"

namespace odradek::kafka {

class ConsumerCore;

// The batches of a consumer, for a range-based for loop: each step waits for the next one, and
// blocks. A batch is valid until the next step; move it to keep it. The thread of the consumer.
class BatchRange {
 public:
  class Iterator {
   public:
    using value_type = RecordBatch;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;

    RecordBatch& operator*() const { return range_->batch_; }
    RecordBatch* operator->() const { return &range_->batch_; }
    Iterator& operator++() {
      range_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t /*end*/) const { return range_->is_over_; }

   private:
    friend class BatchRange;
    explicit Iterator(BatchRange& range) : range_(&range) {}

    BatchRange* range_;
  };

  // For the library: Consumer::batches().
  BatchRange(std::shared_ptr<ConsumerCore> core, std::chrono::milliseconds idle);

  Iterator begin() {
    advance();
    return Iterator(*this);
  }
  std::default_sentinel_t end() const { return {}; }

  // Why the loop ended: an error, or none.
  const Result<void>& status() const { return status_; }

 private:
  void advance();

  std::shared_ptr<ConsumerCore> core_;
  std::chrono::milliseconds idle_;
  RecordBatch batch_;
  Result<void> status_;
  bool is_over_ = false;
};

}  // namespace odradek::kafka
