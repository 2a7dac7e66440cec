#include "proxy/handlers/25_add_offsets_to_txn.h"

#include "proto/messages/add_offsets_to_txn_request.h"
#include "proto/messages/add_offsets_to_txn_response.h"
#include "proxy/handlers/coordinator.h"

namespace odradek::proxy {
namespace {

using proto::AddOffsetsToTxnRequest;
using proto::AddOffsetsToTxnResponse;

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<AddOffsetsToTxnRequest>(request));
  const proto::ErrorCode refused = session.group_refusal(Operation::kRead, decoded->group_id);
  if (refused != proto::ErrorCode{}) {
    AddOffsetsToTxnResponse refusal;
    refusal.error_code = proto::to_number(refused);
    count_error(session, request.api_key, refusal.error_code);
    rpc::respond(request, refusal);
    co_return Result<void>{};
  }
  co_return co_await pass_to_coordinator<AddOffsetsToTxnRequest>(
      session, request, std::string(decoded->transactional_id), session.context.request_deadline(),
      CoordinatorType::kTransaction);
}

}  // namespace

Handler add_offsets_to_txn_handler() {
  return {.key = proto::ApiKey::kAddOffsetsToTxn,
          .min_version = 0,
          .max_version = 4,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
