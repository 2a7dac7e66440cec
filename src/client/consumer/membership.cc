#include "client/consumer/membership.h"

namespace odradek::client {

using proto::ErrorCode;

void Membership::forget() {
  identity_.generation = -1;
  identity_.member_id.clear();
}

GroupStep Membership::on_any(ErrorCode error) {
  switch (error) {
    case ErrorCode::kNone: return GroupStep::kGoOn;
    case ErrorCode::kUnknownMemberId: forget(); return GroupStep::kJoinAsStranger;
    case ErrorCode::kIllegalGeneration:
      identity_.generation = -1;  // the coordinator still knows the member id
      return GroupStep::kJoinAsStranger;
    case ErrorCode::kRebalanceInProgress: return GroupStep::kJoinAgain;
    case ErrorCode::kNotCoordinator:
    case ErrorCode::kCoordinatorNotAvailable: return GroupStep::kFindCoordinator;
    default: return proto::is_retriable(error) ? GroupStep::kPause : GroupStep::kFail;
  }
}

GroupStep Membership::on_join(ErrorCode error, std::string_view member_id, int32_t generation) {
  if (error == ErrorCode::kMemberIdRequired) {
    identity_.member_id = member_id;
    return GroupStep::kJoinAgain;
  }
  if (error == ErrorCode::kNone) {
    identity_.member_id = member_id;
    identity_.generation = generation;
    return GroupStep::kGoOn;
  }
  if (error == ErrorCode::kRebalanceInProgress) return GroupStep::kPause;
  return on_any(error);
}

GroupStep Membership::on_sync(ErrorCode error) { return on_any(error); }

GroupStep Membership::on_heartbeat(ErrorCode error) { return on_any(error); }

GroupStep Membership::on_commit(ErrorCode error, int32_t generation) {
  // An answer about an earlier generation says nothing about the present one.
  if (generation != identity_.generation) return GroupStep::kGoOn;
  switch (error) {
    case ErrorCode::kUnknownMemberId:
    case ErrorCode::kIllegalGeneration:
    case ErrorCode::kRebalanceInProgress:
    case ErrorCode::kFencedInstanceId: return on_any(error);
    default: return GroupStep::kGoOn;
  }
}

}  // namespace odradek::client
