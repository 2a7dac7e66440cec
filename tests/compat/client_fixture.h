#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "odradek/kafka.h"

// What the client's tests against a broker share. They run against Apache Kafka or any other when
// ODRADEK_TEST_BOOTSTRAP names it, else against an odradek-broker inside this process.
namespace odradek::compat {

namespace ok = odradek::kafka;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A broker in this process, started when first asked for. It stops before main() ends: a thread
// that outlives OpenSSL cannot give back what OpenSSL keeps for it.
class BrokerOfTheRun : public ::testing::Environment {
 public:
  void TearDown() override { broker_.reset(); }

  std::string bootstrap() {
    if (broker_ == nullptr) {
      broker::BrokerOptions options;
      options.properties = {
          {"authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"},
          {"super.users", "User:ANONYMOUS"}};
      broker_ = std::make_unique<broker::Broker>(std::move(options));
      EXPECT_TRUE(broker_->start().has_value());
    }
    return broker_->bootstrap();
  }

  static BrokerOfTheRun* add() {
    auto made = std::make_unique<BrokerOfTheRun>();
    BrokerOfTheRun* const added = made.get();
    ::testing::AddGlobalTestEnvironment(made.release());
    return added;
  }

 private:
  std::unique_ptr<broker::Broker> broker_;
};
inline BrokerOfTheRun* const broker_of_the_run = BrokerOfTheRun::add();

// The cluster under test, for the whole run.
inline std::string test_bootstrap() {
  const char* given = std::getenv("ODRADEK_TEST_BOOTSTRAP");
  return given != nullptr ? given : broker_of_the_run->bootstrap();
}

// How to get in: a file of Java's client properties that ODRADEK_TEST_PROPERTIES names, or nothing.
inline ok::ClientOptions test_properties() {
  const char* path = std::getenv("ODRADEK_TEST_PROPERTIES");
  if (path == nullptr) return {};
  ok::Properties properties;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t equals = line.find('=');
    if (equals != std::string::npos) properties[line.substr(0, equals)] = line.substr(equals + 1);
  }
  const auto options = ok::from_properties(properties);
  EXPECT_TRUE(options) << options.error().to_string();
  return options ? options->client : ok::ClientOptions();
}

// A name no earlier run used.
inline std::string fresh_name(std::string_view what) {
  static std::mt19937_64 random(std::random_device{}());
  return std::string(what) + "-" + std::to_string(random() % 1'000'000'000);
}

class ClientTest : public testing::Test {
 protected:
  ClientTest() : client_(std::make_unique<ok::Client>(client_options())), admin_(*client_) {}

  static ok::ClientOptions client_options() {
    ok::ClientOptions options = test_properties();
    options.bootstrap = test_bootstrap();
    return options;
  }

  std::string create_topic(int32_t partitions, std::map<std::string, std::string> configs = {}) {
    const std::string name = fresh_name("topic");
    ok::NewTopic topic;
    topic.name = name;
    topic.partitions = partitions;
    topic.replication_factor = 1;
    topic.configs = std::move(configs);
    const auto created = admin_.create_topics({topic}).get();
    EXPECT_TRUE(created.has_value());
    EXPECT_TRUE(created->front().result) << created->front().result.error().to_string();
    wait_for_topic(name);
    return name;
  }

  // A broker of a real cluster learns of a topic a little after its creation was answered.
  void wait_for_topic(const std::string& name) {
    const auto end = std::chrono::steady_clock::now() + seconds(30);
    while (std::chrono::steady_clock::now() < end) {
      const auto described = admin_.describe_topics({name}).get();
      const auto topics = ok::all(described);
      if (topics && topics->size() == 1 && !topics->front().partitions.empty()) return;
    }
    ADD_FAILURE() << "the broker does not know of " << name;
  }

  // Sends "0", "1", ... to the partition, or by key "k0", "k1", ...
  void fill(const std::string& topic, int count, std::optional<int32_t> partition = {}) {
    ok::Producer producer(*client_, {});
    for (int i = 0; i < count; ++i) {
      const std::string key = "k" + std::to_string(i);
      const std::string value = std::to_string(i);
      ok::Record record{.topic = topic, .key = key, .value = value};
      record.partition = partition;
      const auto sent = producer.send(record, [](const ok::Result<ok::RecordMetadata>& done) {
        EXPECT_TRUE(done) << done.error().to_string();
      });
      ASSERT_TRUE(sent) << sent.error().to_string();
    }
    const auto closed = producer.close(seconds(30)).get();
    ASSERT_TRUE(closed) << closed.error().to_string();
  }

  // Everything the consumer gets until `count` records came.
  struct Seen {
    std::string value;
    int32_t partition;
    int64_t offset;
  };
  static std::vector<Seen> read(ok::Consumer& consumer, size_t count, seconds limit = seconds(30)) {
    std::vector<Seen> seen;
    const auto end = std::chrono::steady_clock::now() + limit;
    while (seen.size() < count && std::chrono::steady_clock::now() < end) {
      auto batch = consumer.next(milliseconds(200)).get();
      EXPECT_TRUE(batch) << batch.error().to_string();
      if (!batch) break;
      for (const ok::RecordView& record : *batch) {
        seen.push_back({std::string(record.value()), batch->partition(), record.offset()});
      }
    }
    return seen;
  }

  static ok::ConsumerOptions group_options(const std::string& group) {
    ok::ConsumerOptions options;
    options.group = group;
    options.start = ok::Start::earliest;
    options.session_timeout = seconds(10);
    options.heartbeat_interval = milliseconds(100);
    return options;
  }

  std::unique_ptr<ok::Client> client_;
  ok::Admin admin_;
};

}  // namespace odradek::compat
