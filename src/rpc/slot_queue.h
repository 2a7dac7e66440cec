#pragma once

#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "base/clock.h"
#include "base/slice.h"
#include "proto/api_key.h"

namespace odradek::rpc {

// One request's place in the order of answers.
struct AnswerSlot {
  enum class State : uint8_t { kWaiting, kReady, kSilent };

  State state = State::kWaiting;
  proto::ApiKey api_key{};
  int16_t version = 0;
  size_t request_bytes = 0;
  SliceChain answer;
};

// The requests of one connection that are not answered on the wire yet, oldest first, in a ring
// that keeps no memory while it is empty for good. Slot ids count up from 1 and are never reused.
class SlotQueue {
 public:
  bool empty() const { return count_ == 0; }
  size_t size() const { return count_; }
  uint64_t front_id() const { return front_id_; }

  uint64_t push(proto::ApiKey api_key, int16_t version, size_t request_bytes) {
    if (count_ == ring_.size()) grow();
    AnswerSlot& slot = at(count_);
    slot = AnswerSlot{AnswerSlot::State::kWaiting, api_key, version, request_bytes, {}};
    ++count_;
    return front_id_ + count_ - 1;
  }
  // Null for ids that are not in the queue (any more).
  AnswerSlot* find(uint64_t id) {
    return id >= front_id_ && id - front_id_ < count_ ? &at(id - front_id_) : nullptr;
  }
  // The slot `index` places behind the front.
  AnswerSlot& at(size_t index) { return ring_[(begin_ + index) & (ring_.size() - 1)]; }

  void pop_front() {
    ODK_ASSERT(count_ != 0);
    at(0).answer = SliceChain();
    begin_ = (begin_ + 1) & (ring_.size() - 1);
    ++front_id_;
    --count_;
  }
  // Gives back what a burst needed; only when empty.
  void shrink() {
    if (count_ == 0 && ring_.size() > kKeptRing) ring_ = {};
  }

 private:
  static constexpr size_t kSmallRing = 2;
  static constexpr size_t kKeptRing = 16;

  void grow() {
    std::vector<AnswerSlot> larger(ring_.empty() ? kSmallRing : ring_.size() * 2);
    for (size_t i = 0; i < count_; ++i) larger[i] = std::move(at(i));
    ring_ = std::move(larger);
    begin_ = 0;
  }

  std::vector<AnswerSlot> ring_;  // its size is a power of two
  size_t begin_ = 0;
  size_t count_ = 0;
  uint64_t front_id_ = 1;
};

}  // namespace odradek::rpc
