#include "client/consumer/heartbeat_membership.h"

#include "base/ids.h"

namespace odradek::client {

using proto::ErrorCode;

HeartbeatMembership::HeartbeatMembership(std::string group, std::string instance_id) {
  identity_.group = std::move(group);
  identity_.instance_id = std::move(instance_id);
  identity_.member_id = Uuid::random().to_string();
}

GroupStep HeartbeatMembership::on_heartbeat(ErrorCode error, int32_t epoch) {
  switch (error) {
    case ErrorCode::kNone:
      if (epoch > kJoining) identity_.generation = epoch;
      return GroupStep::kGoOn;
    case ErrorCode::kUnknownMemberId:
    case ErrorCode::kFencedMemberEpoch: forget(); return GroupStep::kJoinAsStranger;
    case ErrorCode::kNotCoordinator:
    case ErrorCode::kCoordinatorNotAvailable: return GroupStep::kFindCoordinator;
    // A topic may become ours to read; the group is not lost by it.
    case ErrorCode::kTopicAuthorizationFailed: return GroupStep::kPause;
    default: return proto::is_retriable(error) ? GroupStep::kPause : GroupStep::kFail;
  }
}

}  // namespace odradek::client
