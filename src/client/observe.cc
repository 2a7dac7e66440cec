#include "odradek/observe.h"

#include "base/log_entry.h"
#include "client/client_thread.h"

namespace odradek::kafka {

void set_log_handler(std::function<void(const LogEntry&)> handler, LogLevel level) {
  if (!handler) {
    set_log_entry_sink(nullptr, odradek::LogLevel::off);
    return;
  }
  set_log_entry_sink(
      [handler = std::move(handler)](const odradek::LogEntry& entry) {
        std::vector<LogField> fields;
        fields.reserve(entry.fields.size());
        for (const odradek::LogField& field : entry.fields) {
          fields.push_back({.key = field.key, .value = field.value});
        }
        // NOLINTBEGIN(bugprone-empty-catch): there is nowhere left to tell it
        try {
          handler({.level = static_cast<LogLevel>(entry.level),
                   .text = entry.text,
                   .fields = fields,
                   .source = entry.source});
        } catch (...) {
        }
        // NOLINTEND(bugprone-empty-catch)
      },
      static_cast<odradek::LogLevel>(level));
}

}  // namespace odradek::kafka
