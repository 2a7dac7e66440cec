#pragma once

#include <string>
#include <string_view>

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// Who wants to change a group's offsets.
struct CommittingMember {
  std::string group;
  int32_t generation = -1;
  std::string_view member_id;
  std::string_view instance_id;  // null when the member is not static
};

// Whether the group would take a commit of this member. Shadow groups know no members, so the
// group itself is asked before they are written: a member by a heartbeat, one of the KIP-848
// protocol by its epoch, anybody else by looking whether the group has members. kNone, or the error
// a commit would get. Between the answer and the shadow commit a member may be expelled; its offset
// then goes back at most to where it was.
io::Task<proto::ErrorCode> check_member(Session& session, CommittingMember member,
                                        MonotonicTime deadline);

// kNone when the group has no members (Empty or Dead), else `when_active`.
io::Task<proto::ErrorCode> check_empty(Session& session, std::string group,
                                       proto::ErrorCode when_active, MonotonicTime deadline);

}  // namespace odradek::proxy
