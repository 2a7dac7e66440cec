#include <set>

#include "proxy_fixture.h"

namespace odradek::proxy::testing {
namespace {

constexpr std::string_view kTopic = "events";
constexpr int32_t kPartitions = 12;

// Consumers at the end of one physical partition, each of another virtual one.
class ProxyTail : public ProxyTest {
 protected:
  struct Consumer {
    Connection connection;
    int32_t partition = 0;
    int64_t position = 0;
    std::vector<std::string> seen;
  };

  void start_consumers(ProxyOptions options) {
    start(std::move(options));
    ASSERT_EQ(create_topic(kTopic, kPartitions), 0);
    for (const int32_t v : {1, 4, 7, 10}) {
      consumers_.push_back({connect(*proxies_[0]), v, 0, {}});
    }
  }

  void TearDown() override {
    consumers_.clear();
    ProxyTest::TearDown();
  }

  void poll(Consumer& consumer) {
    const FetchAsk ask = {.partition = consumer.partition, .offset = consumer.position};
    auto found = fetch(*consumer.connection, kTopic, {ask});
    Fetched& fetched = found[consumer.partition];
    EXPECT_EQ(fetched.error, 0);
    consumer.position = fetched.position;
    for (SeenRecord& record : fetched.records) consumer.seen.push_back(std::move(record.value));
  }

  // One record, read by all of them, or read over.
  void produce_and_read(int32_t partition, std::string value) {
    const Stored stored = produce(kTopic, {.partition = partition, .values = {std::move(value)}});
    ASSERT_EQ(stored.error, 0);
    for (Consumer& consumer : consumers_) {
      while (consumer.position <= stored.base_offset && loop_.now() < deadline_) poll(consumer);
      ASSERT_GT(consumer.position, stored.base_offset);
    }
  }

  uint64_t scanned() const { return proxies_[0]->stats().fetch_scanned_bytes; }

  std::vector<Consumer> consumers_;
  MonotonicTime deadline_ = loop_.now() + std::chrono::seconds(30);
};

TEST_F(ProxyTail, IsReadOnceForAllConsumers) {
  start_consumers(default_options());
  int warm_up = 0;
  while (proxies_[0]->stats().cache_hits < 20 && loop_.now() < deadline_) {
    produce_and_read(1, "warm-up " + std::to_string(warm_up++));
  }
  ASSERT_GE(proxies_[0]->stats().cache_hits, 20U);
  const uint64_t before = scanned();
  const std::string payload(1000, 'x');
  for (int i = 0; i < 100; ++i) {
    produce_and_read(1 + 3 * (i % 4), std::to_string(i) + payload);
  }
  constexpr uint64_t kProducedMax = 100 * 1200;
  EXPECT_LE(scanned() - before, kProducedMax * 12 / 10);
  for (const Consumer& consumer : consumers_) {
    std::vector<std::string> own;
    for (const std::string& value : consumer.seen) {
      if (!value.starts_with("warm-up")) own.push_back(value.substr(0, value.find('x')));
    }
    std::vector<std::string> expected;
    for (int i = (consumer.partition - 1) / 3; i < 100; i += 4) {
      expected.push_back(std::to_string(i));
    }
    EXPECT_EQ(own, expected) << consumer.partition;
  }
}

// Switched off, and with a ring of almost nothing: the same records.
TEST_F(ProxyTail, GivesTheSameWhateverIsKept) {
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{3000}}) {
    ProxyOptions options = default_options();
    options.fetch_cache_bytes = bytes;
    start_consumers(std::move(options));
    for (int i = 0; i < 60; ++i) {
      produce_and_read(1 + 3 * (i % 4), std::to_string(i) + std::string(500, 'x'));
    }
    for (const Consumer& consumer : consumers_) {
      const std::set<std::string> once(consumer.seen.begin(), consumer.seen.end());
      EXPECT_EQ(consumer.seen.size(), 15U) << bytes;
      EXPECT_EQ(once.size(), 15U) << bytes;
    }
    TearDown();
  }
}

}  // namespace
}  // namespace odradek::proxy::testing
