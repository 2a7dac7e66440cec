// InitProducerId: ids for idempotent producers, and ids with epochs for transactional ones.
// Source: KIP-98, KIP-360; TransactionCoordinator.handleInitProducerId of Kafka 4.3.

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::InitProducerIdRequest;
using Response = proto::InitProducerIdResponse;

constexpr int16_t kSaysFencedFrom = 4;

TxnCoordinator::Answer init(const Call<Request>& call) {
  const Request& asked = call.message;
  const bool transactional = !is_null(asked.transactional_id);
  if (transactional && !is_allowed(call, AclOperation::kWrite, ResourceType::kTransactionalId,
                                   asked.transactional_id)) {
    return {ErrorCode::kTransactionalIdAuthorizationFailed};
  }
  const Authorizer& authorizer = call.node.security().authorizer();
  if (!transactional && !may_cluster(call, AclOperation::kIdempotentWrite) &&
      !authorizer.allows_any(requester_of(*call.request.connection), AclOperation::kWrite,
                             ResourceType::kTopic)) {
    return {ErrorCode::kClusterAuthorizationFailed};
  }
  const bool has_id = asked.producer_id != wire::kNoProducerId;
  const bool has_epoch = asked.producer_epoch != wire::kNoProducerEpoch;
  if (has_id != has_epoch) return {ErrorCode::kInvalidRequest};
  if (!transactional) {
    // A producer that wants to go on with its id gets a new one: nothing of its old state matters.
    const Result<int64_t> id = call.node.next_producer_id();
    if (!id) return {ErrorCode::kCoordinatorLoadInProgress};
    return {ErrorCode::kNone, *id, 0};
  }
  return call.node.txns().init({asked.transactional_id, asked.producer_id, asked.producer_epoch},
                               asked.transaction_timeout_ms);
}

void init_producer_id(const Call<Request>& call, Response& response) {
  TxnCoordinator::Answer made = init(call);
  if (made.error == ErrorCode::kProducerFenced && call.version() < kSaysFencedFrom) {
    made.error = ErrorCode::kInvalidProducerEpoch;
  }
  response.error_code = proto::to_number(made.error);
  response.producer_id = made.producer_id;
  response.producer_epoch = made.epoch;
}

}  // namespace

constinit const HandlerInfo kInitProducerIdApi{proto::ApiKey::kInitProducerId, 0, 5,
                                               answer<Request, init_producer_id>};

}  // namespace odradek::broker
