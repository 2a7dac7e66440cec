#include "io/task_group.h"
#include "proto/error_code.h"
#include "proto/messages/delete_topics_request.h"
#include "proto/messages/delete_topics_response.h"
#include "proto/messages/describe_cluster_request.h"
#include "proto/messages/describe_cluster_response.h"
#include "proto/messages/find_coordinator_request.h"
#include "proto/messages/find_coordinator_response.h"
#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"
#include "proxy/consistency/settings_topic.h"
#include "proxy_fixture.h"

namespace odradek::proxy::testing {
namespace {

using proto::ErrorCode;

constexpr std::string_view kTopic = "events";
constexpr int32_t kPartitions = 12;

// --- listen.node_mode: brokers

class ProxyNodes : public ProxyTest {
 protected:
  void SetUp() override {
    ProxyOptions options = default_options();
    options.node_mode = NodeMode::kBrokers;
    start(std::move(options));
    ASSERT_EQ(create_topic(kTopic, kPartitions), 0);
    const Connection direct = connect_to_broker();
    const proto::DescribeClusterRequest question;
    const auto answer = call(*direct, question);
    ASSERT_EQ(answer->brokers.size(), 1U);
    broker_id_ = answer->brokers[0].broker_id;
    address_ = *io::parse_host_port(proxies_[0]->address());
  }

  int32_t broker_id_ = -1;
  io::HostPort address_;
};

TEST_F(ProxyNodes, KeepTheNumbersOfTheBrokersAtTheAddressOfTheProxy) {
  proto::MetadataRequest request;
  proto::MetadataRequest::MetadataRequestTopic topic;
  topic.name = kTopic;
  request.topics = {&topic, 1};
  const auto answer = call(request);
  ASSERT_EQ(answer->brokers.size(), 1U);
  EXPECT_EQ(answer->brokers[0].node_id, broker_id_);
  EXPECT_EQ(answer->brokers[0].host, address_.host);
  EXPECT_EQ(answer->brokers[0].port, address_.port);
  EXPECT_EQ(answer->controller_id, broker_id_);
  ASSERT_EQ(answer->topics[0].partitions.size(), size_t{kPartitions});
  for (const auto& partition : answer->topics[0].partitions) {
    EXPECT_EQ(partition.leader_id, broker_id_);
    ASSERT_EQ(partition.replica_nodes.size(), 1U);
    EXPECT_EQ(partition.replica_nodes[0], broker_id_);
  }
  const proto::DescribeClusterRequest question;
  const auto cluster = call(question);
  ASSERT_EQ(cluster->brokers.size(), 1U);
  EXPECT_EQ(cluster->brokers[0].broker_id, broker_id_);
  EXPECT_EQ(cluster->brokers[0].port, address_.port);
}

TEST_F(ProxyNodes, NameTheRealCoordinator) {
  for (const int8_t type : {int8_t{0}, int8_t{1}}) {
    std::string_view keys[] = {"readers", "writers"};
    proto::FindCoordinatorRequest request;
    request.key_type = type;
    request.coordinator_keys = keys;
    const auto answer = call(request);
    ASSERT_EQ(answer->coordinators.size(), 2U);
    for (const auto& found : answer->coordinators) {
      EXPECT_EQ(found.error_code, 0);
      EXPECT_EQ(found.node_id, broker_id_);
      EXPECT_EQ(found.host, address_.host);
      EXPECT_EQ(found.port, address_.port);
    }
  }
}

TEST_F(ProxyNodes, ServeRecordsAsEver) {
  for (int32_t v = 0; v < kPartitions; ++v) {
    const NewBatch batch = {.partition = v, .values = {std::to_string(v)}};
    ASSERT_EQ(produce(kTopic, batch).error, 0);
  }
  for (int32_t v = 0; v < kPartitions; ++v) {
    const auto records = read_all(*client_, kTopic, v);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].value, std::to_string(v));
  }
}

// --- consistency_topic

class ProxyAgreement : public ProxyTest {
 protected:
  static ProxyOptions agreeing() {
    ProxyOptions options = default_options();
    options.consistency_topic = true;
    return options;
  }
  static TopicRule rule(std::string pattern) {
    return {std::move(pattern), {.virtual_partitions = 4, .physical_partitions = 2}};
  }

  std::unique_ptr<Proxy> make_proxy(ProxyOptions options) {
    options.kafka.bootstrap = {{"127.0.0.1", broker_->port()}};
    return std::make_unique<Proxy>(loop_, std::move(options));
  }
  // Starts and stops one more instance.
  Result<void> try_start(ProxyOptions options) {
    const std::unique_ptr<Proxy> proxy = make_proxy(std::move(options));
    const Result<void> started = loop_.block_on(proxy->start());
    loop_.block_on(proxy->stop());
    return started;
  }
  void expect_refused(const Result<void>& started, std::string_view reason) {
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), Errc::kConfig);
    EXPECT_NE(started.error().message().find(reason), std::string_view::npos)
        << started.error().message();
  }
};

TEST_F(ProxyAgreement, LetsEqualInstancesStartAndNoOthers) {
  start(agreeing());
  EXPECT_TRUE(try_start(agreeing()));
  ProxyOptions other = agreeing();
  other.fallback->virtual_partitions = 24;
  expect_refused(try_start(std::move(other)), "24 3");
  other = agreeing();
  other.fallback->segmented = true;
  expect_refused(try_start(std::move(other)), "segmented");
  other = agreeing();
  other.shadow_suffix = "-of-";
  expect_refused(try_start(std::move(other)), "shadow_suffix");
  // Who is not asked to compare does not.
  other = default_options();
  other.fallback->virtual_partitions = 24;
  EXPECT_TRUE(try_start(std::move(other)));
  EXPECT_TRUE(try_start(agreeing()));
}

TEST_F(ProxyAgreement, TakesMoreTopicsAndThenMissesThem) {
  start(agreeing());
  ProxyOptions more = agreeing();
  more.topics.push_back(rule("more"));
  EXPECT_TRUE(try_start(more));
  expect_refused(try_start(agreeing()), "\"more\"");
  more.topics.push_back(rule("even-more-.*"));
  // One that runs takes them too, when it reads its configuration again.
  const Result<void> reloaded = loop_.block_on(proxies_[0]->reload(more));
  EXPECT_TRUE(reloaded) << reloaded.error().to_string();
  more.topics.pop_back();
  expect_refused(try_start(more), "even-more");
}

TEST_F(ProxyAgreement, RefusesAReloadThatOthersDoNotAgreeWith) {
  start(agreeing());
  ProxyOptions first = agreeing();
  first.topics.push_back(rule("orders"));
  ASSERT_TRUE(try_start(first));
  ProxyOptions second = agreeing();
  second.topics.push_back(rule("orders"));
  second.topics[0].spec.virtual_partitions = 8;
  const Result<void> reloaded = loop_.block_on(proxies_[0]->reload(second));
  ASSERT_FALSE(reloaded);
  EXPECT_EQ(reloaded.error().code(), Errc::kConfig);
  EXPECT_TRUE(loop_.block_on(proxies_[0]->reload(first)));
}

io::Task<void> start_into(Proxy& proxy, Result<void>& outcome) { outcome = co_await proxy.start(); }

io::Task<void> join(io::TaskGroup& tasks) { co_await tasks.join(); }

// Whoever writes first wins, and instances like it start from then on.
TEST_F(ProxyAgreement, LetsOneOfTwoThatStartTogetherWin) {
  start();
  for (int round = 0; round < 5; ++round) {
    std::vector<ProxyOptions> options(2, agreeing());
    options[1].fallback->virtual_partitions = 24;
    std::vector<std::unique_ptr<Proxy>> both;
    std::vector<Result<void>> outcomes(2, Result<void>(Errc::kNotFound));
    for (const ProxyOptions& one : options) both.push_back(make_proxy(one));
    io::TaskGroup tasks(loop_);
    for (size_t i = 0; i < 2; ++i) tasks.spawn(start_into(*both[i], outcomes[i]));
    loop_.block_on(join(tasks));
    ASSERT_NE(outcomes[0].has_value(), outcomes[1].has_value()) << round;
    const size_t winner = outcomes[0] ? 0 : 1;
    expect_refused(outcomes[1 - winner], "maps topics by default");
    for (const auto& proxy : both) loop_.block_on(proxy->stop());
    EXPECT_TRUE(try_start(options[winner]));
    expect_refused(try_start(options[1 - winner]), "maps topics by default");
    // As the operator does who wants to change what is written.
    const Connection direct = connect_to_broker();
    std::string_view names[] = {kSettingsTopic};
    proto::DeleteTopicsRequest request;
    request.topic_names = names;
    request.timeout_ms = 10'000;
    EXPECT_EQ(call(*direct, request, 5)->responses[0].error_code, 0);
  }
}

TEST_F(ProxyAgreement, ProtectsItsTopicFromClients) {
  start(agreeing());
  const Stored written = produce(kSettingsTopic, {.partition = 0, .values = {"nonsense"}});
  EXPECT_EQ(written.error, proto::to_number(ErrorCode::kTopicAuthorizationFailed));
  std::string_view names[] = {kSettingsTopic};
  proto::DeleteTopicsRequest request;
  request.topic_names = names;
  EXPECT_EQ(call(request, 5)->responses[0].error_code,
            proto::to_number(ErrorCode::kTopicAuthorizationFailed));
  EXPECT_EQ(create_topic(kSettingsTopic, 1),
            proto::to_number(ErrorCode::kTopicAuthorizationFailed));
  EXPECT_TRUE(try_start(agreeing()));
}

// An instance that cannot read what is written must not guess.
TEST_F(ProxyAgreement, RefusesSettingsItDoesNotUnderstand) {
  start(agreeing());
  const Connection direct = connect_to_broker();
  const NewBatch batch = {.values = {"kafka-partition-proxy settings 9\n"}, .key = "mapping"};
  EXPECT_EQ(produce(*direct, kSettingsTopic, {batch})[0].error, 0);
  expect_refused(try_start(agreeing()), "cannot be read");
}

}  // namespace
}  // namespace odradek::proxy::testing
