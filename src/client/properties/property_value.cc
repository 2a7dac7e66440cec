#include <fmt/format.h>

#include <charconv>

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

}  // namespace odradek::client
