#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace odradek::backup {

// Progress on standard error: one line that is redrawn on a terminal, else a line every ten
// seconds. One thread.
class ProgressLine {
 public:
  explicit ProgressLine(Clock& clock);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(std::string_view step, uint64_t done, uint64_t total, uint64_t bytes);
  // Leaves the last state standing and begins a new line.
  void finish();

 private:
  Clock* clock_;
  bool is_terminal_;
  bool is_open_ = false;
  MonotonicTime next_line_{};
  MonotonicTime started_;
};

// User and system CPU seconds of this process.
double cpu_seconds();

}  // namespace odradek::backup
