// EndTxn: commits or aborts. Source: KIP-98, KIP-890.

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/end_txn_request.h"
#include "proto/messages/end_txn_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::EndTxnRequest;
using Response = proto::EndTxnResponse;

constexpr int16_t kSaysFencedFrom = 2;
constexpr int16_t kEpochPerTxnFrom = 5;

void end_txn(const Call<Request>& call, Response& response) {
  const Request& asked = call.message;
  if (!is_allowed(call, AclOperation::kWrite, ResourceType::kTransactionalId,
                  asked.transactional_id)) {
    response.error_code = proto::to_number(ErrorCode::kTransactionalIdAuthorizationFailed);
    return;
  }
  const int16_t client_version = call.version() >= kEpochPerTxnFrom ? kEpochPerTxn : int16_t{0};
  TxnCoordinator::Answer ended =
      call.node.txns().end({asked.transactional_id, asked.producer_id, asked.producer_epoch},
                           asked.committed, client_version);
  if (ended.error == ErrorCode::kProducerFenced && call.version() < kSaysFencedFrom) {
    ended.error = ErrorCode::kInvalidProducerEpoch;
  }
  response.error_code = proto::to_number(ended.error);
  response.producer_id = ended.producer_id;
  response.producer_epoch = ended.epoch;
}

}  // namespace

constinit const HandlerInfo kEndTxnApi{proto::ApiKey::kEndTxn, 0, 5, answer<Request, end_txn>};

}  // namespace odradek::broker
