#include "store/cloud/retry.h"

#include <gtest/gtest.h>

#include "store/cloud/exchange.h"

namespace odradek::store::cloud {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, WaitsLongerEachTimeUpToAMost) {
  ManualClock clock;
  Backoff backoff({.first_wait = milliseconds(100),
                   .max_wait = milliseconds(1'000),
                   .deadline = milliseconds(1'000'000)},
                  clock);
  for (int failures = 0; failures < 40; ++failures) {
    const auto wait = backoff.next(std::nullopt);
    ASSERT_TRUE(wait);
    EXPECT_LE(wait->count(), std::min(1'000, 100 << std::min(failures, 10)));
  }
}

TEST(Backoff, GivesUpAtTheDeadline) {
  ManualClock clock;
  Backoff backoff(
      {.first_wait = milliseconds(1), .max_wait = milliseconds(1), .deadline = milliseconds(1'000)},
      clock);
  EXPECT_TRUE(backoff.next(std::nullopt));
  clock.advance(milliseconds(1'000));
  EXPECT_FALSE(backoff.next(std::nullopt));
}

TEST(Backoff, WaitsAtLeastAsLongAsAskedButNotPastTheDeadline) {
  ManualClock clock;
  Backoff backoff({.deadline = milliseconds(5'000)}, clock);
  EXPECT_GE(backoff.next(milliseconds(3'000)), milliseconds(3'000));
  EXPECT_FALSE(backoff.next(milliseconds(6'000)));
}

TEST(RetryAfter, IsSecondsOrADate) {
  constexpr TimestampMs kNow = 1'369'353'600'000;
  const auto wait = [](const char* text) {
    return retry_after_of({.status = 503, .headers = {{"retry-after", text}}}, kNow);
  };
  EXPECT_EQ(wait("2"), milliseconds(2'000));
  EXPECT_EQ(wait("Fri, 24 May 2013 00:00:05 GMT"), milliseconds(5'000));
  EXPECT_EQ(wait("Fri, 24 May 2013 00:00:00 GMT"), milliseconds(0));
  EXPECT_EQ(wait("999999999"), milliseconds(3'600'000));
  EXPECT_EQ(wait("soon"), std::nullopt);
  EXPECT_EQ(retry_after_of({}, kNow), std::nullopt);
}

TEST(Times, AreWrittenAndReadAsTheStoresDo) {
  constexpr TimestampMs kTime = 1'369'353'600'000;
  EXPECT_EQ(iso_basic_time(kTime), "20130524T000000Z");
  EXPECT_EQ(http_time(kTime), "Fri, 24 May 2013 00:00:00 GMT");
  EXPECT_EQ(parse_http_time(http_time(kTime)), kTime);
  EXPECT_EQ(parse_iso_time("2013-05-24T00:00:00.123Z"), kTime);
  EXPECT_EQ(parse_iso_time("tomorrow"), std::nullopt);
}

TEST(PercentCodes, AreStrict) {
  EXPECT_EQ(percent_encode("a b+c=d&e%20\xC3\xBC~.txt/"), "a%20b%2Bc%3Dd%26e%2520%C3%BC~.txt%2F");
  EXPECT_EQ(percent_encode_path("a/b c"), "a/b%20c");
  EXPECT_EQ(*percent_decode("a%20b+c", Plus::kIsSpace), "a b c");
  EXPECT_EQ(*percent_decode("a%20b+c", Plus::kIsPlus), "a b+c");
  EXPECT_FALSE(percent_decode("50%", Plus::kIsPlus));
  EXPECT_FALSE(percent_decode("%4g", Plus::kIsPlus));
}

TEST(Endpoints, AreSchemeHostAndPathAndNoMore) {
  EXPECT_EQ(parse_endpoint("https://host:443/base/")->text(), "https://host/base");
  EXPECT_EQ(parse_endpoint("http://[::1]:9000")->authority, "[::1]:9000");
  for (const char* url : {"", "host", "ftp://host", "https://", "https://user:word@host",
                          "https://host?x", "https://ho st", "https://host/#x"}) {
    EXPECT_EQ(parse_endpoint(url).error().code(), Errc::kConfig) << url;
  }
}

}  // namespace
}  // namespace odradek::store::cloud
