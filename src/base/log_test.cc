#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/log_limiter.h"
#include "base/secret.h"
#include "base/utf8.h"

namespace odradek {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;

// Collects what is written while it lives.
class Collected {
 public:
  explicit Collected(LogLevel level, LogFormat format = LogFormat::text) {
    set_log_sink([this](LogLevel, std::string_view line) { lines_.emplace_back(line); }, level,
                 format);
  }
  Collected(const Collected&) = delete;
  Collected& operator=(const Collected&) = delete;
  ~Collected() { set_log_sink(nullptr, LogLevel::off, LogFormat::text); }

  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

std::string text_line_of(std::string_view value) {
  const Collected collected(LogLevel::info);
  ODK_LOG(info, "event", kv("key", value));
  return collected.lines().at(0);
}

TEST(Log, WritesNothingUnlessAsked) {
  int formatted = 0;
  const auto count = [&] { return ++formatted; };
  ODK_LOG(error, "nobody listens", kv("count", count()));
  EXPECT_EQ(formatted, 0);
  EXPECT_FALSE(log_enabled(LogLevel::error));
}

TEST(Log, TextLineHasTimeLevelTextAndFields) {
  const Collected collected(LogLevel::info);
  ODK_LOG(info, "listener started", kv("address", "127.0.0.1:9092"), kv("port", 9092));
  ODK_LOG(debug, "not asked for");
  ASSERT_EQ(collected.lines().size(), 1U);
  EXPECT_THAT(collected.lines()[0],
              MatchesRegex("....-..-..T..:..:..\\....Z INFO  listener started "
                           "address=127.0.0.1:9092 port=9092"));
}

TEST(Log, ValuesAreQuotedWhenNeeded) {
  EXPECT_THAT(text_line_of("plain"), EndsWith(" key=plain"));
  EXPECT_THAT(text_line_of(""), EndsWith(" key=\"\""));
  EXPECT_THAT(text_line_of("two words"), EndsWith(" key=\"two words\""));
  EXPECT_THAT(text_line_of("a\"b\\c"), EndsWith(R"( key="a\"b\\c")"));
  EXPECT_THAT(text_line_of("jürgen"), EndsWith(" key=\"jürgen\""));
  EXPECT_THAT(text_line_of("line\nforged=1\x1b[31m"), EndsWith(R"( key="line\nforged=1\x1b[31m")"));
  EXPECT_THAT(text_line_of("\xff"), EndsWith(R"( key="\xff")"));
}

TEST(Log, JsonLineIsOneObject) {
  const Collected collected(LogLevel::trace, LogFormat::json);
  ODK_LOG(warn, "peer failed", kv("peer", "a\"b\n\xff"), kv("tries", 3));
  ASSERT_EQ(collected.lines().size(), 1U);
  EXPECT_THAT(collected.lines()[0], HasSubstr(R"("level":"warn","text":"peer failed")"));
  EXPECT_THAT(collected.lines()[0], HasSubstr(R"("source":"base/log_test.cc:)"));
  EXPECT_THAT(collected.lines()[0], EndsWith(R"("peer":"a\"b\n\ufffd","tries":"3"})"));
}

TEST(Log, SecretsAreNotWritten) {
  const Collected collected(LogLevel::info);
  ODK_LOG(info, "login", kv("password", Secret("hunter2")));
  EXPECT_THAT(collected.lines().at(0), EndsWith(" password=****"));
}

TEST(Log, LevelChangesWhileRunning) {
  const Collected collected(LogLevel::warn);
  ODK_LOG(info, "no");
  set_log_level(LogLevel::debug);
  ODK_LOG(debug, "yes");
  EXPECT_EQ(collected.lines().size(), 1U);
}

TEST(Log, ManyThreadsMayWrite) {
  std::atomic<int> lines = 0;
  set_log_sink([&](LogLevel, std::string_view) { ++lines; }, LogLevel::info, LogFormat::text);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([] {
        for (int n = 0; n < 100; ++n) ODK_LOG(info, "line", kv("n", n));
      });
    }
  }
  set_log_sink(nullptr, LogLevel::off, LogFormat::text);
  EXPECT_EQ(lines.load(), 400);
}

TEST(Log, StderrSinkWritesTheLine) {
  testing::internal::CaptureStderr();
  stderr_log_sink()(LogLevel::info, "a line");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "a line\n");
}

TEST(LogLimiter, LetsOneLineThroughInAnIntervalAndCountsTheRest) {
  ManualClock clock;
  LogLimiter limiter(std::chrono::seconds(1));
  EXPECT_EQ(limiter.pass(clock.now()), 0U);
  EXPECT_EQ(limiter.pass(clock.now()), std::nullopt);
  clock.advance(std::chrono::milliseconds(999));
  EXPECT_EQ(limiter.pass(clock.now()), std::nullopt);
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(limiter.pass(clock.now()), 2U);
}

TEST(Utf8, AcceptsOnlyWellFormedSequences) {
  EXPECT_EQ(utf8_sequence_bytes("a"), 1U);
  EXPECT_EQ(utf8_sequence_bytes("ü"), 2U);
  EXPECT_EQ(utf8_sequence_bytes("€"), 3U);
  EXPECT_EQ(utf8_sequence_bytes("\xF0\x9F\x98\x80"), 4U);
  for (const std::string_view broken : {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80",
                                        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82"}) {
    EXPECT_EQ(utf8_sequence_bytes(broken), 0U);
  }
}

}  // namespace
}  // namespace odradek
