#pragma once

#include <string>

#include "proto/error_code.h"

namespace odradek::broker {

// A Kafka error and, where the protocol has room for it, what to tell people.
struct ApiError {
  proto::ErrorCode code = proto::ErrorCode::kNone;
  std::string message;

  bool ok() const { return code == proto::ErrorCode::kNone; }
};

}  // namespace odradek::broker
