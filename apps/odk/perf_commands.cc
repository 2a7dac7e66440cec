// odk perf: what the client costs. One line of key=value, CPU of this process alone.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "commands.h"
#include "output.h"

namespace odk {

namespace ok = odradek::kafka;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr double kMillion = 1e6;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / kMillion;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void print_result(std::string_view mode, uint64_t records, uint64_t failed, uint64_t bytes,
                  Clock::time_point began, double cpu_before) {
  const double wall = std::chrono::duration<double>(Clock::now() - began).count();
  const double cpu = cpu_seconds() - cpu_before;
  const auto count = static_cast<double>(records);
  write_out(
      "mode={} ok={} failed={} wall_s={:.2f} records_per_s={:.0f} mb_per_s={:.1f} "
      "cpu_s_per_million={:.3f} peak_rss_mb={:.1f}\n",
      mode, records, failed, wall, count / wall, static_cast<double>(bytes) / wall / kMillion,
      cpu / count * kMillion, peak_megabytes());
}

// Lines of the payload file, or one line of `size` letters.
std::vector<std::string> payloads(const Settings& settings) {
  std::vector<std::string> lines;
  if (!settings.payload_file.empty()) {
    std::ifstream file(settings.payload_file);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
  }
  if (lines.empty()) lines.emplace_back(settings.payload_bytes, 'x');
  return lines;
}

}  // namespace

Outcome perf_produce(const ok::Client& client, const Settings& settings) {
  ok::ProducerOptions options = producer_options(settings);
  if (!settings.idempotent) options.idempotent = false;
  const std::vector<std::string> lines = payloads(settings);
  ok::Producer producer(client, options);
  const auto warm = producer.send({.topic = settings.topic, .value = lines[0]}).get();
  if (!warm) return warm.error();

  std::atomic<uint64_t> done = 0;
  std::atomic<uint64_t> failed = 0;
  uint64_t bytes = 0;
  const double cpu_before = cpu_seconds();
  const auto began = Clock::now();
  size_t next = 0;
  for (uint64_t i = 0; i < settings.count; ++i) {
    const std::string& line = lines[next];
    if (++next == lines.size()) next = 0;
    bytes += line.size();
    const auto sent =
        producer.send({.topic = settings.topic, .value = line},
                      [&](const ok::Result<ok::RecordMetadata>& report) {
                        (report ? done : failed).fetch_add(1, std::memory_order_relaxed);
                      });
    if (!sent) return sent;
  }
  auto flushed = producer.flush(seconds(300)).get();
  if (!flushed) return flushed;
  print_result("produce", done, failed, bytes, began, cpu_before);
  return producer.close(seconds(10)).get();
}

Outcome perf_consume(const ok::Client& client, const Settings& settings) {
  ok::Consumer consumer(client, settings.options.consumer);
  const auto partitions = partitions_of(client, settings, {settings.topic});
  if (!partitions) return partitions.error();
  const double cpu_before = cpu_seconds();
  const auto began = Clock::now();
  if (const auto assigned = consumer.assign(*partitions); !assigned) return assigned;
  uint64_t count = 0;
  uint64_t bytes = 0;
  while (count < settings.count) {
    const auto batch = consumer.next(seconds(30)).get();
    if (!batch) return batch.error();
    if (batch->empty()) break;
    for (const ok::RecordView& record : *batch) bytes += record.value().size();
    count += batch->size();
  }
  print_result("consume", count, 0, bytes, began, cpu_before);
  return consumer.close(seconds(10)).get();
}

// Records one by one at a steady rate: how long until each is reported.
Outcome perf_latency(const ok::Client& client, const Settings& settings) {
  ok::ProducerOptions options = producer_options(settings);
  options.linger = milliseconds(0);
  const std::vector<std::string> lines = payloads(settings);
  ok::Producer producer(client, options);
  const auto warm = producer.send({.topic = settings.topic, .value = lines[0]}).get();
  if (!warm) return warm.error();
  const auto gap = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(1.0 / settings.rate));
  std::vector<double> waits_ms;
  const double cpu_before = cpu_seconds();
  const auto began = Clock::now();
  uint64_t bytes = 0;
  for (uint64_t i = 0; i < settings.count; ++i) {
    const auto sent_at = Clock::now();
    auto due = producer.send({.topic = settings.topic, .value = lines[i % lines.size()]});
    const auto report = due.get();
    if (!report) return report.error();
    waits_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - sent_at).count());
    bytes += lines[i % lines.size()].size();
    // Busy waiting would be counted as the client's CPU time; so the pace is kept by sleeping.
    // tidy: allow sleep_for, a load generator's pace is time itself
    std::this_thread::sleep_until(began + gap * static_cast<int64_t>(i + 1));
  }
  std::ranges::sort(waits_ms);
  const auto at = [&waits_ms](double part) {
    return waits_ms[static_cast<size_t>(part * static_cast<double>(waits_ms.size() - 1))];
  };
  write_out("p50_ms={:.3f} p99_ms={:.3f} max_ms={:.3f} ", at(0.5), at(0.99), waits_ms.back());
  print_result("latency", settings.count, 0, bytes, began, cpu_before);
  return producer.close(seconds(10)).get();
}

}  // namespace odk
