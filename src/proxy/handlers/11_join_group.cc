#include "proxy/handlers/11_join_group.h"

#include <algorithm>

#include "proto/messages/join_group_request.h"
#include "proto/messages/join_group_response.h"
#include "proxy/handlers/coordinator.h"

namespace odradek::proxy {
namespace {

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<proto::JoinGroupRequest>(request));
  // The broker answers when all members have joined or their time is over.
  const int32_t wait_ms = std::max(decoded->session_timeout_ms, decoded->rebalance_timeout_ms);
  const MonotonicTime deadline =
      session.context.request_deadline() + std::chrono::milliseconds(std::max(wait_ms, 0));
  co_return co_await pass_to_coordinator<proto::JoinGroupRequest>(
      session, request, std::string(decoded->group_id), deadline);
}

}  // namespace

Handler join_group_handler() {
  return {.key = proto::ApiKey::kJoinGroup,
          .min_version = 0,
          .max_version = 9,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
