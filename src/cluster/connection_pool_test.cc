// How long connections may take to come up, and how long they may do nothing.
#include "cluster/connection_pool.h"

#include <gtest/gtest.h>

#include "broker/broker.h"
#include "io/stream.h"

namespace odradek::cluster {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class ConnectionPoolTest : public testing::Test {
 protected:
  // One attempt to connect to a server that takes connections and says nothing: how long until it
  // is given up.
  Duration time_of_failure(ConnectionPool& pool, const io::HostPort& silent) {
    std::optional<Result<ConnectionPool::Connection>> outcome;
    io::TaskGroup tasks(loop_);
    tasks.spawn(connect(&pool, silent, loop_.now() + minutes(10), &outcome));
    loop_.run_ready();
    const MonotonicTime begin = loop_.now();
    while (!outcome) {
      clock_.advance(milliseconds(20));
      loop_.run_ready();
    }
    EXPECT_FALSE(*outcome);
    loop_.block_on(tasks.join());
    return loop_.now() - begin;
  }

  static io::Task<void> connect(ConnectionPool* pool, io::HostPort address, MonotonicTime deadline,
                                std::optional<Result<ConnectionPool::Connection>>* outcome) {
    auto connected = co_await pool->get(address, kGeneralLane, deadline);
    outcome->emplace(std::move(connected));
  }

  ManualClock clock_;
  io::Loop loop_{clock_};
};

TEST_F(ConnectionPoolTest, GivesEachAttemptMoreTimeThanTheOneThatFailed) {
  auto listener = io::Listener::bind(loop_, "127.0.0.1", 0);
  ASSERT_TRUE(listener.has_value());
  const io::HostPort silent{"127.0.0.1", (*listener)->port()};
  ClusterOptions options;
  options.connection_timeout = seconds(1);
  options.connection_timeout_max = seconds(4);
  options.retry_backoff_min = options.retry_backoff_max = milliseconds(1);
  ConnectionPool pool(loop_, options);
  for (const auto [shortest, longest] :
       {std::pair(800, 1260), {1600, 2460}, {3200, 4860}, {3200, 4860}}) {
    const Duration took = time_of_failure(pool, silent);
    EXPECT_GE(took, milliseconds(shortest));
    EXPECT_LE(took, milliseconds(longest));
  }
  loop_.block_on(pool.stop());
}

TEST_F(ConnectionPoolTest, ClosesAConnectionThatDoesNothing) {
  broker::BrokerOptions broker_options;
  broker_options.loop = &loop_;
  broker::Broker broker(std::move(broker_options));
  ASSERT_TRUE(broker.start().has_value());
  ClusterOptions options;
  options.bootstrap = *io::parse_host_ports(broker.bootstrap());
  options.connection_idle_max = minutes(1);
  Cluster cluster(loop_, options);
  auto refreshed = loop_.block_on(cluster.refresh({}, loop_.now() + seconds(5)));
  ASSERT_TRUE(refreshed) << refreshed.error().to_string();
  clock_.advance(seconds(40));
  refreshed = loop_.block_on(cluster.refresh({}, loop_.now() + seconds(5)));
  ASSERT_TRUE(refreshed) << refreshed.error().to_string();
  clock_.advance(seconds(59));
  loop_.run_ready();
  EXPECT_EQ(cluster.open_connections(), 1U);
  clock_.advance(seconds(5));
  loop_.run_ready();
  EXPECT_EQ(cluster.open_connections(), 0U);
  refreshed = loop_.block_on(cluster.refresh({}, loop_.now() + seconds(5)));
  EXPECT_TRUE(refreshed) << refreshed.error().to_string();
  loop_.block_on(cluster.stop());
  loop_.block_on(broker.stop_async());
}

}  // namespace
}  // namespace odradek::cluster
