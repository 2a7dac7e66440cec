#include "proxy/handlers/12_heartbeat.h"

#include <algorithm>

#include "proto/messages/heartbeat_request.h"
#include "proto/messages/heartbeat_response.h"
#include "proxy/handlers/coordinator.h"

namespace odradek::proxy {
namespace {

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<proto::HeartbeatRequest>(request));
  const MonotonicTime deadline = session.context.request_deadline();
  co_return co_await pass_to_coordinator<proto::HeartbeatRequest>(
      session, request, std::string(decoded->group_id), deadline);
}

}  // namespace

Handler heartbeat_handler() {
  return {.key = proto::ApiKey::kHeartbeat,
          .min_version = 0,
          .max_version = 4,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
