#pragma once

#include <memory>
#include <utility>

#include "client/error_map.h"
#include "odradek/op.h"

namespace odradek::client {

// The producing end of an Op. Set it once; dropped unset, the Op ends with ErrorKind::closed, so
// that no path can leave a program waiting. Any thread, one at a time.
template <class T>
class Promise {
 public:
  Promise() : state_(std::make_unique<kafka::detail::OpState<T>>().release()) {}
  Promise(Promise&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Promise& operator=(Promise&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  Promise(const Promise&) = delete;
  Promise& operator=(const Promise&) = delete;
  ~Promise() {
    if (state_ != nullptr) set(kafka::KafkaError(kafka::ErrorKind::closed, "the client is closed"));
  }

  // Once, before set().
  kafka::Op<T> op() {
    state_->retain();
    return kafka::Op<T>(state_);
  }

  void set(kafka::Result<T> value) {
    auto* const state = std::exchange(state_, nullptr);
    state->set(std::move(value));
    state->release();
  }
  void set(Result<T> value) { set(to_public(std::move(value))); }

  explicit operator bool() const { return state_ != nullptr; }

 private:
  kafka::detail::OpState<T>* state_;
};

}  // namespace odradek::client
