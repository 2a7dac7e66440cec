#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace odradek::backup {

// Which records a restore to a point in time keeps: both ends are inside.
struct TimeWindow {
  TimestampMs start = INT64_MIN;
  TimestampMs end = INT64_MAX;

  bool is_whole() const { return start == INT64_MIN && end == INT64_MAX; }
  bool contains(TimestampMs time) const { return start <= time && time <= end; }
  // Of the times min..max: are all of them inside, and is none?
  bool contains_all(TimestampMs min, TimestampMs max) const { return start <= min && max <= end; }
  bool is_outside(TimestampMs min, TimestampMs max) const { return max < start || end < min; }

  bool operator==(const TimeWindow&) const = default;
};

// What the window is held against.
//   record  each record's own time, whatever the order
//   log     the partition is cut at its first record behind `end`: what a consumer had seen then
enum class TimeBasis : uint8_t { kRecord, kLog };

// "1763715600000" (milliseconds since the epoch), "2026-11-21T09:00:00Z",
// "2026-11-21T09:00:00.250+01:00" (RFC 3339; a blank may stand for the T). Fractions below a
// millisecond are cut. Errors: kInvalidArgument, in words that follow a place.
Result<TimestampMs> parse_time(std::string_view text);

}  // namespace odradek::backup
