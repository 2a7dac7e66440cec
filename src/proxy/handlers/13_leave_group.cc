#include "proxy/handlers/13_leave_group.h"

#include <algorithm>

#include "proto/messages/leave_group_request.h"
#include "proto/messages/leave_group_response.h"
#include "proxy/handlers/coordinator.h"

namespace odradek::proxy {
namespace {

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<proto::LeaveGroupRequest>(request));
  const MonotonicTime deadline = session.context.request_deadline();
  co_return co_await pass_to_coordinator<proto::LeaveGroupRequest>(
      session, request, std::string(decoded->group_id), deadline);
}

}  // namespace

Handler leave_group_handler() {
  return {.key = proto::ApiKey::kLeaveGroup,
          .min_version = 0,
          .max_version = 5,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
