// What a client does when the brokers it knows are of no use any more, and how it looks names up.
#include <gtest/gtest.h>

#include "cluster/cluster.h"
#include "io/canonical_hosts.h"
#include "proto/array_of.h"
#include "proto/messages/metadata_response.h"
#include "rpc/rpc_for_tests.h"

namespace odradek::cluster {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// A server that answers Metadata with what the test says.
class ScriptedBroker {
 public:
  explicit ScriptedBroker(io::Loop& loop, size_t connections_max = 100) : loop_(&loop) {
    handler_.on = [this](rpc::Request request) { answer(std::move(request)); };
    rpc::ServerOptions options;
    options.apis = {{proto::ApiKey::kMetadata, 12, 13}, {proto::ApiKey::kApiVersions, 0, 4}};
    options.limits.max_connections_per_ip = connections_max;
    server_ = std::make_unique<rpc::Server>(loop, handler_, options);
    const auto bound = server_->listen({});
    EXPECT_TRUE(bound.has_value());
    port = *bound;
  }

  void stop() {
    unanswered_.clear();
    if (server_ != nullptr) loop_->block_on(server_->stop());
    server_.reset();
  }

  std::vector<uint16_t> brokers;  // the ports it names
  proto::ErrorCode error = proto::ErrorCode::kNone;
  bool is_silent = false;
  uint16_t port = 0;
  int requests = 0;

 private:
  void answer(rpc::Request request) {
    ++requests;
    if (is_silent) {
      unanswered_.push_back(std::move(request));
      return;
    }
    std::vector<proto::MetadataResponse::MetadataResponseBroker> places;
    for (const uint16_t broker_port : brokers) {
      auto& place = places.emplace_back();
      place.node_id = broker_port;
      place.host = "127.0.0.1";
      place.port = broker_port;
      place.rack = {};
    }
    proto::MetadataResponse response;
    response.error_code = proto::to_number(error);
    response.cluster_id = "cluster";
    response.brokers = proto::array_of(places);
    wire::Writer writer(256);
    writer.i32(request.correlation_id);
    writer.uvarint(0);
    encode(writer, request.version, response);
    request.responder.send(writer.take());
  }

  io::Loop* loop_;
  rpc::testing::TestHandler handler_;
  std::vector<rpc::Request> unanswered_;
  std::unique_ptr<rpc::Server> server_;
};

class RebootstrapTest : public testing::Test {
 protected:
  void TearDown() override {
    if (cluster_ != nullptr) loop_.block_on(cluster_->stop());
    for (ScriptedBroker* broker : {&home_, &away_, &narrow_}) broker->stop();
  }

  void connect(ClusterOptions options = {}) {
    options.bootstrap = {{"127.0.0.1", home_.port}};
    options.retry_backoff_min = options.retry_backoff_max = milliseconds(1);
    cluster_ = std::make_unique<Cluster>(loop_, std::move(options));
  }

  Result<MetadataPtr> refresh(Duration wait = seconds(5)) {
    return loop_.block_on(cluster_->refresh({}, loop_.now() + wait));
  }

  // The bootstrap server names only `away_`, which then is the one to be asked.
  void move_away() {
    home_.brokers = {away_.port};
    away_.brokers = {away_.port};
    ASSERT_TRUE(refresh());
    ASSERT_TRUE(refresh());
    ASSERT_EQ(home_.requests, 1);
    ASSERT_EQ(away_.requests, 1);
  }

  Cluster::Connection connect_lane(uint16_t port, Lane lane) {
    auto connected = loop_.block_on(cluster_->connection(port, lane, loop_.now() + seconds(5)));
    EXPECT_TRUE(connected) << connected.error().to_string();
    return connected ? *std::move(connected) : nullptr;
  }

  io::Loop loop_;
  ScriptedBroker home_{loop_};
  ScriptedBroker away_{loop_};
  ScriptedBroker narrow_{loop_, 1};
  std::unique_ptr<Cluster> cluster_;
};

TEST_F(RebootstrapTest, AsksTheBootstrapServersWhenNoKnownBrokerCanBeReached) {
  connect();
  move_away();
  away_.stop();
  home_.brokers = {home_.port};
  const auto found = refresh();
  ASSERT_TRUE(found) << found.error().to_string();
  ASSERT_EQ((*found)->brokers.size(), 1U);
  EXPECT_EQ((*found)->brokers[0].port, home_.port);
}

TEST_F(RebootstrapTest, KeepsToABrokerThatIsSlowToAnswer) {
  ClusterOptions options;
  options.request_timeout = milliseconds(20);
  connect(options);
  move_away();
  const Cluster::Connection other = connect_lane(away_.port, Lane{3});
  ASSERT_NE(other, nullptr);
  away_.is_silent = true;
  EXPECT_FALSE(refresh(milliseconds(200)));
  EXPECT_EQ(home_.requests, 1);
  EXPECT_TRUE(other->is_open());
}

// A broker that takes no more connections is not away.
TEST_F(RebootstrapTest, KeepsToABrokerToWhichAnyConnectionIsOpen) {
  connect();
  home_.brokers = {narrow_.port};
  ASSERT_TRUE(refresh());
  const Cluster::Connection other = connect_lane(narrow_.port, Lane{3});
  ASSERT_NE(other, nullptr);
  EXPECT_FALSE(refresh(milliseconds(200)));
  EXPECT_EQ(home_.requests, 1);
  EXPECT_TRUE(other->is_open());
}

TEST_F(RebootstrapTest, AsksOnlyKnownBrokersWhenToldSo) {
  ClusterOptions options;
  options.rebootstraps = false;
  connect(options);
  move_away();
  away_.stop();
  EXPECT_FALSE(refresh(milliseconds(200)));
  EXPECT_EQ(home_.requests, 1);
}

TEST_F(RebootstrapTest, AsksTheBootstrapServersWhenABrokerSaysSo) {
  connect();
  move_away();
  const Cluster::Connection stale = connect_lane(away_.port, Lane{3});
  ASSERT_NE(stale, nullptr);
  away_.error = proto::ErrorCode::kRebootstrapRequired;
  home_.brokers = {home_.port};
  const auto found = refresh();
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ((*found)->brokers[0].port, home_.port);
  EXPECT_FALSE(stale->is_open());
}

TEST_F(RebootstrapTest, AsksTheBootstrapServersWhenNothingWasLearntForTooLong) {
  ClusterOptions options;
  options.rebootstrap_after = milliseconds(50);
  connect(options);
  move_away();
  away_.error = proto::ErrorCode::kUnknownServerError;
  home_.brokers = {home_.port};
  const auto found = refresh();
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ((*found)->brokers[0].port, home_.port);
  EXPECT_GT(away_.requests, 2);
}

TEST_F(RebootstrapTest, GoesByTheNamesOfTheBootstrapServersAddresses) {
  const auto names = loop_.block_on(
      io::canonical_hosts(loop_, {"127.0.0.1", home_.port}, loop_.now() + seconds(10)));
  ASSERT_TRUE(names) << names.error().to_string();
  ASSERT_EQ(names->size(), 1U);
  EXPECT_EQ(names->front().port, home_.port);
  EXPECT_FALSE(names->front().host.empty());
  ClusterOptions options;
  options.dns_lookup = DnsLookup::kCanonicalBootstrap;
  connect(options);
  home_.brokers = {home_.port};
  const auto found = refresh();
  EXPECT_TRUE(found) << found.error().to_string();
}

TEST_F(RebootstrapTest, TriesEveryAddressOfAName) {
  ClusterOptions options;
  options.bootstrap = {{"localhost", home_.port}};  // where IPv6 comes first, nobody listens
  options.retry_backoff_min = milliseconds(1);
  cluster_ = std::make_unique<Cluster>(loop_, std::move(options));
  home_.brokers = {home_.port};
  const auto found = refresh();
  EXPECT_TRUE(found) << found.error().to_string();
}

TEST_F(RebootstrapTest, SaysWhichNameCannotBeResolved) {
  ClusterOptions options;
  options.dns_lookup = DnsLookup::kCanonicalBootstrap;
  options.bootstrap = {{"no-such-host.invalid", 9092}};
  cluster_ = std::make_unique<Cluster>(loop_, std::move(options));
  const auto found = refresh(seconds(2));
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().to_string().find("no-such-host.invalid"), std::string::npos)
      << found.error().to_string();
}

}  // namespace
}  // namespace odradek::cluster
