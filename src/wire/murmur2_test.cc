#include "wire/murmur2.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace odradek::wire {
namespace {

// Partitions of 12 that Kafka's own Utils.murmur2 and toPositive give.
TEST(Murmur2, SpreadsKeysAsJavaDoes) {
  const std::vector<std::pair<std::string, int32_t>> partitions{{"a", 4},
                                                                {"b", 8},
                                                                {"key", 1},
                                                                {"user-1", 8},
                                                                {"user-42", 4},
                                                                {"order:1001", 10},
                                                                {"ключ", 8},
                                                                {"odradek", 7},
                                                                {"0123456789abcdef", 0},
                                                                {"partition", 10},
                                                                {"The quick brown fox", 9}};
  for (const auto& [key, partition] : partitions) {
    EXPECT_EQ(partition_for_key(as_bytes(key), 12), partition) << key;
  }
}

// The values of Kafka's UtilsTest.testMurmur2.
TEST(Murmur2, HashesAsJavaDoes) {
  const std::vector<std::pair<std::string, int32_t>> hashes{
      {"21", -973932308},
      {"foobar", -790332482},
      {"a-little-bit-long-string", -985981536},
      {"a-little-bit-longer-string", -1486304829},
      {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
      {"abc", 479470107}};
  for (const auto& [key, hash] : hashes) {
    EXPECT_EQ(static_cast<int32_t>(murmur2(as_bytes(key))), hash) << key;
  }
}

TEST(Murmur2, TakesEmptyAndNullKeys) {
  EXPECT_EQ(murmur2({}), murmur2(as_bytes("")));
  EXPECT_EQ(partition_for_key({}, 1), 0);
}

}  // namespace
}  // namespace odradek::wire
