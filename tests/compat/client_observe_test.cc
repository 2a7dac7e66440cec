// What the client tells about itself: numbers, requests, log entries, interceptors.
#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <mutex>

#include "client_fixture.h"

namespace odradek::compat {
namespace {

using testing::Contains;
using testing::HasSubstr;

class ObserveTest : public ClientTest {};

TEST_F(ObserveTest, CountsWhatProducersAndConsumersDo) {
  const std::string topic = create_topic(1);
  ok::Producer producer(*client_, {});
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(producer.send({.topic = topic, .value = "v", .partition = 0}).get());
  }
  ok::Consumer consumer(*client_, {.start = ok::Start::earliest});
  ASSERT_TRUE(consumer.assign({{topic, 0}}));
  ASSERT_TRUE(consumer.pause({}));
  ASSERT_EQ(read(consumer, 10).size(), 10U);

  const auto metrics = client_->metrics().get();
  ASSERT_TRUE(metrics);
  ASSERT_EQ(metrics->producers.size(), 1U);
  EXPECT_EQ(metrics->producers[0].records_delivered, 10U);
  EXPECT_EQ(metrics->producers[0].records_failed, 0U);
  EXPECT_GT(metrics->producers[0].batch_bytes_delivered, 10U);
  ASSERT_EQ(metrics->consumers.size(), 1U);
  EXPECT_EQ(metrics->consumers[0].records, 10U);
  EXPECT_EQ(metrics->consumers[0].partitions, 1U);
  EXPECT_EQ(metrics->consumers[0].lag_total, 0);
  ASSERT_FALSE(metrics->brokers.empty());
  EXPECT_GT(metrics->connections_open, 0U);
  uint64_t requests = 0;
  for (const ok::BrokerMetrics& broker : metrics->brokers) requests += broker.requests;
  EXPECT_GT(requests, 10U);

  const std::string page = ok::to_prometheus(*metrics);
  EXPECT_THAT(page, HasSubstr("# TYPE odradek_client_records_delivered_total counter\n"));
  EXPECT_THAT(page, HasSubstr("records_delivered_total{client_id=\"odradek\","
                              "transactional_id=\"\"} 10\n"));
  EXPECT_THAT(page, HasSubstr("odradek_client_records_consumed_total{"));
}

TEST_F(ObserveTest, ReportsRequestsAndMetricsByThemselves) {
  struct Seen {
    std::mutex mutex;
    std::vector<std::string> apis;
    int failures = 0;
    std::set<int32_t> correlation_ids;
  };
  const auto seen = std::make_shared<Seen>();
  std::promise<size_t> reported;
  auto options = client_options();
  options.on_request = [seen](const ok::RequestEvent& event) {
    const std::lock_guard lock(seen->mutex);
    seen->apis.emplace_back(event.api);
    seen->correlation_ids.insert(event.correlation_id);
    if (event.error != nullptr) ++seen->failures;
    EXPECT_GT(event.bytes_sent, 0U);
    EXPECT_FALSE(event.broker.empty());
  };
  bool is_reported = false;
  options.on_metrics = [&](const ok::ClientMetrics& metrics) {
    if (!std::exchange(is_reported, true)) reported.set_value(metrics.brokers.size());
  };
  options.metrics_interval = milliseconds(20);
  {
    const ok::Client client(options);
    ASSERT_TRUE(ok::Admin(client).list_topics().get());
    reported.get_future().wait();
  }
  const std::lock_guard lock(seen->mutex);
  EXPECT_THAT(seen->apis, Contains("ApiVersions"));
  EXPECT_THAT(seen->apis, Contains("Metadata"));
  EXPECT_GT(seen->correlation_ids.size(), 1U);
}

TEST_F(ObserveTest, GivesLogEntriesInTheirParts) {
  struct Entries {
    std::mutex mutex;
    std::vector<std::string> keys;
  };
  const auto entries = std::make_shared<Entries>();
  ok::set_log_handler(
      [entries](const ok::LogEntry& entry) {
        const std::lock_guard lock(entries->mutex);
        EXPECT_FALSE(entry.text.empty());
        EXPECT_FALSE(entry.source.empty());
        for (const ok::LogField& field : entry.fields) entries->keys.emplace_back(field.key);
      },
      ok::LogLevel::trace);
  {
    const ok::Client client(client_options());
    EXPECT_TRUE(ok::Admin(client).list_topics().get());
  }
  ok::set_log_handler({}, ok::LogLevel::off);
  const std::lock_guard lock(entries->mutex);
  EXPECT_THAT(entries->keys, Contains("correlation_id"));
}

// --- interceptors

class Tracer final : public ok::ProducerInterceptor {
 public:
  void on_send(const ok::Record& record, ok::HeaderSink& headers) override {
    headers.add("trace", std::string(record.topic) + "/" + std::to_string(++sent));
  }
  void on_delivery(std::string_view /*topic*/,
                   const ok::Result<ok::RecordMetadata>& result) override {
    (result ? delivered : failed)++;
    throw std::runtime_error("a bad tracer harms nobody");
  }
  std::atomic<int> sent = 0;
  std::atomic<int> delivered = 0;
  std::atomic<int> failed = 0;
};

class Counter final : public ok::ConsumerInterceptor {
 public:
  void on_batch(const ok::RecordBatch& batch) override {
    records += static_cast<int>(batch.size());
  }
  void on_commit(const std::vector<ok::CommittedOffset>& offsets,
                 const ok::Result<void>& result) override {
    if (result) commits += static_cast<int>(offsets.size());
  }
  std::atomic<int> records = 0;
  std::atomic<int> commits = 0;
};

TEST_F(ObserveTest, LetsInterceptorsAddHeadersAndSeeWhatBecomesOfRecords) {
  const std::string topic = create_topic(1);
  const auto tracer = std::make_shared<Tracer>();
  ok::ProducerOptions producing;
  producing.interceptor = tracer;
  ok::Producer producer(*client_, producing);
  const ok::Header own[] = {{.key = "own", .value = "x"}};
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(producer.send({.topic = topic, .headers = own, .partition = 0}).get());
  }
  const std::string huge(20 << 20U, 'x');
  EXPECT_FALSE(producer.send({.topic = topic, .value = huge}).get());
  EXPECT_EQ(tracer->delivered, 3);
  EXPECT_EQ(tracer->failed, 1);

  const auto counter = std::make_shared<Counter>();
  auto consuming = group_options(fresh_name("group"));
  consuming.interceptor = counter;
  ok::Consumer consumer(*client_, consuming);
  ASSERT_TRUE(consumer.assign({{topic, 0}}));
  int seen = 0;
  for (const ok::RecordBatch& batch : consumer.batches(seconds(20))) {
    for (const ok::RecordView& record : batch) {
      ASSERT_EQ(record.headers().size(), 2);
      EXPECT_EQ(record.headers().last("own")->value, "x");
      EXPECT_EQ(record.headers().last("trace")->value, topic + "/" + std::to_string(++seen));
    }
    if (seen == 3) break;
  }
  EXPECT_EQ(counter->records, 3);
  ASSERT_TRUE(consumer.commit().get());
  EXPECT_EQ(counter->commits, 1);
}

}  // namespace
}  // namespace odradek::compat
