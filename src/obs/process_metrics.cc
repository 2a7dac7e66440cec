#include "obs/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>

#include "base/read_file.h"

namespace odradek::obs {
namespace {

constexpr MetricInfo kCpu{"process_cpu_seconds_total",
                          MetricType::kCounter,
                          "seconds",
                          "User and system CPU time spent.",
                          {}};
constexpr MetricInfo kResident{
    "process_resident_memory_bytes", MetricType::kGauge, "bytes", "Resident memory size.", {}};
constexpr MetricInfo kOpenFiles{
    "process_open_fds", MetricType::kGauge, "files", "Open file descriptors.", {}};
constexpr MetricInfo kMaxFiles{
    "process_max_fds", MetricType::kGauge, "files", "Most file descriptors that may be open.", {}};
constexpr MetricInfo kStart{
    "process_start_time_seconds", MetricType::kGauge, "seconds", "Start time since the epoch.", {}};
constexpr const MetricInfo* kAll[] = {&kCpu, &kResident, &kOpenFiles, &kMaxFiles, &kStart};

constexpr size_t kMaxProcBytes = 64 * 1024;

// The n-th word of a /proc file; 0 when there is none.
double number_at(std::string_view text, size_t index) {
  for (; index > 0; --index) {
    const size_t blank = text.find(' ');
    if (blank == std::string_view::npos) return 0;
    text.remove_prefix(blank + 1);
  }
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

double cpu_seconds() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_bytes() {
  const Result<std::string> text = read_file("/proc/self/statm", kMaxProcBytes);
  return text ? number_at(*text, 1) * static_cast<double>(::sysconf(_SC_PAGESIZE)) : 0;
}

double open_files() {
  std::error_code error;
  double count = 0;
  std::filesystem::directory_iterator at("/proc/self/fd", error);
  for (const std::filesystem::directory_iterator end; !error && at != end; at.increment(error))
    ++count;
  return count;
}

double max_files() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

double start_seconds() {
  // proc(5): "starttime" is field 22, counted after the name in parentheses; "btime" in /proc/stat.
  constexpr size_t kStartAfterName = 19;
  const Result<std::string> own = read_file("/proc/self/stat", kMaxProcBytes);
  const Result<std::string> system = read_file("/proc/stat", 16 * kMaxProcBytes);
  if (!own || !system) return 0;
  const size_t name_end = own->rfind(") ");
  const size_t boot = system->find("\nbtime ");
  if (name_end == std::string::npos || boot == std::string::npos) return 0;
  const double ticks = number_at(std::string_view(*own).substr(name_end + 2), kStartAfterName);
  return number_at(std::string_view(*system).substr(boot + 1), 1) +
         ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

void collect(Collection& collection) {
  collection.counter(kCpu, {}, cpu_seconds());
  collection.gauge(kResident, {}, resident_bytes());
  collection.gauge(kOpenFiles, {}, open_files());
  collection.gauge(kMaxFiles, {}, max_files());
  collection.gauge(kStart, {}, start_seconds());
}

}  // namespace

Registry::Registration add_process_metrics(Registry& registry) {
  registry.declare(kAll);
  return registry.on_collect(collect);
}

}  // namespace odradek::obs
