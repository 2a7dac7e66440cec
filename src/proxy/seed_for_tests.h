#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace odradek::proxy {

// Where a property test begins: printed, another one each time; ODRADEK_SEED runs one again.
inline uint64_t seed_of_test() {
  const char* given = std::getenv("ODRADEK_SEED");
  const uint64_t seed = given == nullptr ? std::random_device{}() : std::stoull(given);
  fmt::print("seed {}\n", seed);
  return seed;
}

}  // namespace odradek::proxy
