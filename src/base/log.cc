#include "base/log.h"

#include <fmt/chrono.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include "base/log_entry.h"
#include "base/mutex.h"
#include "base/utf8.h"

namespace odradek {
namespace {

struct Output {
  LogSink sink;
  LogFormat format = LogFormat::text;
  LogEntrySink entry_sink;
};

constinit std::atomic<LogLevel> lowest_level{LogLevel::off};
constinit Mutex output_mutex;
constinit std::shared_ptr<const Output> current_output ODK_GUARDED_BY(output_mutex);

std::shared_ptr<const Output> output() {
  const MutexLock lock(output_mutex);
  return current_output;
}

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::trace: return "trace";
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warn: return "warn";
    case LogLevel::error: return "error";
    case LogLevel::off: break;
  }
  return "off";
}

std::string_view padded_level_name(LogLevel level) {
  switch (level) {
    case LogLevel::trace: return "TRACE";
    case LogLevel::debug: return "DEBUG";
    case LogLevel::info: return "INFO ";
    case LogLevel::warn: return "WARN ";
    case LogLevel::error: return "ERROR";
    case LogLevel::off: break;
  }
  return "OFF  ";
}

std::string timestamp() {
  const auto now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto milliseconds = now.time_since_epoch().count() % 1000;
  return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                     milliseconds);
}

// The path from src/ on, whatever the machine the program was built on.
std::string_view source_path(std::string_view file) {
  const size_t at = file.rfind("/src/");
  if (at != std::string_view::npos) return file.substr(at + 5);
  return file.substr(file.rfind('/') + 1);  // npos + 1 is 0
}

// Writes `text` so that it stays on one line and inside its quotes, whatever a peer put into it.
void append_escaped(fmt::memory_buffer& line, std::string_view text, bool is_json) {
  const auto out = [&] { return fmt::appender(line); };
  while (!text.empty()) {
    const size_t length = utf8_sequence_bytes(text);
    const auto first = static_cast<uint8_t>(text[0]);
    if (length == 0) {
      fmt::format_to(out(), fmt::runtime(is_json ? "\\ufffd" : "\\x{:02x}"), first);
    } else if (first == '"' || first == '\\') {
      fmt::format_to(out(), "\\{}", text[0]);
    } else if (first == '\n') {
      fmt::format_to(out(), "\\n");
    } else if (first < 0x20 || first == 0x7F) {
      fmt::format_to(out(), fmt::runtime(is_json ? "\\u{:04x}" : "\\x{:02x}"), first);
    } else {
      line.append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte <= 0x20 || byte >= 0x7F || c == '"' || c == '=' || c == '\\') return true;
  }
  return false;
}

std::string text_line(LogLevel level, std::string_view text,
                      std::initializer_list<LogField> fields) {
  fmt::memory_buffer line;
  fmt::format_to(fmt::appender(line), "{} {} {}", timestamp(), padded_level_name(level), text);
  for (const LogField& field : fields) {
    fmt::format_to(fmt::appender(line), " {}=", field.key);
    if (needs_quotes(field.value)) {
      line.push_back('"');
      append_escaped(line, field.value, /*is_json=*/false);
      line.push_back('"');
    } else {
      line.append(std::string_view(field.value));
    }
  }
  return fmt::to_string(line);
}

std::string json_line(LogLevel level, std::string_view file, int number, std::string_view text,
                      std::initializer_list<LogField> fields) {
  fmt::memory_buffer line;
  fmt::format_to(fmt::appender(line), R"({{"time":"{}","level":"{}","text":")", timestamp(),
                 level_name(level));
  append_escaped(line, text, /*is_json=*/true);
  fmt::format_to(fmt::appender(line), R"(","source":"{}:{}")", source_path(file), number);
  for (const LogField& field : fields) {
    fmt::format_to(fmt::appender(line), R"(,"{}":")", field.key);
    append_escaped(line, field.value, /*is_json=*/true);
    line.push_back('"');
  }
  line.push_back('}');
  return fmt::to_string(line);
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  return level == LogLevel::error  ? spdlog::level::err
         : level == LogLevel::warn ? spdlog::level::warn
                                   : spdlog::level::info;
}

}  // namespace

namespace {

void set_output(Output output, LogLevel level) {
  const bool has_sink = output.sink != nullptr || output.entry_sink != nullptr;
  auto next = std::make_shared<const Output>(std::move(output));
  {
    const MutexLock lock(output_mutex);
    std::swap(current_output, next);
  }
  lowest_level.store(has_sink ? level : LogLevel::off, std::memory_order_relaxed);
}

}  // namespace

void set_log_sink(LogSink sink, LogLevel level, LogFormat format) {
  set_output({.sink = std::move(sink), .format = format, .entry_sink = {}}, level);
}

void set_log_entry_sink(LogEntrySink sink, LogLevel level) {
  set_output({.sink = {}, .entry_sink = std::move(sink)}, level);
}

void set_log_level(LogLevel level) { lowest_level.store(level, std::memory_order_relaxed); }

bool log_enabled(LogLevel level) {
  return level >= lowest_level.load(std::memory_order_relaxed) && level != LogLevel::off;
}

LogSink stderr_log_sink() {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("odradek", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::trace);
  return
      [logger](LogLevel level, std::string_view line) { logger->log(spdlog_level(level), line); };
}

void write_log(LogLevel level, std::string_view file, int line, std::string_view text,
               std::initializer_list<LogField> fields) {
  const std::shared_ptr<const Output> target = output();
  if (target != nullptr && target->entry_sink) {
    target->entry_sink({.level = level,
                        .text = text,
                        .fields = {fields.begin(), fields.size()},
                        .source = fmt::format("{}:{}", source_path(file), line)});
    return;
  }
  if (target == nullptr || target->sink == nullptr) return;
  const std::string formatted = target->format == LogFormat::json
                                    ? json_line(level, file, line, text, fields)
                                    : text_line(level, text, fields);
  target->sink(level, formatted);
}

}  // namespace odradek
