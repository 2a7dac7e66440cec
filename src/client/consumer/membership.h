#pragma once

#include <cstdint>
#include <string>

#include "odradek/consumer.h"
#include "proto/error_code.h"

namespace odradek::client {

// What a member has to do after an answer of the coordinator.
enum class GroupStep : uint8_t {
  kGoOn,             // the answer was fine
  kJoinAgain,        // at once, with what we have
  kJoinAsStranger,   // membership is lost: drop the partitions first
  kFindCoordinator,  // then ask again
  kPause,            // then ask again
  kFail,             // tell the program; nothing will get better
};

// Who we are in a group of the classic protocol, and what the coordinator's answers mean for it.
// No I/O, no clock. Source: KIP-394 (member id first), KIP-345 (static members);
// AbstractCoordinator.
class Membership {
 public:
  Membership(std::string group, std::string instance_id) {
    identity_.group = std::move(group);
    identity_.instance_id = std::move(instance_id);
  }

  const kafka::GroupMetadata& identity() const { return identity_; }
  bool is_member() const { return identity_.generation >= 0; }
  bool is_static() const { return !identity_.instance_id.empty(); }

  // `member_id` is what the answer carried: on MEMBER_ID_REQUIRED the one to come back with.
  GroupStep on_join(proto::ErrorCode error, std::string_view member_id, int32_t generation);
  GroupStep on_sync(proto::ErrorCode error);
  GroupStep on_heartbeat(proto::ErrorCode error);
  // For a commit that named `generation`. kGoOn for errors that are the commit's own business.
  GroupStep on_commit(proto::ErrorCode error, int32_t generation);

  // We left, or were too slow: the next join is a stranger's. Static members keep no id either.
  void forget();

 private:
  GroupStep on_any(proto::ErrorCode error);

  kafka::GroupMetadata identity_;
};

}  // namespace odradek::client
