#include <gmock/gmock.h>

#include <set>
#include <sstream>

#include "odradek/observe.h"

namespace odradek::kafka {
namespace {

using testing::HasSubstr;

// The series of a page; a test failure when one stands there twice.
std::set<std::string> series_of(const std::string& page) {
  std::set<std::string> series;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    const std::string name = line.starts_with('#') ? line : line.substr(0, line.rfind(' '));
    EXPECT_TRUE(series.insert(name).second) << "twice: " << name;
  }
  return series;
}

TEST(Prometheus, AddsUpWhatHasTheSameLabels) {
  ClientMetrics metrics;
  metrics.client_id = "app";
  metrics.producers = {{.records_delivered = 3, .buffered_bytes = 10},
                       {.records_delivered = 4, .buffered_bytes = 20},
                       {.transactional_id = "tx", .records_delivered = 5}};
  metrics.consumers = {{.group = "g", .records = 1, .lag_total = 7, .lag_max = 7},
                       {.group = "g", .records = 2, .lag_total = 8, .lag_max = 5}};
  const std::string page = to_prometheus(metrics);
  series_of(page);
  EXPECT_THAT(page,
              HasSubstr("records_delivered_total{client_id=\"app\",transactional_id=\"\"} 7\n"));
  EXPECT_THAT(page,
              HasSubstr("records_delivered_total{client_id=\"app\",transactional_id=\"tx\"} 5\n"));
  EXPECT_THAT(page,
              HasSubstr("producer_buffered_bytes{client_id=\"app\",transactional_id=\"\"} 30"));
  EXPECT_THAT(page, HasSubstr("records_consumed_total{client_id=\"app\",group=\"g\"} 3\n"));
  EXPECT_THAT(page, HasSubstr("lag_records{client_id=\"app\",group=\"g\"} 15\n"));
  EXPECT_THAT(page, HasSubstr("lag_records_max{client_id=\"app\",group=\"g\"} 7\n"));
}

TEST(Prometheus, PutsTheClientsOfAProcessOnOnePage) {
  ClientMetrics first;
  first.client_id = "app";
  first.connections_open = 1;
  first.brokers = {{.address = "b:9092", .requests = 1, .duration_max = std::chrono::seconds(1)}};
  ClientMetrics second = first;
  second.brokers.front().duration_max = std::chrono::seconds(2);
  ClientMetrics other = first;
  other.client_id = "oth\"er";
  const std::vector<ClientMetrics> all{first, second, other};
  const std::string page = to_prometheus(all);
  series_of(page);
  EXPECT_THAT(page, HasSubstr("connections_open{client_id=\"app\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("connections_open{client_id=\"oth\\\"er\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("requests_total{client_id=\"app\",broker=\"b:9092\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("request_seconds_max{client_id=\"app\",broker=\"b:9092\"} 2\n"));
}

}  // namespace
}  // namespace odradek::kafka
