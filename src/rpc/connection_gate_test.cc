#include "rpc/connection_gate.h"

#include <gtest/gtest.h>

namespace odradek::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime kNow = MonotonicTime{} + seconds(100);

TEST(ConnectionGate, CountsForTheServerTheListenerAndTheAddress) {
  ServerLimits limits;
  limits.max_connections = 4;
  limits.max_connections_per_ip = 2;
  limits.max_connections_of_ip = {{"::1", 1}};
  ConnectionGate gate(limits);
  ListenerOptions small;
  small.name = "SMALL";
  small.max_connections = 1;
  const ListenerOptions other;
  EXPECT_FALSE(gate.enter(small, "10.0.0.1:1", kNow));
  EXPECT_EQ(gate.enter(small, "10.0.0.2:1", kNow), "max.connections of the listener");
  EXPECT_FALSE(gate.enter(other, "10.0.0.1:2", kNow));
  EXPECT_EQ(gate.enter(other, "10.0.0.1:3", kNow), "max.connections.per.ip");
  EXPECT_FALSE(gate.enter(other, "[::1]:1", kNow));
  EXPECT_EQ(gate.enter(other, "[::1]:2", kNow), "max.connections.per.ip");
  EXPECT_FALSE(gate.enter(other, "10.0.0.3:1", kNow));
  EXPECT_EQ(gate.enter(other, "10.0.0.4:1", kNow), "max.connections");
  gate.leave("SMALL", "10.0.0.1:1");
  EXPECT_FALSE(gate.enter(small, "10.0.0.1:5", kNow));
}

TEST(ConnectionGate, SpreadsConnectionsAboveTheRate) {
  ServerLimits limits;
  limits.max_connection_rate = 2;
  ConnectionGate gate(limits);
  const ListenerOptions listener;
  EXPECT_EQ(gate.pace(listener, kNow), Duration(0));
  EXPECT_EQ(gate.pace(listener, kNow), Duration(0));
  EXPECT_EQ(gate.pace(listener, kNow), milliseconds(500));
  EXPECT_EQ(gate.pace(listener, kNow + seconds(10)), Duration(0));
}

TEST(ConnectionGate, RefusesAnAddressThatIsTooFast) {
  ServerLimits limits;
  double rate = 2;
  limits.max_connection_rate_of_ip = [&rate](std::string_view address) {
    return address == "10.0.0.1" ? rate : 0;
  };
  ConnectionGate gate(limits);
  const ListenerOptions listener;
  EXPECT_FALSE(gate.enter(listener, "10.0.0.1:1", kNow));
  EXPECT_FALSE(gate.enter(listener, "10.0.0.1:2", kNow));
  EXPECT_EQ(gate.enter(listener, "10.0.0.1:3", kNow), "connection_creation_rate of the address");
  EXPECT_FALSE(gate.enter(listener, "10.0.0.2:1", kNow));
  EXPECT_FALSE(gate.enter(listener, "10.0.0.1:4", kNow + milliseconds(500)));
  EXPECT_TRUE(gate.enter(listener, "10.0.0.1:5", kNow + milliseconds(500)));
  rate = 0;
  EXPECT_FALSE(gate.enter(listener, "10.0.0.1:6", kNow + milliseconds(500)));
}

}  // namespace
}  // namespace odradek::rpc
