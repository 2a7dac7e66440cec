#pragma once

#include <cstdint>

namespace odradek::broker {

// Which defaults a broker starts with.
enum class Profile : uint8_t {
  kDev,    // quick: no initial rebalance delay, retention looked at each second
  kKafka,  // Apache Kafka's own
};

}  // namespace odradek::broker
