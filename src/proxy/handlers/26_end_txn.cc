#include "proxy/handlers/26_end_txn.h"

#include "proto/messages/end_txn_request.h"
#include "proto/messages/end_txn_response.h"
#include "proxy/handlers/coordinator.h"

namespace odradek::proxy {
namespace {

using proto::EndTxnRequest;

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<EndTxnRequest>(request));
  co_return co_await pass_to_coordinator<EndTxnRequest>(
      session, request, std::string(decoded->transactional_id), session.context.request_deadline(),
      CoordinatorType::kTransaction);
}

}  // namespace

Handler end_txn_handler() {
  return {.key = proto::ApiKey::kEndTxn,
          .min_version = 0,
          .max_version = 5,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
