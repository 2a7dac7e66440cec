#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>

#include "client/properties/property.h"

namespace odradek::client {

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

Result<bool> property_bool(std::string_view value) {
  const std::string text = lower_case(value);
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return Error(Errc::kInvalidArgument, "is neither true nor false");
}

Result<int64_t> property_integer(std::string_view value, int64_t smallest, int64_t largest) {
  int64_t number = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (failed != std::errc() || end != value.data() + value.size()) {
    return Error(Errc::kInvalidArgument, "is not a whole number");
  }
  if (number < smallest || number > largest) {
    return Error(Errc::kInvalidArgument,
                 fmt::format("is not between {} and {}", smallest, largest));
  }
  return number;
}

// librdkafka's linger.ms may have a fraction.
Result<std::chrono::milliseconds> property_milliseconds(std::string_view value) {
  const size_t point = value.find('.');
  const bool is_fraction_fine =
      point == std::string_view::npos ||
      value.find_first_not_of("0123456789", point + 1) == std::string_view::npos;
  if (!is_fraction_fine) return Error(Errc::kInvalidArgument, "is not a number of milliseconds");
  ODK_TRY(const int64_t whole, property_integer(value.substr(0, point), 0, INT32_MAX));
  return std::chrono::milliseconds(whole);
}

namespace {

struct DurationUnit {
  char letter;
  bool is_of_time;  // behind the T
  int64_t milliseconds;
};
constexpr DurationUnit kDurationUnits[] = {
    {'d', false, 86'400'000}, {'h', true, 3'600'000}, {'m', true, 60'000}, {'s', true, 1'000}};

}  // namespace

Result<std::chrono::milliseconds> property_duration(std::string_view value) {
  const Error wrong(Errc::kInvalidArgument, "is not a duration like PT1H or P2DT30M");
  const std::string text = lower_case(value);
  std::string_view rest = text;
  if (!rest.starts_with('p')) return wrong;
  rest.remove_prefix(1);
  double total = 0;
  bool is_of_time = false;
  size_t parts = 0;
  const DurationUnit* unit = std::begin(kDurationUnits);
  while (!rest.empty()) {
    if (rest.front() == 't' && !is_of_time) {
      is_of_time = true;
      rest.remove_prefix(1);
      if (rest.empty()) return wrong;
    }
    double number = 0;
    const auto [end, failed] =
        std::from_chars(rest.data(), rest.data() + rest.size(), number, std::chars_format::fixed);
    if (failed != std::errc() || end == rest.data() + rest.size() || number < 0) return wrong;
    // Units come in their order, each at most once; only seconds may have a fraction.
    while (unit != std::end(kDurationUnits) &&
           (unit->letter != *end || unit->is_of_time != is_of_time)) {
      ++unit;
    }
    if (unit == std::end(kDurationUnits)) return wrong;
    if (unit->letter != 's' && number != std::floor(number)) return wrong;
    total += number * static_cast<double>(unit->milliseconds);
    ++unit;
    ++parts;
    rest.remove_prefix(static_cast<size_t>(end - rest.data()) + 1);
  }
  constexpr double kLongest = 1e15;
  if (parts == 0 || total > kLongest) return wrong;
  return std::chrono::milliseconds(std::llround(total));
}

}  // namespace odradek::client
