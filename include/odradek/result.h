#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "odradek/error.h"

namespace odradek::kafka {

// A value or a KafkaError. Works like std::expected, for C++20; taking the value of an error
// throws BadResultAccess instead of being undefined.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(KafkaError error) : content_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const noexcept { return content_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& value() & { return checked(); }
  const T& value() const& { return const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(checked()); }
  T& operator*() & { return checked(); }
  const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
  T&& operator*() && { return std::move(checked()); }
  T* operator->() { return &checked(); }
  const T* operator->() const { return &const_cast<Result*>(this)->checked(); }

  template <class U>
  T value_or(U&& other) const& {
    return has_value() ? std::get<0>(content_) : static_cast<T>(std::forward<U>(other));
  }
  template <class U>
  T value_or(U&& other) && {
    return has_value() ? std::move(std::get<0>(content_)) : static_cast<T>(std::forward<U>(other));
  }

  // Only of a Result without a value.
  const KafkaError& error() const { return std::get<1>(content_); }

 private:
  T& checked() {
    if (content_.index() != 0) throw BadResultAccess(std::get<1>(content_));
    return std::get<0>(content_);
  }

  std::variant<T, KafkaError> content_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(KafkaError error) : error_(std::move(error)) {}

  bool has_value() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  void value() const {
    if (error_) throw BadResultAccess(*error_);
  }
  const KafkaError& error() const { return error_.value(); }

 private:
  std::optional<KafkaError> error_;
};

}  // namespace odradek::kafka
