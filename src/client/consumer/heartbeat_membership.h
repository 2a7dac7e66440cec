#pragma once

#include <cstdint>
#include <string>

#include "client/consumer/membership.h"
#include "odradek/consumer.h"
#include "proto/error_code.h"

namespace odradek::client {

// Who we are in a group of the consumer protocol, and what the coordinator's answers mean for it.
// The member gives itself an id, which it keeps; its epoch is 0 while it joins. No I/O, no clock.
// Source: KIP-848, KIP-1082; AbstractMembershipManager of the Java client 4.x.
class HeartbeatMembership {
 public:
  static constexpr int32_t kJoining = 0;
  static constexpr int32_t kLeaving = -1;
  static constexpr int32_t kLeavingForAWhile = -2;  // of a static member, which keeps its place

  HeartbeatMembership(std::string group, std::string instance_id);

  // `generation` is the member epoch.
  const kafka::GroupMetadata& identity() const { return identity_; }
  bool is_member() const { return identity_.generation > kJoining; }
  bool is_static() const { return !identity_.instance_id.empty(); }
  // The epoch of the next heartbeat.
  int32_t epoch() const { return identity_.generation < 0 ? kJoining : identity_.generation; }
  int32_t leave_epoch() const { return is_static() ? kLeavingForAWhile : kLeaving; }

  // `epoch` is what the answer carried.
  GroupStep on_heartbeat(proto::ErrorCode error, int32_t epoch);
  // We are out: the next heartbeat joins.
  void forget() { identity_.generation = -1; }

 private:
  kafka::GroupMetadata identity_;
};

}  // namespace odradek::client
