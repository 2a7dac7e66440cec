#include "wire/crc32c.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace odradek::wire {
namespace {

std::vector<uint8_t> random_bytes(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes(count);
  std::ranges::generate(bytes, [&] { return static_cast<uint8_t>(random()); });
  return bytes;
}

TEST(Crc32c, AgreesWithPublishedValues) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c({}), 0U);
  // RFC 3720, appendix B.4.
  EXPECT_EQ(crc32c(std::vector<uint8_t>(32, 0x00)), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::vector<uint8_t>(32, 0xFF)), 0x62A8AB43U);
}

TEST(Crc32c, ExtendsOverPiecesOfAnySize) {
  const auto bytes = random_bytes(300, 1);
  const Bytes all(bytes);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    EXPECT_EQ(crc32c_extend(crc32c(all.first(cut)), all.subspan(cut)), crc32c(all)) << cut;
  }
}

TEST(Crc32c, CombinesTheCrcsOfTwoPieces) {
  const auto bytes = random_bytes(100'000, 2);
  const Bytes all(bytes);
  for (const size_t cut :
       std::vector<size_t>{0, 1, 2, 15, 16, 17, 255, 256, 4096, 65'536, 99'999, 100'000}) {
    const Bytes tail = all.subspan(cut);
    EXPECT_EQ(crc32c_combine(crc32c(all.first(cut)), crc32c(tail), tail.size()), crc32c(all));
  }
}

// What the proxy does to every marked batch: 40 header bytes change, the body is not read.
TEST(Crc32c, ReplacesHeaderBytesWithoutReadingTheBody) {
  constexpr size_t kHeader = 40;
  std::mt19937 random(3);
  std::vector<size_t> bodies;
  for (size_t size = 0; size <= 300; ++size) bodies.push_back(size);
  for (size_t power = 9; power <= 20; ++power) {
    const size_t size = size_t{1} << power;
    bodies.insert(bodies.end(), {size - 1, size, size - random() % 256});
  }
  for (const size_t body : bodies) {
    const auto before = random_bytes(kHeader + body, static_cast<uint32_t>(body));
    auto after = before;
    const size_t first = random() % kHeader;
    const size_t count = 1 + random() % (kHeader - first);
    std::generate_n(after.begin() + static_cast<std::ptrdiff_t>(first), count,
                    [&] { return static_cast<uint8_t>(random()); });
    const uint32_t replaced =
        crc32c_replace(crc32c(before), Bytes(before).subspan(first, count),
                       Bytes(after).subspan(first, count), before.size() - first - count);
    ASSERT_EQ(replaced, crc32c(after)) << "body " << body;
  }
}

TEST(Crc32c, ReplacesPartsLongerThanOnePiece) {
  const auto before = random_bytes(1000, 4);
  auto after = random_bytes(700, 5);
  after.insert(after.end(), before.begin() + 700, before.end());
  EXPECT_EQ(crc32c_replace(crc32c(before), Bytes(before).first(700), Bytes(after).first(700), 300),
            crc32c(after));
}

TEST(Crc32c, KeepsTheDifferenceOfADamagedMessage) {
  auto before = random_bytes(5000, 6);
  const uint32_t stored = crc32c(before);
  before[4000] ^= 0x10;  // damaged after the CRC was made
  auto after = before;
  after[3] ^= 0xFF;
  const uint32_t replaced =
      crc32c_replace(stored, Bytes(before).first(40), Bytes(after).first(40), 4960);
  EXPECT_NE(replaced, crc32c(after));
  after[4000] ^= 0x10;
  EXPECT_EQ(replaced, crc32c(after));
}

}  // namespace
}  // namespace odradek::wire
