#pragma once

#include <cstdint>
#include <deque>

#include "base/clock.h"
#include "broker/broker_parts.h"
#include "io/event.h"

namespace odradek::broker::dashboard {

// One second of the broker; rates are per second.
struct Sample {
  TimestampMs at_ms = 0;
  double bytes_in = 0;
  double bytes_out = 0;
  double requests = 0;
  double records_in = 0;  // by the partitions' end offsets, markers included
  double cpu_percent = 0;  // of one core, the whole process
  uint64_t connections = 0;
  uint64_t waiting_fetches = 0;
  uint64_t record_bytes = 0;  // memory that holds records
  uint64_t resident_bytes = 0;
};

// Remembers the last 15 minutes by the second, for the plots. One loop.
class Sampler {
 public:
  static constexpr size_t kSamplesMax = 15 * 60;

  Sampler(io::Loop& loop, const BrokerParts& parts);
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;
  ~Sampler();

  const std::deque<Sample>& samples() const { return samples_; }  // oldest first
  io::Event& changed() { return changed_; }  // notified with every sample

 private:
  struct Totals {
    MonotonicTime at;
    uint64_t bytes_in = 0;
    uint64_t bytes_out = 0;
    uint64_t requests = 0;
    int64_t end_offsets = 0;
    double cpu_seconds = 0;
  };

  void arm();
  void take();
  Totals totals();

  io::Loop& loop_;
  BrokerParts parts_;
  io::Event changed_;
  std::deque<Sample> samples_;
  Totals last_;
  uint64_t samples_taken_ = 0;
  io::TimerId timer_ = 0;
};

}  // namespace odradek::broker::dashboard
