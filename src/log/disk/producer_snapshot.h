#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "log/producer_state.h"

namespace odradek::log {

// The producers of a partition as Kafka writes them to %020d.snapshot: int16 version 1, uint32
// CRC-32C of what follows, then an array of entries. Of each producer only the last batch is kept.
// Source: ProducerSnapshot.json, ProducerStateManager of Kafka 4.
std::string encode_producers(const ProducerStates& producers);

// kMalformed, kChecksum, kUnsupported.
Result<ProducerStates> decode_producers(Bytes snapshot);

}  // namespace odradek::log
