#include "obs/metrics.h"

#include <fmt/format.h>
#include <prometheus/check_names.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

#include "base/assert.h"

namespace odradek::obs {
namespace {

constexpr std::array kLatencySeconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                     0.25,   0.5,   1.0,    2.5,   5.0,  10.0,  30.0};

constexpr MetricInfo kDroppedSeries{"odradek_metrics_dropped_series",
                                    MetricType::kGauge,
                                    "series",
                                    "Series left out of this answer because a metric had too many.",
                                    {}};

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return "counter";
    case MetricType::kGauge: return "gauge";
    case MetricType::kHistogram: return "histogram";
  }
  return "unknown";
}

prometheus::MetricType prometheus_type(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return prometheus::MetricType::Counter;
    case MetricType::kGauge: return prometheus::MetricType::Gauge;
    case MetricType::kHistogram: return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

}  // namespace

std::span<const double> Histogram::latency_seconds() { return kLatencySeconds; }

Histogram::Histogram(std::span<const double> bounds) : bounds_(bounds), counts_(bounds.size() + 1) {
  ODK_ASSERT(std::ranges::is_sorted(bounds));
}

void Histogram::record(double value) {
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  counts_[static_cast<size_t>(bucket)].add();
  sum_.store(sum() + value, std::memory_order_relaxed);
}

uint64_t Histogram::count_in_bucket(size_t bucket) const { return counts_.at(bucket).value(); }

class Collection::Impl {
 public:
  explicit Impl(std::span<const MetricInfo* const> metrics) {
    families_.reserve(metrics.size());
    for (const MetricInfo* info : metrics) {
      Family& family = families_.emplace_back();
      family.info = info;
      family.family.name = info->name;
      family.family.help = info->help;
      family.family.type = prometheus_type(info->type);
      by_info_.emplace(info, families_.size() - 1);
    }
  }

  // The series with these labels, or nullptr when there are too many.
  prometheus::ClientMetric* series(const MetricInfo& info, MetricType type, LabelValues labels) {
    const auto found = by_info_.find(&info);
    ODK_ASSERT(found != by_info_.end(), "metric {} is not declared", info.name);
    ODK_ASSERT(info.type == type, "metric {} is a {}", info.name, type_name(info.type));
    ODK_ASSERT(info.label_count() == labels.size(), "metric {} has {} labels", info.name,
               info.label_count());
    Family& family = families_[found->second];
    std::string key;
    for (const std::string_view value : labels) {
      key += value;
      key += '\0';
    }
    const auto at = family.by_labels.find(key);
    if (at != family.by_labels.end()) return &family.family.metric[at->second];
    if (family.family.metric.size() >= kMaxSeries) {
      ++dropped_;
      return nullptr;
    }
    family.by_labels.emplace(std::move(key), family.family.metric.size());
    prometheus::ClientMetric& metric = family.family.metric.emplace_back();
    size_t index = 0;
    for (const std::string_view value : labels) {
      metric.label.push_back({std::string(info.labels[index++]), std::string(value)});
    }
    return &metric;
  }

  size_t dropped() const { return dropped_; }

  std::string text() && {
    std::vector<prometheus::MetricFamily> shown;
    for (Family& family : families_) {
      if (!family.family.metric.empty()) shown.push_back(std::move(family.family));
    }
    return prometheus::TextSerializer().Serialize(shown);
  }

 private:
  struct Family {
    const MetricInfo* info = nullptr;
    prometheus::MetricFamily family;
    std::unordered_map<std::string, size_t> by_labels;
  };

  std::vector<Family> families_;
  std::unordered_map<const MetricInfo*, size_t> by_info_;
  size_t dropped_ = 0;
};

void Collection::counter(const MetricInfo& info, LabelValues labels, double value) {
  auto* const metric = impl_.series(info, MetricType::kCounter, labels);
  if (metric != nullptr) metric->counter.value += value;
}

void Collection::gauge(const MetricInfo& info, LabelValues labels, double value) {
  auto* const metric = impl_.series(info, MetricType::kGauge, labels);
  if (metric != nullptr) metric->gauge.value += value;
}

void Collection::histogram(const MetricInfo& info, LabelValues labels, const Histogram& value) {
  auto* const metric = impl_.series(info, MetricType::kHistogram, labels);
  if (metric == nullptr) return;
  auto& shown = metric->histogram;
  const std::span<const double> bounds = value.bounds();
  if (shown.bucket.empty()) {
    for (const double bound : bounds) shown.bucket.push_back({0, bound});
    shown.bucket.push_back({0, std::numeric_limits<double>::infinity()});
  }
  ODK_ASSERT(shown.bucket.size() == bounds.size() + 1, "histograms of {} differ", info.name);
  uint64_t cumulative = 0;
  for (size_t i = 0; i < shown.bucket.size(); ++i) {
    cumulative += value.count_in_bucket(i);
    shown.bucket[i].cumulative_count += cumulative;
  }
  shown.sample_count += cumulative;
  shown.sample_sum += value.sum();
}

Registry::Registration::Registration(Registration&& other) noexcept
    : registry_(std::exchange(other.registry_, nullptr)), at_(other.at_) {}

Registry::Registration& Registry::Registration::operator=(Registration&& other) noexcept {
  if (this == &other) return *this;
  release();
  registry_ = std::exchange(other.registry_, nullptr);
  at_ = other.at_;
  return *this;
}

void Registry::Registration::release() {
  if (registry_ != nullptr) registry_->collectors_.erase(at_);
  registry_ = nullptr;
}

Registry::Registry() {
  static constexpr const MetricInfo* kOwn[] = {&kDroppedSeries};
  declare(kOwn);
}

Registry::~Registry() { ODK_ASSERT(collectors_.empty(), "collectors outlive their registry"); }

void Registry::declare(std::span<const MetricInfo* const> metrics) {
  for (const MetricInfo* info : metrics) {
    ODK_ASSERT(prometheus::CheckMetricName(std::string(info->name)), "metric name {}", info->name);
    const auto has_name = [&](const MetricInfo* other) { return other->name == info->name; };
    ODK_ASSERT(std::ranges::none_of(metrics_, has_name), "metric {} is declared twice", info->name);
    metrics_.push_back(info);
  }
}

Registry::Registration Registry::on_collect(Collector collector) {
  return {this, collectors_.insert(collectors_.end(), std::move(collector))};
}

std::string Registry::render() const {
  Collection::Impl impl(metrics_);
  Collection collection(impl);
  for (const Collector& collector : collectors_) collector(collection);
  collection.gauge(kDroppedSeries, {}, static_cast<double>(impl.dropped()));
  return std::move(impl).text();
}

std::string Registry::describe() const {
  std::string out = "| metric | type | unit | labels | meaning |\n|---|---|---|---|---|\n";
  for (const MetricInfo* info : metrics_) {
    std::string labels;
    for (size_t i = 0; i < info->label_count(); ++i) {
      labels += fmt::format("{}`{}`", i == 0 ? "" : ", ", info->labels[i]);
    }
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", info->name, type_name(info->type),
                       info->unit, labels, info->help);
  }
  return out;
}

}  // namespace odradek::obs
