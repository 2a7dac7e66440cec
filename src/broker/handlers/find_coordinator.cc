// FindCoordinator: this node, for every group and transactional id.

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/find_coordinator_request.h"
#include "proto/messages/find_coordinator_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::FindCoordinatorRequest;
using Response = proto::FindCoordinatorResponse;

constexpr int16_t kManyKeysFrom = 4;
constexpr int8_t kGroup = 0;
constexpr int8_t kTransaction = 1;
constexpr int8_t kShare = 2;  // not offered; refused without words, as by Kafka's older versions

bool may_find(const Call<Request>& call, std::string_view key) {
  if (call.message.key_type == kGroup) return may_group(call, AclOperation::kDescribe, key);
  return call.message.key_type != kTransaction ||
         is_allowed(call, AclOperation::kDescribe, ResourceType::kTransactionalId, key);
}

ErrorCode refusal(int8_t type) {
  return type == kGroup ? ErrorCode::kGroupAuthorizationFailed
                        : ErrorCode::kTransactionalIdAuthorizationFailed;
}

Response::Coordinator refused(int8_t type) {
  Response::Coordinator answer;
  answer.node_id = -1;
  answer.host = "";
  answer.port = -1;
  answer.error_code = proto::to_number(refusal(type));
  answer.error_message = "";
  return answer;
}

void find_coordinator(const Call<Request>& call, Response& response) {
  const int8_t type = call.message.key_type;
  const ErrorCode error =
      type == kGroup || type == kTransaction ? ErrorCode::kNone : ErrorCode::kInvalidRequest;
  const io::HostPort address = call.node.addresses().for_client(*call.request.connection);
  const bool allowed = call.version() >= kManyKeysFrom || may_find(call, call.message.key);
  Response::Coordinator found;
  found.node_id = -1;
  found.host = "";
  found.port = -1;
  found.error_code = proto::to_number(error);
  // Kafka says so in words up to v3.
  found.error_message = call.version() < kManyKeysFrom ? "NONE" : "";
  if (!allowed) {
    found.error_code = proto::to_number(refusal(type));
    found.error_message = "not allowed to see this coordinator";
  } else if (error == ErrorCode::kNone) {
    // Whoever asks is about to use it; as in Kafka its topic is there from now on.
    StateLog& log = type == kGroup ? call.node.offsets_log() : call.node.transactions_log();
    found.error_code = proto::to_number(log.ensure_topic());
  }
  if (found.error_code == 0) {
    found.node_id = call.node.id();
    found.host = call.arena.copy(address.host);
    found.port = address.port;
  } else if (error != ErrorCode::kNone && type != kShare) {
    found.error_message = "no coordinator of this type";
  }
  if (call.version() < kManyKeysFrom) {
    response.error_code = found.error_code;
    response.error_message = found.error_message;
    response.node_id = found.node_id;
    response.host = found.host;
    response.port = found.port;
    return;
  }
  response.coordinators =
      call.arena.array<Response::Coordinator>(call.message.coordinator_keys.size());
  for (size_t i = 0; i < response.coordinators.size(); ++i) {
    const std::string_view key = call.message.coordinator_keys[i];
    response.coordinators[i] = may_find(call, key) ? found : refused(type);
    response.coordinators[i].key = key;
  }
}

}  // namespace

constinit const HandlerInfo kFindCoordinatorApi{proto::ApiKey::kFindCoordinator, 0, 6,
                                                answer<Request, find_coordinator>};

}  // namespace odradek::broker
