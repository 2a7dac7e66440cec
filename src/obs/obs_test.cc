#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/loop.h"
#include "obs/health.h"
#include "obs/metrics.h"
#include "obs/process_metrics.h"

namespace odradek::obs {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr MetricInfo kRequests{
    "test_requests_total", MetricType::kCounter, "requests", "Requests answered.", {"api", "code"}};
constexpr MetricInfo kActive{
    "test_connections_active", MetricType::kGauge, "connections", "Open connections.", {}};
constexpr MetricInfo kDuration{
    "test_duration_seconds", MetricType::kHistogram, "seconds", "Time to answer.", {"api"}};
constexpr const MetricInfo* kAll[] = {&kRequests, &kActive, &kDuration};

TEST(Registry, RendersWhatCollectorsPublish) {
  Registry registry;
  registry.declare(kAll);
  Counter fetches;
  Histogram durations;
  fetches.add(3);
  durations.record(0.0007);
  durations.record(0.001);
  durations.record(99);
  const auto registration = registry.on_collect([&](Collection& collection) {
    collection.counter(kRequests, {"Fetch", "0"}, static_cast<double>(fetches.value()));
    collection.gauge(kActive, {}, 7);
    collection.histogram(kDuration, {"Fetch"}, durations);
  });
  const std::string text = registry.render();
  EXPECT_THAT(text, HasSubstr("# HELP test_requests_total Requests answered.\n"
                              "# TYPE test_requests_total counter\n"
                              "test_requests_total{api=\"Fetch\",code=\"0\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("test_connections_active 7\n"));
  EXPECT_THAT(text, HasSubstr("test_duration_seconds_bucket{api=\"Fetch\",le=\"0.001\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("test_duration_seconds_bucket{api=\"Fetch\",le=\"30\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("test_duration_seconds_bucket{api=\"Fetch\",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("test_duration_seconds_count{api=\"Fetch\"} 3\n"));
}

TEST(Registry, AddsUpTheValuesOfSeveralLoops) {
  Registry registry;
  registry.declare(kAll);
  Histogram one;
  Histogram two;
  one.record(0.1);
  two.record(10);
  const auto publish = [](const Histogram& histogram) {
    return [&histogram](Collection& collection) {
      collection.counter(kRequests, {"Produce", "0"}, 2);
      collection.histogram(kDuration, {"Produce"}, histogram);
    };
  };
  const auto first = registry.on_collect(publish(one));
  auto second = registry.on_collect(publish(two));
  const std::string both = registry.render();
  EXPECT_THAT(both, HasSubstr("test_requests_total{api=\"Produce\",code=\"0\"} 4\n"));
  EXPECT_THAT(both, HasSubstr("test_duration_seconds_count{api=\"Produce\"} 2\n"));
  second.release();
  EXPECT_THAT(registry.render(), HasSubstr("code=\"0\"} 2\n"));
}

TEST(Registry, LabelsAreEscaped) {
  Registry registry;
  registry.declare(kAll);
  const auto registration = registry.on_collect(
      [](Collection& collection) { collection.counter(kRequests, {"a\"b\n", "\\"}, 1); });
  EXPECT_THAT(registry.render(), HasSubstr(R"(api="a\"b\n",code="\\"})"));
}

TEST(Registry, BoundsTheSeriesOfAMetric) {
  Registry registry;
  registry.declare(kAll);
  const auto registration = registry.on_collect([](Collection& collection) {
    for (size_t i = 0; i < Collection::kMaxSeries + 5; ++i) {
      collection.counter(kRequests, {std::to_string(i), ""}, 1);
    }
  });
  EXPECT_THAT(registry.render(), HasSubstr("odradek_metrics_dropped_series 5\n"));
}

TEST(Registry, DescribesItsTable) {
  Registry registry;
  registry.declare(kAll);
  EXPECT_THAT(registry.describe(),
              HasSubstr("| `test_requests_total` | counter | requests | `api`, "
                        "`code` | Requests answered. |\n"));
}

TEST(ProcessMetrics, ShowTheProcess) {
  Registry registry;
  const auto registration = add_process_metrics(registry);
  const std::string text = registry.render();
  for (const std::string_view name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                                      "process_open_fds", "process_start_time_seconds"}) {
    EXPECT_THAT(text, HasSubstr(fmt::format("\n{} ", name)));
    EXPECT_THAT(text, Not(HasSubstr(fmt::format("\n{} 0\n", name))));
  }
}

http::HttpResponse get(const http::Router& router, const std::string& path) {
  io::Loop loop;
  http::HttpRequest request;
  request.method = "GET";
  request.path = path;
  return loop.block_on(router.handle(std::move(request)));
}

TEST(Health, ReadyzNamesWhatIsMissing) {
  const Registry registry;
  Health health;
  bool is_connected = false;
  health.add("storage", [] { return Result<void>(); });
  health.add("bootstrap", [&]() -> Result<void> {
    if (is_connected) return {};
    return Error(Errc::kNetwork, "no broker reachable");
  });
  http::Router router;
  add_routes(router, registry, health);

  const http::HttpResponse before = get(router, "/readyz");
  EXPECT_EQ(before.status, 503);
  EXPECT_EQ(before.body,
            R"({"checks":[{"name":"storage","ready":true},{"name":"bootstrap","ready":false,)"
            R"("reason":"no broker reachable"}],"status":"not ready"})"
            "\n");
  is_connected = true;
  EXPECT_EQ(get(router, "/readyz").status, 200);
  EXPECT_TRUE(health.is_ready());
  health.set_stopping();
  EXPECT_EQ(get(router, "/readyz").status, 503);
  EXPECT_EQ(get(router, "/healthz").status, 200);
  EXPECT_THAT(get(router, "/metrics").body, HasSubstr("odradek_metrics_dropped_series 0"));
  EXPECT_EQ(get(router, "/other").status, 404);
}

}  // namespace
}  // namespace odradek::obs
