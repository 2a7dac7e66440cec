#include "wire/varint.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

namespace odradek::wire {
namespace {

constexpr auto kInt32Min = std::numeric_limits<int32_t>::min();
constexpr auto kInt32Max = std::numeric_limits<int32_t>::max();
constexpr auto kInt64Min = std::numeric_limits<int64_t>::min();
constexpr auto kInt64Max = std::numeric_limits<int64_t>::max();

std::vector<uint8_t> encoded(int64_t value) {
  std::vector<uint8_t> bytes(kVarlongBytesMax);
  const uint8_t* end = write_varint(bytes.data(), value);
  bytes.resize(static_cast<size_t>(end - bytes.data()));
  return bytes;
}

// Values of Kafka's ByteUtilsTest.
TEST(Varint, EncodesAsJavaDoes) {
  EXPECT_EQ(encoded(0), (std::vector<uint8_t>{0x00}));
  EXPECT_EQ(encoded(-1), (std::vector<uint8_t>{0x01}));
  EXPECT_EQ(encoded(1), (std::vector<uint8_t>{0x02}));
  EXPECT_EQ(encoded(63), (std::vector<uint8_t>{0x7E}));
  EXPECT_EQ(encoded(-64), (std::vector<uint8_t>{0x7F}));
  EXPECT_EQ(encoded(64), (std::vector<uint8_t>{0x80, 0x01}));
  EXPECT_EQ(encoded(-8193), (std::vector<uint8_t>{0x81, 0x80, 0x01}));
  EXPECT_EQ(encoded(kInt32Max), (std::vector<uint8_t>{0xFE, 0xFF, 0xFF, 0xFF, 0x0F}));
  EXPECT_EQ(encoded(kInt32Min), (std::vector<uint8_t>{0xFF, 0xFF, 0xFF, 0xFF, 0x0F}));
  EXPECT_EQ(encoded(kInt64Max),
            (std::vector<uint8_t>{0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}));
}

TEST(Varint, ReadsBackWhatItWroteAndKnowsTheSize) {
  for (unsigned shift = 0; shift < 64; ++shift) {
    const auto power = static_cast<int64_t>(uint64_t{1} << shift);
    for (const int64_t value : {power, ~power, power / 3, kInt64Min, kInt64Max}) {
      const auto bytes = encoded(value);
      EXPECT_EQ(bytes.size(), varint_size(value));
      int64_t found = 0;
      const uint8_t* end = bytes.data() + bytes.size();
      EXPECT_EQ(read_varlong(bytes.data(), end, found), end);
      EXPECT_EQ(found, value);
      EXPECT_EQ(read_varlong(bytes.data(), end - 1, found), nullptr) << "cut";
    }
  }
  for (const int32_t value : {0, 1, -1, 63, -64, 64, 8191, -8193, kInt32Min, kInt32Max}) {
    const auto bytes = encoded(value);
    int32_t found = 0;
    EXPECT_EQ(read_varint(bytes.data(), bytes.data() + bytes.size(), found),
              bytes.data() + bytes.size());
    EXPECT_EQ(found, value);
  }
}

TEST(Varint, RefusesTooManyBytes) {
  const std::vector<uint8_t> endless(20, 0x80);
  const uint8_t* end = endless.data() + endless.size();
  int32_t small = 0;
  int64_t large = 0;
  EXPECT_EQ(read_varint(endless.data(), end, small), nullptr);
  EXPECT_EQ(read_varlong(endless.data(), end, large), nullptr);
  EXPECT_EQ(read_varint(end, end, small), nullptr) << "nothing to read";
  const std::array<uint8_t, 6> six{0x80, 0x80, 0x80, 0x80, 0x80, 0x01};
  EXPECT_EQ(read_varint(six.data(), six.data() + six.size(), small), nullptr);
  EXPECT_NE(read_varlong(six.data(), six.data() + six.size(), large), nullptr);
}

}  // namespace
}  // namespace odradek::wire
