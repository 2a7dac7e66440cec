// AddOffsetsToTxn: the partition that holds a group's offsets becomes part of a transaction.

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/add_offsets_to_txn_request.h"
#include "proto/messages/add_offsets_to_txn_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::AddOffsetsToTxnRequest;
using Response = proto::AddOffsetsToTxnResponse;

constexpr int16_t kSaysFencedFrom = 2;

ErrorCode add_offsets(const Call<Request>& call) {
  const Request& asked = call.message;
  if (!is_allowed(call, AclOperation::kWrite, ResourceType::kTransactionalId,
                  asked.transactional_id)) {
    return ErrorCode::kTransactionalIdAuthorizationFailed;
  }
  if (!may_group(call, AclOperation::kRead, asked.group_id)) {
    return ErrorCode::kGroupAuthorizationFailed;
  }
  StateLog& offsets = call.node.offsets_log();
  const ErrorCode missing = offsets.ensure_topic();
  if (missing != ErrorCode::kNone) return missing;
  const TxnPartition partition{std::string(offsets.topic()), offsets.partition_of(asked.group_id)};
  // Clients of KIP-890 do not send this request.
  return call.node.txns().add({asked.transactional_id, asked.producer_id, asked.producer_epoch},
                              {&partition, 1}, 0);
}

void add_offsets_to_txn(const Call<Request>& call, Response& response) {
  ErrorCode error = add_offsets(call);
  if (error == ErrorCode::kProducerFenced && call.version() < kSaysFencedFrom) {
    error = ErrorCode::kInvalidProducerEpoch;
  }
  response.error_code = proto::to_number(error);
}

}  // namespace

constinit const HandlerInfo kAddOffsetsToTxnApi{proto::ApiKey::kAddOffsetsToTxn, 0, 4,
                                                answer<Request, add_offsets_to_txn>};

}  // namespace odradek::broker
