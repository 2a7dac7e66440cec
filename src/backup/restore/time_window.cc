#include "backup/restore/time_window.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace odradek::backup {
namespace {

// Takes fields of fixed width off the front of a text.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) {}

  int number(size_t digits) {
    int value = 0;
    if (rest_.size() < digits) return fail();
    for (const char c : rest_.substr(0, digits)) {
      if (c < '0' || c > '9') return fail();
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  void one_of(std::string_view allowed) {
    if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) {
      ok_ = false;
      return;
    }
    rest_.remove_prefix(1);
  }
  bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }
  // The digits behind a decimal point, as milliseconds.
  int fraction_ms() {
    int value = 0;
    int scale = 100;
    bool any = false;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      value += (rest_.front() - '0') * scale;
      scale /= 10;
      any = true;
      rest_.remove_prefix(1);
    }
    if (!any) ok_ = false;
    return value;
  }
  bool is_done() const { return ok_ && rest_.empty(); }
  bool ok() const { return ok_; }

 private:
  int fail() {
    ok_ = false;
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

int offset_minutes(TimeReader& reader) {
  if (reader.next_is('Z') || reader.next_is('z')) {
    reader.one_of("Zz");
    return 0;
  }
  const int sign = reader.next_is('-') ? -1 : 1;
  reader.one_of("+-");
  const int hours = reader.number(2);
  reader.one_of(":");
  const int minutes = reader.number(2);
  return sign * (hours * 60 + minutes);
}

Error no_time(std::string_view text) {
  return {Errc::kInvalidArgument,
          fmt::format("\"{}\" is no time: expected milliseconds since the epoch or RFC 3339 as in "
                      "2026-11-21T09:00:00Z",
                      text)};
}

Result<TimestampMs> parse_rfc3339(std::string_view text) {
  TimeReader reader(text);
  const int year = reader.number(4);
  reader.one_of("-");
  const int month = reader.number(2);
  reader.one_of("-");
  const int day = reader.number(2);
  reader.one_of("Tt ");
  const int hour = reader.number(2);
  reader.one_of(":");
  const int minute = reader.number(2);
  reader.one_of(":");
  const int second = reader.number(2);
  int fraction = 0;
  if (reader.next_is('.')) {
    reader.one_of(".");
    fraction = reader.fraction_ms();
  }
  const int offset = offset_minutes(reader);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  // A leap second (60) counts as the second after it.
  const bool in_range = hour < 24 && minute < 60 && second <= 60;
  if (!reader.is_done() || !date.ok() || !in_range) return no_time(text);
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t minutes = (days * 24 + hour) * 60 + minute - offset;
  return (minutes * 60 + second) * 1000 + fraction;
}

}  // namespace

Result<TimestampMs> parse_time(std::string_view text) {
  TimestampMs number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (!text.empty() && parsed.ec == std::errc{} && parsed.ptr == end) return number;
  return parse_rfc3339(text);
}

}  // namespace odradek::backup
