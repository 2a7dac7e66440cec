#include "proxy/handlers/20_delete_topics.h"

#include <algorithm>

#include "proto/messages/delete_topics_request.h"
#include "proxy/handlers/admin.h"

namespace odradek::proxy {
namespace {

using proto::DeleteTopicsRequest;

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<DeleteTopicsRequest>(request));
  const MonotonicTime deadline = session.context.request_deadline() +
                                 std::chrono::milliseconds(std::max(decoded->timeout_ms, 0));
  Result<Upstream::Connection> connected = co_await admin_connection(session, deadline);
  if (!connected) co_return connected.error();
  const Result<rpc::RawResponse> raw = co_await forward_raw(*connected, request, deadline);
  if (!raw) co_return raw.error();
  session.context.cluster.expire_metadata();
  respond_raw(request, *raw);
  co_return Result<void>{};
}

}  // namespace

Handler delete_topics_handler() {
  return {.key = proto::ApiKey::kDeleteTopics,
          .min_version = 1,
          .max_version = 6,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
