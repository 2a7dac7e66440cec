#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace odradek {

enum class LogLevel : uint8_t { trace, debug, info, warn, error, off };
enum class LogFormat : uint8_t { text, json };

// One key and its value, formatted when the line is written.
struct LogField {
  std::string_view key;
  std::string value;
};

template <class T>
LogField kv(std::string_view key, const T& value) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return {key, std::string(std::string_view(value))};
  } else {
    return {key, fmt::format("{}", value)};
  }
}

// Where lines go. Set once by main before threads start; the default writes nothing, so the
// library is silent unless asked. Receives complete lines without the line end; any thread.
using LogSink = std::function<void(LogLevel, std::string_view line)>;

void set_log_sink(LogSink sink, LogLevel level, LogFormat format);
void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);

// Writes text or JSON lines to standard error, through spdlog.
LogSink stderr_log_sink();

// Use ODK_LOG. `text` is a constant sentence, `file` the source file's path.
void write_log(LogLevel level, std::string_view file, int line, std::string_view text,
               std::initializer_list<LogField> fields);

}  // namespace odradek

// ODK_LOG(info, "listener started", kv("address", a)); formats nothing when the level is off.
#define ODK_LOG(level, text, ...)                                                                \
  do {                                                                                           \
    if (::odradek::log_enabled(::odradek::LogLevel::level)) [[unlikely]] {                       \
      ::odradek::write_log(::odradek::LogLevel::level, __FILE__, __LINE__, text, {__VA_ARGS__}); \
    }                                                                                            \
  } while (false)
