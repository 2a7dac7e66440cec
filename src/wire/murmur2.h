#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace odradek::wire {

// The 32-bit hash Kafka's Java client spreads keys with (MurmurHash2, its seed).
// Source: org.apache.kafka.common.utils.Utils.murmur2.
uint32_t murmur2(Bytes key);

// The partition Java's default partitioner gives a record with this key: the hash without its
// sign bit, modulo the topic's partition count, which is positive.
// Source: BuiltInPartitioner.partitionForKey.
int32_t partition_for_key(Bytes key, int32_t partition_count);

}  // namespace odradek::wire
