#pragma once

#include "client/producer/accumulator.h"
#include "client/producer/sender.h"
#include "odradek/producer.h"

namespace odradek::client {

// kConfig, naming the option, for options that can never work.
Result<void> check(const kafka::ProducerOptions& options);

bool is_idempotent(const kafka::ProducerOptions& options);
// Of checked options.
AccumulatorOptions accumulator_options(const kafka::ProducerOptions& options);
SenderOptions sender_options(const kafka::ProducerOptions& options);

}  // namespace odradek::client
