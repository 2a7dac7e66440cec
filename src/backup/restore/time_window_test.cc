#include "backup/restore/time_window.h"

#include <gtest/gtest.h>

namespace odradek::backup {
namespace {

TEST(ParseTime, TakesMillisecondsAndRfc3339) {
  EXPECT_EQ(parse_time("1763715600123").value(), 1763715600123);
  EXPECT_EQ(parse_time("-5").value(), -5);
  EXPECT_EQ(parse_time("1970-01-01T00:00:00Z").value(), 0);
  EXPECT_EQ(parse_time("2025-11-21T09:00:00Z").value(), 1763715600000);
  EXPECT_EQ(parse_time("2025-11-21 09:00:00.1239z").value(), 1763715600123);
  EXPECT_EQ(parse_time("2025-11-21T10:30:00+01:30").value(), 1763715600000);
  EXPECT_EQ(parse_time("2025-11-21T01:00:00-08:00").value(), 1763715600000);
  EXPECT_EQ(parse_time("1969-12-31T23:59:59.999Z").value(), -1);
}

TEST(ParseTime, RefusesWhatIsNone) {
  for (const char* text : {"", "now", "2025-11-21", "2025-11-21T09:00:00", "2025-02-30T09:00:00Z",
                           "2025-11-21T24:00:00Z", "2025-11-21T09:00:00.Z",
                           "2025-11-21T09:00:00Zulu", "12 hours", "2025-13-01T00:00:00Z"}) {
    const Result<TimestampMs> parsed = parse_time(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code(), Errc::kInvalidArgument);
  }
}

TEST(TimeWindow, BothEndsAreInside) {
  const TimeWindow window{10, 20};
  EXPECT_TRUE(window.contains(10));
  EXPECT_TRUE(window.contains(20));
  EXPECT_FALSE(window.contains(9));
  EXPECT_FALSE(window.contains(21));
  EXPECT_TRUE(window.contains_all(10, 20));
  EXPECT_FALSE(window.contains_all(10, 21));
  EXPECT_TRUE(window.is_outside(21, 30));
  EXPECT_FALSE(window.is_outside(20, 30));
  EXPECT_TRUE(TimeWindow{}.is_whole());
}

}  // namespace
}  // namespace odradek::backup
