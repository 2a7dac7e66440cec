#include "rpc/connection_gate.h"

#include <gtest/gtest.h>

namespace odradek::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

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
  EXPECT_FALSE(gate.enter(small, "10.0.0.1:1"));
  EXPECT_EQ(gate.enter(small, "10.0.0.2:1"), "max.connections of the listener");
  EXPECT_FALSE(gate.enter(other, "10.0.0.1:2"));
  EXPECT_EQ(gate.enter(other, "10.0.0.1:3"), "max.connections.per.ip");
  EXPECT_FALSE(gate.enter(other, "[::1]:1"));
  EXPECT_EQ(gate.enter(other, "[::1]:2"), "max.connections.per.ip");
  EXPECT_FALSE(gate.enter(other, "10.0.0.3:1"));
  EXPECT_EQ(gate.enter(other, "10.0.0.4:1"), "max.connections");
  gate.leave("SMALL", "10.0.0.1:1");
  EXPECT_FALSE(gate.enter(small, "10.0.0.1:5"));
}

TEST(ConnectionGate, SpreadsConnectionsAboveTheRate) {
  ServerLimits limits;
  limits.max_connection_rate = 2;
  ConnectionGate gate(limits);
  const ListenerOptions listener;
  const MonotonicTime start = MonotonicTime{} + seconds(100);
  EXPECT_EQ(gate.pace(listener, start), Duration(0));
  EXPECT_EQ(gate.pace(listener, start), Duration(0));
  EXPECT_EQ(gate.pace(listener, start), milliseconds(500));
  EXPECT_EQ(gate.pace(listener, start + seconds(10)), Duration(0));
}

}  // namespace
}  // namespace odradek::rpc
