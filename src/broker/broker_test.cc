#include "broker/broker.h"

#include <gtest/gtest.h>

#include "broker/broker_for_tests.h"
#include "broker/config_defs.h"
#include "broker/program_config.h"
#include "broker/settings.h"
#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"

namespace odradek::broker::testing {
namespace {

TEST(Broker, LivesOnItsOwnThreadUnlessGivenALoop) {
  Broker broker;
  ASSERT_TRUE(broker.start());
  EXPECT_TRUE(broker.create_topic({"t", 2, {}}));
  EXPECT_EQ(broker.create_topic({"t", 2, {}}).error().code(), Errc::kAlreadyExists);

  io::Loop loop;
  rpc::ConnectOptions options;
  options.host = "127.0.0.1";
  options.port = broker.port();
  options.deadline = loop.now() + seconds(10);
  auto client = loop.block_on(rpc::ClientConnection::connect(loop, options));
  ASSERT_TRUE(client) << client.error().to_string();
  const auto ask = [&] {
    return *loop.block_on(
        (*client)->call(proto::MetadataRequest{.topics = {}}, 12, loop.now() + seconds(10)));
  };
  EXPECT_EQ(ask()->topics.size(), 1U);
  EXPECT_EQ(ask()->brokers[0].port, broker.port());
  EXPECT_EQ(ask()->cluster_id, broker.cluster_id());
  broker.reset();
  EXPECT_EQ(ask()->topics.size(), 0U);
  client->reset();
  broker.stop();
  broker.stop();
}

TEST(Broker, StartsAgainEmptyAfterAStop) {
  BrokerOptions options;
  options.topics.push_back({"seed", 3, {{"cleanup.policy", "compact"}}});
  Broker broker(options);
  ASSERT_TRUE(broker.start());
  EXPECT_TRUE(broker.create_topic({"other", 1, {}}));
  const std::string cluster = broker.cluster_id();
  broker.stop();
  ASSERT_TRUE(broker.start());
  EXPECT_TRUE(broker.create_topic({"other", 1, {}}));
  EXPECT_FALSE(broker.create_topic({"seed", 1, {}}));
  EXPECT_EQ(broker.cluster_id(), cluster);
}

TEST(Broker, SaysWhatIsWrongWithItsConfiguration) {
  const auto error = [](BrokerOptions options) {
    Broker broker(std::move(options));
    const Result<void> started = broker.start();
    EXPECT_FALSE(started);
    return started ? std::string() : std::string(started.error().message());
  };
  BrokerOptions options;
  options.properties = {{"num.partition", "3"}};
  EXPECT_EQ(error(options), "unknown broker property num.partition; did you mean num.partitions");
  options.properties = {{"num.partitions", "none"}};
  EXPECT_NE(error(options).find("num.partitions"), std::string::npos);
  options.properties.clear();
  options.topics.push_back({"bad name", 1, {}});
  EXPECT_NE(error(options).find("bad name"), std::string::npos);
}

TEST(Broker, SaysWhichPortIsTaken) {
  Broker first;
  ASSERT_TRUE(first.start());
  BrokerOptions options;
  options.listeners[0].options.port = first.port();
  Broker second(options);
  const Result<void> started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), Errc::kNetwork);
}

TEST(Broker, AdvertisesWhatItIsTold) {
  BrokerOptions options;
  options.listeners[0].advertise = io::HostPort{"kafka.example", 1234};
  options.listeners.emplace_back();
  Broker broker(options);
  ASSERT_TRUE(broker.start());
  EXPECT_EQ(broker.bootstrap(), "kafka.example:1234,127.0.0.1:" + std::to_string(broker.port(1)));
}

using BrokerStop = BrokerTest;

TEST_F(BrokerStop, AnswersNobodyAnyMoreButClosesAtOnce) {
  create_topic("t");
  const auto waiting = fetch(connect(), {.wait_ms = 60'000});
  loop_.block_on(broker_->stop_async());
  loop_.run_ready();
  EXPECT_TRUE(waiting.done());
  EXPECT_FALSE(clients_[0]->is_open());
  broker_.reset();
}

TEST(Settings, HaveKafkasLevels) {
  Settings settings(Profile::kKafka);
  EXPECT_EQ(settings.get_long("group.initial.rebalance.delay.ms"), 3000);
  EXPECT_EQ(Settings(Profile::kDev).get_long("group.initial.rebalance.delay.ms"), 0);
  EXPECT_TRUE(settings.set_static("log.retention.minutes", "2"));
  EXPECT_EQ(settings.log_config({}).retention_ms, 120'000);
  EXPECT_TRUE(settings.set_static("log.retention.ms", "5"));
  EXPECT_EQ(settings.log_config({}).retention_ms, 5);
  EXPECT_EQ(settings.log_config({{"retention.ms", "-1"}}).retention_ms, -1);
  settings.set_dynamic("log.retention.ms", "9", true);
  EXPECT_EQ(settings.log_config({}).retention_ms, 9);
  settings.set_dynamic("log.retention.ms", "10", false);
  EXPECT_EQ(settings.log_config({}).retention_ms, 10);
  settings.clear_dynamic();
  EXPECT_EQ(settings.log_config({}).retention_ms, 5);
}

TEST(Settings, ReadTheCodecOfATopic) {
  Settings settings;
  EXPECT_FALSE(settings.log_config({}).codec);
  EXPECT_EQ(settings.log_config({{"compression.type", "uncompressed"}}).codec, wire::Codec::kNone);
  const log::LogConfig zstd =
      settings.log_config({{"compression.type", "zstd"}, {"compression.zstd.level", "7"}});
  EXPECT_EQ(zstd.codec, wire::Codec::kZstd);
  EXPECT_EQ(zstd.codec_level, 7);
}

TEST(ConfigValues, AreCheckedByTypeAndRange) {
  const auto good = [](std::string_view name, std::string_view value) {
    return check_config_value(*find_topic_config(name), value).has_value();
  };
  EXPECT_TRUE(good("preallocate", "TRUE"));
  EXPECT_FALSE(good("preallocate", "yes"));
  EXPECT_TRUE(good("retention.ms", " -1 "));
  EXPECT_FALSE(good("retention.ms", "-2"));
  EXPECT_FALSE(good("retention.ms", "1.5"));
  EXPECT_FALSE(good("max.message.bytes", "99999999999"));
  EXPECT_TRUE(good("min.cleanable.dirty.ratio", "0.5"));
  EXPECT_FALSE(good("min.cleanable.dirty.ratio", "2"));
  EXPECT_TRUE(good("cleanup.policy", "compact, delete"));
  EXPECT_FALSE(good("cleanup.policy", "shred"));
  EXPECT_FALSE(good("compression.type", "brotli"));
}

TEST(TopicFlag, NamesPartitionsAndConfigs) {
  const TopicSpec topic = *parse_topic("orders:6,cleanup.policy=compact,delete,retention.ms=5");
  EXPECT_EQ(topic.name, "orders");
  EXPECT_EQ(topic.partitions, 6);
  ASSERT_EQ(topic.configs.size(), 2U);
  EXPECT_EQ(topic.configs[0].second, "compact,delete");
  EXPECT_EQ(parse_topic("plain")->partitions, -1);
  EXPECT_FALSE(parse_topic("orders:none"));
  EXPECT_FALSE(parse_topic(":3"));
  EXPECT_FALSE(parse_topic("orders:3,compact"));
}

TEST(ProgramConfig, BecomesBrokerOptions) {
  ProgramConfig config;
  config.listen = {"127.0.0.1:0", "[::1]:9093"};
  config.advertise = {"broker.example:9092"};
  config.topics["t"].partitions = 3;
  const BrokerOptions options = *broker_options(config);
  EXPECT_EQ(options.listeners[1].options.host, "::1");
  EXPECT_EQ(options.listeners[0].advertise->host, "broker.example");
  EXPECT_FALSE(options.listeners[1].advertise);
  EXPECT_EQ(options.topics[0].partitions, 3);
  config.listen = {"nonsense:port"};
  EXPECT_FALSE(broker_options(config));
}

}  // namespace
}  // namespace odradek::broker::testing
