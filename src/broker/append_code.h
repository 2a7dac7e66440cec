#pragma once

#include "log/append_fault.h"
#include "proto/error_code.h"

namespace odradek::broker {

// Kafka's code for why a log refused a batch.
proto::ErrorCode code_of(log::AppendFault fault);

}  // namespace odradek::broker
