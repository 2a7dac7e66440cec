// InitProducerId: ids for idempotent producers. Source: KIP-98, KIP-360.

#include "broker/handlers/apis.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::InitProducerIdRequest;
using Response = proto::InitProducerIdResponse;

void init_producer_id(const Call<Request>& call, Response& response) {
  response.producer_epoch = -1;
  if (!is_null(call.message.transactional_id)) {
    // Transactions are not offered: their APIs are not advertised. The code is one that makes
    // clients give up at once instead of asking again.
    response.error_code =
        proto::to_number(call.message.transactional_id.empty() ? ErrorCode::kInvalidRequest
                                                               : ErrorCode::kUnsupportedVersion);
    return;
  }
  // A producer that wants to go on with its id gets a new one: nothing of its old state matters.
  response.producer_id = call.node.next_producer_id();
  response.producer_epoch = 0;
}

}  // namespace

constinit const HandlerInfo kInitProducerIdApi{proto::ApiKey::kInitProducerId, 0, 5,
                                               answer<Request, init_producer_id>};

}  // namespace odradek::broker
