#include "wire/codec.h"

#include <gtest/gtest.h>
#include <snappy-c.h>

#include <random>
#include <string>
#include <vector>

namespace odradek::wire {
namespace {

constexpr Codec kCompressing[] = {Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd};

// Text that compresses about as well as JSON does.
std::vector<uint8_t> compressible(size_t count, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes;
  while (bytes.size() < count) {
    const std::string line = "{\"id\":" + std::to_string(random() % 100'000) + ",\"name\":\"n" +
                             std::to_string(random() % 50) + "\"}";
    bytes.insert(bytes.end(), line.begin(), line.end());
  }
  bytes.resize(count);
  return bytes;
}

std::vector<uint8_t> incompressible(size_t count) {
  std::mt19937 random(7);
  std::vector<uint8_t> bytes(count);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

std::vector<uint8_t> copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

std::vector<uint8_t> compressed(Codec codec, Bytes input, int level = kDefaultLevel) {
  Compressor compressor;
  return copy(compressor.compress(codec, level, input).value());
}

class EachCodec : public testing::TestWithParam<Codec> {
 protected:
  Result<Bytes> decompress(Bytes input, size_t limit_bytes = kDecompressedBytesMax) {
    return decompressor_.decompress(GetParam(), input, out_, limit_bytes);
  }

  Compressor compressor_;
  Decompressor decompressor_;
  Buffer out_;
};

INSTANTIATE_TEST_SUITE_P(Codec, EachCodec, testing::ValuesIn(kCompressing),
                         [](const auto& param) { return std::string(codec_name(param.param)); });

TEST_P(EachCodec, GivesBackWhatWentInWithReusedContexts) {
  for (const size_t size :
       std::vector<size_t>{0, 1, 100, 1000, 65'535, 65'536, 65'537, 200'000, 3'000'000}) {
    for (const auto& input : {compressible(size), incompressible(size)}) {
      const Result<Bytes> packed = compressor_.compress(GetParam(), kDefaultLevel, input);
      ASSERT_TRUE(packed) << packed.error().to_string();
      const Result<Bytes> unpacked = decompress(*packed);
      ASSERT_TRUE(unpacked) << unpacked.error().to_string();
      EXPECT_EQ(copy(*unpacked), input) << size;
    }
  }
}

TEST_P(EachCodec, TakesAnyLevelAndMovesTheOthersInside) {
  const auto input = compressible(20'000);
  const LevelRange range = codec_levels(GetParam());
  for (const int level : {range.min, range.max, -1, 0, 1, 5, 9, 1000, -200'000, kDefaultLevel}) {
    const Result<Bytes> packed = compressor_.compress(GetParam(), level, input);
    ASSERT_TRUE(packed) << level;
    EXPECT_EQ(copy(decompress(*packed).value()), input) << level;
  }
}

TEST_P(EachCodec, RefusesInputCutAtAnyByte) {
  const auto packed = compressed(GetParam(), compressible(3000));
  for (size_t size = 0; size < packed.size(); ++size) {
    const Result<Bytes> unpacked = decompress(Bytes(packed).first(size));
    if (GetParam() == Codec::kSnappy && unpacked) {
      // The xerial framing has no end mark: the header alone is an empty stream.
      EXPECT_EQ(size, 16U);
      continue;
    }
    ASSERT_FALSE(unpacked) << size;
    EXPECT_EQ(unpacked.error().code(), Errc::kMalformed) << size;
  }
}

TEST_P(EachCodec, SurvivesAnyFlippedByteAndStaysInTheLimit) {
  constexpr size_t kLimit = 100'000;
  const auto packed = compressed(GetParam(), compressible(3000));
  for (size_t at = 0; at < packed.size(); ++at) {
    for (const uint8_t flip : std::vector<uint8_t>{0x01, 0x80, 0xFF}) {
      auto damaged = packed;
      damaged[at] ^= flip;
      const Result<Bytes> unpacked = decompress(damaged, kLimit);
      if (unpacked) EXPECT_LE(unpacked->size(), kLimit);
    }
  }
  EXPECT_EQ(copy(decompress(packed).value()), compressible(3000));  // contexts are still good
}

TEST_P(EachCodec, RefusesBytesBehindTheEnd) {
  auto packed = compressed(GetParam(), compressible(3000));
  packed.insert(packed.end(), {1, 2, 3});
  const Result<Bytes> unpacked = decompress(packed);
  ASSERT_FALSE(unpacked);
  EXPECT_EQ(unpacked.error().code(), Errc::kMalformed);
}

TEST_P(EachCodec, ReadsSeveralStreamsInARow) {
  const auto first = compressible(50'000, 1);
  const auto second = compressible(70'000, 2);
  auto packed = compressed(GetParam(), first);
  const auto more = compressed(GetParam(), second);
  packed.insert(packed.end(), more.begin(), more.end());
  auto expected = first;
  expected.insert(expected.end(), second.begin(), second.end());
  const Result<Bytes> unpacked = decompress(packed);
  ASSERT_TRUE(unpacked) << unpacked.error().to_string();
  EXPECT_EQ(copy(*unpacked), expected);
}

TEST_P(EachCodec, StopsABombAtTheLimit) {
  constexpr size_t kBomb = size_t{64} << 20U;
  constexpr size_t kLimit = size_t{1} << 20U;
  const auto packed = compressed(GetParam(), std::vector<uint8_t>(kBomb));
  const Result<Bytes> unpacked = decompress(packed, kLimit);
  ASSERT_FALSE(unpacked);
  EXPECT_EQ(unpacked.error().code(), Errc::kLimitExceeded);
  EXPECT_LE(out_.capacity(), 2 * kLimit);
}

TEST_P(EachCodec, TellsOutputOfExactlyTheLimitFromMore) {
  const auto input = compressible(100'000);
  const auto packed = compressed(GetParam(), input);
  EXPECT_TRUE(decompress(packed, input.size()));
  const Result<Bytes> over = decompress(packed, input.size() - 1);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code(), Errc::kLimitExceeded);
  EXPECT_FALSE(decompress(packed, 0));
}

TEST_P(EachCodec, KeepsTheOutputMemoryForTheNextBatch) {
  const auto packed = compressed(GetParam(), compressible(100'000));
  ASSERT_TRUE(decompress(packed));
  const uint8_t* memory = out_.data();
  ASSERT_TRUE(decompress(packed));
  EXPECT_EQ(out_.data(), memory);
}

TEST(Codec, NamesAreThoseOfTheConfiguration) {
  for (const Codec codec :
       {Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd}) {
    EXPECT_EQ(codec_from_name(codec_name(codec)), codec);
  }
  EXPECT_EQ(codec_name(Codec::kLz4), "lz4");
  EXPECT_FALSE(codec_from_name("brotli"));
  EXPECT_EQ(codec_name(static_cast<Codec>(7)), "unknown");
}

TEST(Codec, NoneIsTheInputItself) {
  const auto input = compressible(100);
  Compressor compressor;
  Decompressor decompressor;
  Buffer out;
  EXPECT_EQ(compressor.compress(Codec::kNone, 3, input).value().data(), input.data());
  EXPECT_EQ(decompressor.decompress(Codec::kNone, input, out).value().data(), input.data());
}

TEST(Codec, UnknownNumbersAreUnsupported) {
  Decompressor decompressor;
  Buffer out;
  for (const int number : {5, 6, 7}) {
    const auto unpacked = decompressor.decompress(static_cast<Codec>(number), as_bytes("x"), out);
    ASSERT_FALSE(unpacked);
    EXPECT_EQ(unpacked.error().code(), Errc::kUnsupported);
  }
}

TEST(Codec, SnappyReadsARawBlockToo) {
  const auto input = compressible(200'000);
  std::vector<uint8_t> raw(snappy_max_compressed_length(input.size()));
  size_t size = raw.size();
  ASSERT_EQ(snappy_compress(reinterpret_cast<const char*>(input.data()), input.size(),
                            reinterpret_cast<char*>(raw.data()), &size),
            SNAPPY_OK);
  Decompressor decompressor;
  Buffer out;
  const auto unpacked = decompressor.decompress(Codec::kSnappy, Bytes(raw).first(size), out);
  ASSERT_TRUE(unpacked);
  EXPECT_EQ(copy(*unpacked), input);
}

TEST(Codec, SnappyDoesNotBelieveAnAnnouncedLength) {
  const std::vector<uint8_t> liar{0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0x00, 0x41};  // "2 GiB follow"
  Decompressor decompressor;
  Buffer out;
  const auto unpacked =
      decompressor.decompress(Codec::kSnappy, liar, out, std::numeric_limits<size_t>::max());
  ASSERT_FALSE(unpacked);
  EXPECT_EQ(out.capacity(), 0U);
}

TEST(Codec, ZstdDoesNotBelieveAnAnnouncedLength) {
  // A single-segment frame that announces 127 MiB and holds one raw block of one byte.
  const std::vector<uint8_t> liar{0x28, 0xB5, 0x2F, 0xFD, 0xA0, 0x00, 0x00,
                                  0xF0, 0x07, 0x09, 0x00, 0x00, 0x41};
  Decompressor decompressor;
  Buffer out;
  ASSERT_FALSE(decompressor.decompress(Codec::kZstd, liar, out));
  EXPECT_LE(out.capacity(), size_t{1} << 20U);
}

// What Kafka's Lz4BlockInputStream asks of a frame (KIP-57): magic, version 1, independent blocks
// of 64 KiB, and neither a dictionary nor a content size.
TEST(Codec, Lz4WritesTheFrameKafkaReads) {
  for (const size_t size : std::vector<size_t>{10, 300000}) {
    const auto packed = compressed(Codec::kLz4, compressible(size));
    ASSERT_GE(packed.size(), 7U);
    EXPECT_EQ(copy(Bytes(packed).first(4)), (std::vector<uint8_t>{0x04, 0x22, 0x4D, 0x18}));
    EXPECT_EQ(packed[4], 0x60) << "version 1, independent";
    EXPECT_EQ(packed[5], 0x40) << "64 KiB";
  }
}

TEST(Codec, SnappyWritesTheFramingOfSnappyJava) {
  const auto packed = compressed(Codec::kSnappy, compressible(10));
  const std::vector<uint8_t> header{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1};
  EXPECT_EQ(copy(Bytes(packed).first(16)), header);
}

TEST(Codec, HigherLevelsCompressBetter) {
  const auto input = compressible(500'000);
  EXPECT_LT(compressed(Codec::kGzip, input, 9).size(), compressed(Codec::kGzip, input, 1).size());
  EXPECT_LT(compressed(Codec::kLz4, input, 9).size(), compressed(Codec::kLz4, input).size());
  EXPECT_LT(compressed(Codec::kZstd, input, 15).size(), compressed(Codec::kZstd, input, 1).size());
}

}  // namespace
}  // namespace odradek::wire
