#include "proxy/handlers/14_sync_group.h"

#include <algorithm>

#include "proto/messages/sync_group_request.h"
#include "proto/messages/sync_group_response.h"
#include "proxy/handlers/coordinator.h"

namespace odradek::proxy {
namespace {

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<proto::SyncGroupRequest>(request));
  // The leader has as long as its rebalance timeout, which this request does not tell.
  const MonotonicTime deadline = session.context.request_deadline() + std::chrono::minutes(10);
  co_return co_await pass_to_coordinator<proto::SyncGroupRequest>(
      session, request, std::string(decoded->group_id), deadline);
}

}  // namespace

Handler sync_group_handler() {
  return {.key = proto::ApiKey::kSyncGroup,
          .min_version = 0,
          .max_version = 5,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
