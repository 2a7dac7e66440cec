#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace odradek::obs {

enum class MetricType : uint8_t { kCounter, kGauge, kHistogram };

// One metric: declared once as a constant, shown by the registry, described in the documentation.
struct MetricInfo {
  static constexpr size_t kMaxLabels = 4;

  std::string_view name;  // "kafka_proxy_requests_total"
  MetricType type = MetricType::kCounter;
  std::string_view unit;  // "requests", "seconds", "bytes"
  std::string_view help;  // one sentence
  std::array<std::string_view, kMaxLabels> labels{};  // names of the labels; unused ones empty

  constexpr size_t label_count() const {
    size_t count = 0;
    while (count < kMaxLabels && !labels[count].empty()) ++count;
    return count;
  }
};

// Values for hot paths: one thread writes them, any thread may read them. As cheap as a plain
// variable (no locked instruction); the price is that two threads must not write the same one, so
// each loop has its own and the registry adds them up when it is asked.
class Counter {
 public:
  void add(uint64_t count = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

class Gauge {
 public:
  void set(int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(int64_t difference) { set(value() + difference); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// Counts values by size. `bounds` are the upper ends of the buckets, ascending, and must live as
// long as the histogram; what is above the last one is counted, too.
class Histogram {
 public:
  // From 0.5 ms to 30 s.
  static std::span<const double> latency_seconds();

  explicit Histogram(std::span<const double> bounds = latency_seconds());

  void record(double value);

  std::span<const double> bounds() const { return bounds_; }
  uint64_t count_in_bucket(size_t bucket) const;  // bucket bounds().size(): above the last one
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::span<const double> bounds_;
  std::vector<Counter> counts_;
  std::atomic<double> sum_{0};
};

// What one scrape collects. Publishing the same labels twice adds the values up.
class Collection {
 public:
  // Series of one metric; what is beyond is dropped and counted.
  static constexpr size_t kMaxSeries = 10'000;

  using LabelValues = std::initializer_list<std::string_view>;

  // `info` must be declared, of this type, and have as many labels as values are given.
  void counter(const MetricInfo& info, LabelValues labels, double value);
  void gauge(const MetricInfo& info, LabelValues labels, double value);
  void histogram(const MetricInfo& info, LabelValues labels, const Histogram& value);

 private:
  friend class Registry;
  class Impl;
  explicit Collection(Impl& impl) : impl_(impl) {}

  Impl& impl_;
};

// All metrics of a process, as Prometheus wants them. Nothing is stored here: at each scrape the
// collectors publish what they have. Declare and register from one thread, which also renders;
// collectors that read other threads' values use the types above.
class Registry {
 public:
  using Collector = std::function<void(Collection&)>;

  // Keeps a collector registered while it lives. Must not outlive the registry.
  class Registration {
   public:
    Registration() = default;
    Registration(Registration&& other) noexcept;
    Registration& operator=(Registration&& other) noexcept;
    ~Registration() { release(); }
    void release();

   private:
    friend class Registry;
    Registration(Registry* registry, std::list<Collector>::iterator at)
        : registry_(registry), at_(at) {}

    Registry* registry_ = nullptr;
    std::list<Collector>::iterator at_;
  };

  Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  ~Registry();

  // The metrics' infos must live as long as the registry: they are constants.
  void declare(std::span<const MetricInfo* const> metrics);
  [[nodiscard]] Registration on_collect(Collector collector);

  // The text exposition format, version 0.0.4.
  std::string render() const;
  // The declared metrics as a Markdown table, in the order declared.
  std::string describe() const;

 private:
  std::vector<const MetricInfo*> metrics_;
  std::list<Collector> collectors_;
};

}  // namespace odradek::obs
