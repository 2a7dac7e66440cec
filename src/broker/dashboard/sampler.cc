#include "broker/dashboard/sampler.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "broker/node.h"
#include "rpc/server.h"

namespace odradek::broker::dashboard {
namespace {

constexpr Duration kInterval = std::chrono::seconds(1);
// So many partitions are looked at in every sample; with more of them, in every n-th.
constexpr size_t kPartitionsPerSample = 10'000;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t all = 0;
  uint64_t resident = 0;
  if (!(file >> all >> resident)) return 0;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

int64_t sum_of_end_offsets(const Topics& topics) {
  int64_t sum = 0;
  for (const auto& [name, topic] : topics.all()) {
    for (const auto& partition : topic->partitions) sum += partition->log.end_offset();
  }
  return sum;
}

}  // namespace

Sampler::Sampler(io::Loop& loop, const BrokerParts& parts)
    : loop_(loop), parts_(parts), changed_(loop) {
  last_ = totals();
  last_.end_offsets = sum_of_end_offsets(parts_.node.topics());
  arm();
}

Sampler::~Sampler() {
  if (timer_ != 0) loop_.cancel(timer_);
}

void Sampler::arm() {
  timer_ = loop_.call_after(kInterval, [this] {
    timer_ = 0;
    arm();
    take();
  });
}

Sampler::Totals Sampler::totals() {
  const rpc::ServerStats& stats = parts_.clients.stats();
  Totals totals;
  totals.at = loop_.now();
  totals.bytes_in = stats.bytes_in;
  totals.bytes_out = stats.bytes_out;
  totals.requests = stats.requests;
  totals.end_offsets = last_.end_offsets;
  totals.cpu_seconds = cpu_seconds();
  return totals;
}

void Sampler::take() {
  Totals now = totals();
  const Node& node = parts_.node;
  const uint64_t every = 1 + node.topics().partition_count() / kPartitionsPerSample;
  const bool counts_records = samples_taken_++ % every == 0;
  if (counts_records) now.end_offsets = sum_of_end_offsets(node.topics());
  const double seconds = std::chrono::duration<double>(now.at - last_.at).count();
  // A reset or a deleted topic lets totals shrink: nothing came in then, as far as we know.
  const auto rate = [seconds](auto after, auto before) {
    return after > before ? static_cast<double>(after - before) / std::max(seconds, 0.001) : 0.0;
  };
  Sample sample;
  sample.at_ms = loop_.clock().wall_ms();
  sample.bytes_in = rate(now.bytes_in, last_.bytes_in);
  sample.bytes_out = rate(now.bytes_out, last_.bytes_out);
  sample.requests = rate(now.requests, last_.requests);
  sample.records_in = counts_records
                          ? rate(now.end_offsets, last_.end_offsets) / static_cast<double>(every)
                          : samples_.back().records_in;
  sample.cpu_percent = 100 * rate(now.cpu_seconds, last_.cpu_seconds);
  sample.connections = parts_.clients.stats().connections_active;
  sample.waiting_fetches = node.fetches().size();
  sample.record_bytes = node.used_memory_bytes();
  sample.resident_bytes = resident_bytes();
  last_ = now;
  samples_.push_back(sample);
  if (samples_.size() > kSamplesMax) samples_.pop_front();
  changed_.notify_all();
}

}  // namespace odradek::broker::dashboard
