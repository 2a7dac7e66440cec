#include "backup/cli/progress.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "backup/inspect/describe.h"

namespace odradek::backup {

ProgressLine::ProgressLine(Clock& clock)
    : clock_(&clock), is_terminal_(isatty(STDERR_FILENO) != 0), started_(clock.now()) {}

ProgressLine::~ProgressLine() { finish(); }

void ProgressLine::show(std::string_view step, uint64_t done, uint64_t total, uint64_t bytes) {
  constexpr std::chrono::seconds kLineInterval(10);
  constexpr size_t kBarWidth = 24;
  if (!is_terminal_ && clock_->now() < next_line_) return;
  next_line_ = clock_->now() + kLineInterval;
  const double share =
      total == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<size_t>(share * kBarWidth);
  const std::chrono::duration<double> seconds = clock_->now() - started_;
  const double rate = seconds.count() < 0.001 ? 0.0 : static_cast<double>(bytes) / seconds.count();
  fmt::print(stderr, "{}{:<16} [{}{}] {:5.1f} % {:>10}/s{}", is_terminal_ ? "\r" : "", step,
             std::string(filled, '#'), std::string(kBarWidth - filled, '.'), share * 100,
             format_bytes(static_cast<uint64_t>(rate)), is_terminal_ ? "" : "\n");
  std::fflush(stderr);
  is_open_ = is_terminal_;
}

void ProgressLine::finish() {
  if (is_open_) fmt::print(stderr, "\n");
  is_open_ = false;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace odradek::backup
