#include "proxy/handlers/10_find_coordinator.h"

#include "proto/messages/find_coordinator_request.h"
#include "proto/messages/find_coordinator_response.h"
#include "proxy/handlers/coordinator.h"

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

// The node to send the client to; without a host when there is none.
io::Task<VirtualNode> find_node(Session& session, int8_t type, std::string key,
                                MonotonicTime deadline) {
  const Topology& topology = session.context.topology;
  if (topology.mode() == NodeMode::kProxies) co_return topology.coordinator(key);
  const auto what = static_cast<CoordinatorType>(type);
  const Result<int32_t> broker =
      co_await session.context.cluster.coordinator_id(what, std::move(key), deadline);
  if (!broker) co_return VirtualNode{.id = -1, .address = {}};
  co_return VirtualNode{.id = *broker, .address = topology.address_of(*broker)};
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<FindCoordinatorRequest>(request));
  const MonotonicTime deadline = session.context.loop.now() + kCoordinatorSearchMax;
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
    answer.node_id = -1;
    answer.port = -1;
    if (error != ErrorCode{}) {
      answer.error_message = proto::error_text(error);
      continue;
    }
    const VirtualNode node =
        co_await find_node(session, decoded->key_type, std::string(keys[i]), deadline);
    if (session.is_closed) co_return Errc::kClosed;
    if (node.id < 0) {
      answer.error_code = proto::to_number(ErrorCode::kCoordinatorNotAvailable);
      answer.error_message = proto::error_text(ErrorCode::kCoordinatorNotAvailable);
      continue;
    }
    answer.node_id = node.id;
    answer.host = arena.copy(node.address.host);
    answer.port = node.address.port;
  }
  for (const auto& answer : answers) count_error(session, request.api_key, answer.error_code);
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
