#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "config/node.h"

// How texts become values: one read_value() a type, each with the same errors (kConfig, placed).
namespace odradek::config {

// A number of bytes: "512", "64KiB", "1.5 GiB", "10MB" (SI units are decimal).
struct ByteSize {
  uint64_t bytes = 0;

  auto operator<=>(const ByteSize&) const = default;
};
constexpr ByteSize operator""_KiB(unsigned long long count) { return {count << 10U}; }
constexpr ByteSize operator""_MiB(unsigned long long count) { return {count << 20U}; }
constexpr ByteSize operator""_GiB(unsigned long long count) { return {count << 30U}; }

// Errors of the parse functions: kInvalidArgument, in words that follow a place.
Result<bool> parse_bool(std::string_view text);  // true/false, yes/no, on/off
Result<int64_t> parse_integer(std::string_view text, int64_t smallest, int64_t largest);
Result<double> parse_number(std::string_view text);
// "10s", "250ms", "1h30m", "1.5d"; units ns us ms s m h d. A plain number is in `plain_unit`; with
// zero there it is an error. At most 100 years, not negative.
Result<Duration> parse_duration(std::string_view text, Duration plain_unit);
Result<ByteSize> parse_size(std::string_view text);

// What a plain number of this key means: "timeout_ms" milliseconds, "interval_secs" seconds, and
// so on; zero when the name does not say.
Duration unit_of_key(std::string_view key);

std::string format_duration(Duration duration);  // "1m30s"
std::string format_size(ByteSize size);          // "64MiB", "1000"

Result<void> read_value(const ConfigNode& node, const Where& where, bool& value);
Result<void> read_value(const ConfigNode& node, const Where& where, double& value);
Result<void> read_value(const ConfigNode& node, const Where& where, std::string& value);
Result<void> read_value(const ConfigNode& node, const Where& where, Secret& value);
Result<void> read_value(const ConfigNode& node, const Where& where, ByteSize& value);
// A list of texts, or one text with commas between.
Result<void> read_value(const ConfigNode& node, const Where& where,
                        std::vector<std::string>& value);
// A section of texts.
Result<void> read_value(const ConfigNode& node, const Where& where,
                        std::map<std::string, std::string>& value);
// A section of names and secrets, or a list of {username, password}.
Result<void> read_value(const ConfigNode& node, const Where& where,
                        std::map<std::string, Secret>& value);
Result<void> read_integer(const ConfigNode& node, const Where& where, int64_t smallest,
                          int64_t largest, int64_t& value);
Result<void> read_duration(const ConfigNode& node, const Where& where, Duration& value);

template <class T>
concept Integer = std::is_integral_v<T> && !std::is_same_v<T, bool> &&
                  (sizeof(T) < sizeof(int64_t) || std::is_signed_v<T>);

template <Integer T>
Result<void> read_value(const ConfigNode& node, const Where& where, T& value) {
  int64_t number = 0;
  ODK_TRY_VOID(read_integer(node, where, std::numeric_limits<T>::min(),
                            std::numeric_limits<T>::max(), number));
  value = static_cast<T>(number);
  return {};
}

template <class Rep, class Period>
Result<void> read_value(const ConfigNode& node, const Where& where,
                        std::chrono::duration<Rep, Period>& value) {
  using Target = std::chrono::duration<Rep, Period>;
  Duration duration{};
  ODK_TRY_VOID(read_duration(node, where, duration));
  value = std::chrono::duration_cast<Target>(duration);
  if (Duration(value) != duration) return where.error(node, "finer than this setting can be");
  return {};
}

template <class T>
Result<void> read_value(const ConfigNode& node, const Where& where, std::optional<T>& value) {
  if (node.is_null()) {
    value.reset();
    return {};
  }
  T inner{};
  ODK_TRY_VOID(read_value(node, where, inner));
  value = std::move(inner);
  return {};
}

// For the documentation: the type's name, and a value as one would write it.
template <class T>
struct TypeInfo;
template <>
struct TypeInfo<bool> {
  static std::string name() { return "true or false"; }
  static std::string show(bool value) { return value ? "true" : "false"; }
};
template <>
struct TypeInfo<double> {
  static std::string name() { return "number"; }
  static std::string show(double value) { return fmt::format("{}", value); }
};
template <Integer T>
struct TypeInfo<T> {
  static std::string name() { return "integer"; }
  static std::string show(T value) { return fmt::format("{}", value); }
};
template <>
struct TypeInfo<std::string> {
  static std::string name() { return "text"; }
  static std::string show(const std::string& value) { return value; }
};
template <>
struct TypeInfo<Secret> {
  static std::string name() { return "secret"; }
  static std::string show(const Secret& value) { return value.empty() ? "" : "****"; }
};
template <>
struct TypeInfo<ByteSize> {
  static std::string name() { return "size"; }
  static std::string show(ByteSize value) { return format_size(value); }
};
template <class Rep, class Period>
struct TypeInfo<std::chrono::duration<Rep, Period>> {
  static std::string name() { return "duration"; }
  static std::string show(std::chrono::duration<Rep, Period> value) {
    return format_duration(std::chrono::duration_cast<Duration>(value));
  }
};
template <>
struct TypeInfo<std::vector<std::string>> {
  static std::string name() { return "list of texts"; }
  static std::string show(const std::vector<std::string>& value) {
    return fmt::format("{}", fmt::join(value, ","));
  }
};
template <>
struct TypeInfo<std::map<std::string, std::string>> {
  static std::string name() { return "section of texts"; }
  static std::string show(const std::map<std::string, std::string>& value) {
    return value.empty() ? "" : fmt::format("{} entries", value.size());
  }
};
template <>
struct TypeInfo<std::map<std::string, Secret>> {
  static std::string name() { return "section of names and secrets"; }
  static std::string show(const std::map<std::string, Secret>& value) {
    return value.empty() ? "" : fmt::format("{} entries", value.size());
  }
};
template <class T>
struct TypeInfo<std::optional<T>> {
  static std::string name() { return TypeInfo<T>::name(); }
  static std::string show(const std::optional<T>& value) {
    return value ? TypeInfo<T>::show(*value) : "";
  }
};

}  // namespace odradek::config
