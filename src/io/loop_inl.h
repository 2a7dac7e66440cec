#pragma once

#include <optional>
#include <utility>

#include "io/loop.h"

namespace odradek::io {
namespace detail {

template <class T>
Task<void> store_value(Task<T> task, std::optional<T>* into) {
  T value = co_await std::move(task);
  into->emplace(std::move(value));
}

}  // namespace detail

template <class T>
T Loop::block_on(Task<T> task) {
  if constexpr (std::is_void_v<T>) {
    run_to_end(std::move(task));
  } else {
    std::optional<T> value;
    run_to_end(detail::store_value(std::move(task), &value));
    return *std::move(value);
  }
}

}  // namespace odradek::io
