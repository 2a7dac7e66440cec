#pragma once

#include "base/error.h"
#include "base/result.h"
#include "odradek/result.h"

namespace odradek::client {

// The public face of an internal error. The message is kept, the code becomes a kind.
kafka::KafkaError to_public(const Error& error);

template <class T>
kafka::Result<T> to_public(Result<T> result) {
  if (!result) return to_public(result.error());
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return *std::move(result);
  }
}

}  // namespace odradek::client
