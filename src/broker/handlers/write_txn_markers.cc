// WriteTxnMarkers: ends a transaction in single partitions; how an administrator gets rid of one
// that hangs (KIP-664). From v2 on it says which rules the producer's epochs follow (KIP-1228).

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/write_txn_markers_request.h"
#include "proto/messages/write_txn_markers_response.h"

namespace odradek::broker {
namespace {

using Request = proto::WriteTxnMarkersRequest;
using Response = proto::WriteTxnMarkersResponse;

void write_marker(const Call<Request>& call, const Request::WritableTxnMarker& asked,
                  Response::WritableTxnMarkerResult& answer) {
  const log::TxnMarker marker{asked.producer_id,
                              asked.producer_epoch,
                              {asked.transaction_result, asked.coordinator_epoch},
                              asked.transaction_version};
  const bool allowed =
      may_cluster(call, AclOperation::kClusterAction) || may_cluster(call, AclOperation::kAlter);
  answer.producer_id = asked.producer_id;
  answer.topics = call.arena.array<Response::WritableTxnMarkerTopicResult>(asked.topics.size());
  for (size_t i = 0; i < asked.topics.size(); ++i) {
    const auto& indexes = asked.topics[i].partition_indexes;
    auto& topic = answer.topics[i];
    topic.name = asked.topics[i].name;
    topic.partitions = call.arena.array<Response::WritableTxnMarkerPartitionResult>(indexes.size());
    for (size_t j = 0; j < indexes.size(); ++j) {
      topic.partitions[j].partition_index = indexes[j];
      topic.partitions[j].error_code = proto::to_number(
          !allowed ? proto::ErrorCode::kClusterAuthorizationFailed
                   : call.node.txns().write_marker({std::string(topic.name), indexes[j]}, marker));
    }
  }
}

void write_txn_markers(const Call<Request>& call, Response& response) {
  const auto& markers = call.message.markers;
  response.markers = call.arena.array<Response::WritableTxnMarkerResult>(markers.size());
  for (size_t i = 0; i < markers.size(); ++i) write_marker(call, markers[i], response.markers[i]);
}

}  // namespace

constinit const HandlerInfo kWriteTxnMarkersApi{proto::ApiKey::kWriteTxnMarkers, 1, 2,
                                                answer<Request, write_txn_markers>};

}  // namespace odradek::broker
