#include "rpc/frame_reader.h"

#include <gtest/gtest.h>

#include <random>

#include "io/loop.h"
#include "rpc/rpc_for_tests.h"

namespace odradek::rpc {
namespace {

constexpr size_t kLimit = 100 * 1024 * 1024;

struct FrameReaderTest : ::testing::Test {
  ManualClock clock;
  io::Loop loop{clock};
  std::pair<std::unique_ptr<io::Stream>, std::unique_ptr<io::Stream>> streams =
      io::memory_streams(loop, 64 * 1024 * 1024);
  FrameReader reader;

  void send(std::string_view text) {
    const Result<size_t> taken = streams.first->write_now(SliceChain(Slice::copy_of(text)), 0);
    ASSERT_TRUE(taken);
    ASSERT_EQ(*taken, text.size());
  }
  size_t read() { return reader.read(*streams.second, loop.scratch()).value_or(0); }
  static std::string frame(std::string_view payload) {
    std::string text;
    testing::append_i32(text, static_cast<uint32_t>(payload.size()));
    return text.append(payload);
  }
};

TEST_F(FrameReaderTest, CutsFramesOfAllSizesArrivingInAnyPieces) {
  std::mt19937 random(99);
  std::vector<std::string> sent;
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    const size_t size = 1 + (i % 20 == 0 ? random() % 300'000 : random() % 3'000);
    std::string payload(size, static_cast<char>(i));
    payload[size / 2] = 'x';
    bytes += frame(payload);
    sent.push_back(std::move(payload));
  }
  size_t next = 0;
  for (size_t at = 0; at < bytes.size();) {
    const size_t piece = std::min<size_t>(1 + random() % 50'000, bytes.size() - at);
    send(std::string_view(bytes).substr(at, piece));
    at += piece;
    while (read() > 0) {
      while (true) {
        const auto peeked = reader.peek(kLimit);
        ASSERT_TRUE(peeked);
        if (!*peeked) break;
        ASSERT_EQ(as_text(**peeked), sent[next]);
        const Slice taken = reader.take();
        ASSERT_EQ(taken.text(), sent[next]);
        ++next;
      }
      if (random() % 2 == 0) reader.keep_rest();
    }
    reader.keep_rest();
  }
  EXPECT_EQ(next, sent.size());
  EXPECT_EQ(reader.held_bytes(), 0U);
}

TEST_F(FrameReaderTest, FramesLeftUntakenSurviveTheScratchMemory) {
  send(frame("one") + frame("two") + frame("three"));
  read();
  ASSERT_TRUE(reader.peek(kLimit));
  EXPECT_EQ(reader.take().text(), "one");
  reader.keep_rest();
  std::ranges::fill(loop.scratch(), uint8_t{0xEE});
  for (const std::string_view expected : {"two", "three"}) {
    const auto peeked = reader.peek(kLimit);
    ASSERT_TRUE(peeked && *peeked);
    EXPECT_EQ(reader.take().text(), expected);
    reader.keep_rest();
  }
}

TEST_F(FrameReaderTest, AllocatesNoMoreThanTwiceWhatArrived) {
  std::string begin;
  testing::append_i32(begin, 50 * 1024 * 1024);
  send(begin + std::string(100, 'a'));
  read();
  ASSERT_TRUE(reader.peek(kLimit));
  EXPECT_EQ(reader.held_bytes(), 100U);
  send(std::string(1'000'000, 'b'));
  while (read() > 0) EXPECT_FALSE(*reader.peek(kLimit));
  EXPECT_EQ(reader.held_bytes(), 1'000'100U);
}

TEST_F(FrameReaderTest, SizesOutOfBoundsAreErrors) {
  for (const uint32_t size : {0U, 0xFFFFFFFFU, 0x80000000U}) {
    FrameReader fresh;
    std::string begin;
    testing::append_i32(begin, size);
    send(begin);
    ASSERT_TRUE(fresh.read(*streams.second, loop.scratch()));
    const auto peeked = fresh.peek(kLimit);
    ASSERT_FALSE(peeked);
    EXPECT_EQ(peeked.error().code(), Errc::kMalformed);
  }
  std::string begin;
  testing::append_i32(begin, 1001);
  send(begin);
  read();
  const auto peeked = reader.peek(1000);
  ASSERT_FALSE(peeked);
  EXPECT_EQ(peeked.error().code(), Errc::kLimitExceeded);
  EXPECT_EQ(peeked.error().message(), "frame of 1001 bytes, 1000 are allowed");
}

TEST_F(FrameReaderTest, OtherProtocolsAreNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"GET / HTTP/1.1\r\n", "HTTP"},
      {"POST /x HTTP/1.1\r\n", "HTTP"},
      {std::string("\x16\x03\x01\x02\x00\x01", 6), "TLS"},
      {std::string("\x15\x03\x03\x00\x02\x02\x46", 7), "TLS"}};
  for (const auto& [bytes, name] : cases) {
    FrameReader fresh;
    send(bytes);
    ASSERT_TRUE(fresh.read(*streams.second, loop.scratch()));
    const auto peeked = fresh.peek(1024 * 1024 * 1024);
    ASSERT_FALSE(peeked) << name;
    EXPECT_NE(peeked.error().message().find(name), std::string_view::npos);
  }
}

}  // namespace
}  // namespace odradek::rpc
