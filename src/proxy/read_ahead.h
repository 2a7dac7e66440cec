#pragma once

#include <cstdint>
#include <memory>

namespace odradek::proxy {

// What reads that no client has asked for yet may hold together. One loop.
class ReadAheadBudget {
 public:
  // A part of the budget, given back with its last copy.
  using Share = std::shared_ptr<const void>;

  explicit ReadAheadBudget(int64_t bytes) : left_(bytes) {}
  ReadAheadBudget(const ReadAheadBudget&) = delete;
  ReadAheadBudget& operator=(const ReadAheadBudget&) = delete;

  // Null when there is not so much left. The budget outlives the share.
  Share take(int64_t bytes) {
    if (bytes > left_) return nullptr;
    left_ -= bytes;
    return {&left_, [bytes](int64_t* left) { *left += bytes; }};
  }
  int64_t left() const { return left_; }

 private:
  int64_t left_;
};

// Whether a client goes on where it stopped. One that did not is not read ahead for, for a while.
class ReadAheadHabit {
 public:
  void begin_fetch() {
    if (rest_ > 0) --rest_;
  }
  bool may_read_ahead() const { return rest_ == 0; }
  void note_wasted() { rest_ = kRest; }

 private:
  static constexpr int kRest = 16;  // of the client's Fetches
  int rest_ = 0;
};

}  // namespace odradek::proxy
