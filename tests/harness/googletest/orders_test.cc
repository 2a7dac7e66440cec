#include <gtest/gtest.h>
#include <odradek/kafka.h>

#include <set>

#include "broker_process.h"

namespace {

namespace ok = odradek::kafka;
using namespace std::chrono_literals;

// One broker for all tests, and a topic of its own for each.
class Orders : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { broker_ = new BrokerProcess(); }
  static void TearDownTestSuite() { delete broker_; }

  void SetUp() override {
    topic_ = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    ok::Admin admin(client_);
    const auto created = admin.create_topics({{.name = topic_, .partitions = 3}}).get();
    ASSERT_TRUE(created) << created.error().to_string();
  }

  static inline BrokerProcess* broker_ = nullptr;
  ok::Client client_{{.bootstrap = broker_->bootstrap()}};
  std::string topic_;
};

TEST_F(Orders, WhatIsProducedIsConsumed) {
  ok::Producer producer(client_, {});
  for (int number = 0; number < 10; ++number) {
    const std::string value = "order " + std::to_string(number);
    const auto sent = producer.send({.topic = topic_, .value = value}).get();
    ASSERT_TRUE(sent) << sent.error().to_string();
  }
  ok::Consumer consumer(client_, {.group = topic_, .start = ok::Start::earliest});
  ASSERT_TRUE(consumer.subscribe({topic_}));
  std::set<std::string> values;
  while (values.size() < 10) {
    const auto batch = consumer.next(10s).get();
    ASSERT_TRUE(batch) << batch.error().to_string();
    for (const ok::RecordView& record : *batch) values.emplace(record.value());
  }
}

}  // namespace
