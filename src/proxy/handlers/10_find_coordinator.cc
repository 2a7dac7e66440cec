#include "proxy/handlers/10_find_coordinator.h"

#include "proto/messages/find_coordinator_request.h"
#include "proto/messages/find_coordinator_response.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;
using proto::FindCoordinatorRequest;
using proto::FindCoordinatorResponse;

constexpr int16_t kFirstBatched = 4;
constexpr int8_t kGroupKey = 0;
constexpr int8_t kTransactionKey = 1;

ErrorCode check_key(const Session& session, int8_t type, std::string_view key) {
  if (type != kGroupKey && type != kTransactionKey) return ErrorCode::kInvalidRequest;
  if (type == kGroupKey) return session.group_refusal(Operation::kDescribe, key);
  return session.transaction_refusal(Operation::kDescribe, key);
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<FindCoordinatorRequest>(request));
  Arena arena;
  const bool is_batched = request.version >= kFirstBatched;
  std::string_view single[] = {decoded->key};
  const std::span<const std::string_view> keys =
      is_batched ? std::span<const std::string_view>(decoded->coordinator_keys) : single;
  const auto answers = arena.array<FindCoordinatorResponse::Coordinator>(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    auto& answer = answers[i];
    answer.key = keys[i];
    const ErrorCode error = check_key(session, decoded->key_type, keys[i]);
    answer.error_code = proto::to_number(error);
    count_error(session, request.api_key, answer.error_code);
    answer.node_id = -1;
    answer.port = -1;
    if (error != ErrorCode{}) {
      answer.error_message = proto::error_text(error);
      continue;
    }
    const VirtualNode& node = session.context.topology.coordinator(keys[i]);
    answer.node_id = node.id;
    answer.host = node.address.host;
    answer.port = node.address.port;
  }
  FindCoordinatorResponse response;
  if (is_batched) {
    response.coordinators = answers;
  } else {
    response.error_code = answers[0].error_code;
    response.error_message = answers[0].error_message;
    response.node_id = answers[0].node_id;
    response.host = answers[0].host;
    response.port = answers[0].port;
  }
  rpc::respond(request, response);
  co_return Result<void>{};
}

}  // namespace

Handler find_coordinator_handler() {
  return {.key = proto::ApiKey::kFindCoordinator,
          .min_version = 0,
          .max_version = 6,
          .needs_broker = false,
          .run = run};
}

}  // namespace odradek::proxy
