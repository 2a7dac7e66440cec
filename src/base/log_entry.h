#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/log.h"

namespace odradek {

// A log line in its parts; views are valid during the call.
struct LogEntry {
  LogLevel level;
  std::string_view text;
  std::span<const LogField> fields;
  std::string source;  // "io/loop.cc:12"
};

using LogEntrySink = std::function<void(const LogEntry&)>;

// As set_log_sink(), for those who want the parts; either replaces the other.
void set_log_entry_sink(LogEntrySink sink, LogLevel level);

}  // namespace odradek
