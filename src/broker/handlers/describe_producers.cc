// DescribeProducers: the producers a partition remembers, and their open transactions. Source:
// KIP-664.

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/describe_producers_request.h"
#include "proto/messages/describe_producers_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::DescribeProducersRequest;
using Response = proto::DescribeProducersResponse;

void describe(bool allowed, const Partition* partition, Arena& arena,
              Response::PartitionResponse& answer) {
  answer.active_producers = proto::empty_array<Response::ProducerState>();
  if (!allowed) {
    answer.error_code = proto::to_number(ErrorCode::kTopicAuthorizationFailed);
    return;
  }
  if (partition == nullptr) {
    answer.error_code = proto::to_number(ErrorCode::kUnknownTopicOrPartition);
    return;
  }
  const auto& producers = partition->log.producers().entries();
  answer.active_producers = arena.array<Response::ProducerState>(producers.size());
  size_t next = 0;
  for (const auto& [id, entry] : producers) {
    Response::ProducerState& state = answer.active_producers[next++];
    state.producer_id = id;
    state.producer_epoch = entry.epoch;
    state.last_sequence = entry.last_sequence();
    state.last_timestamp = entry.last_timestamp_ms;
    state.coordinator_epoch = entry.coordinator_epoch;
    state.current_txn_start_offset = entry.txn_first_offset.value_or(-1);
  }
}

void describe_producers(const Call<Request>& call, Response& response) {
  const auto& topics = call.message.topics;
  response.topics = call.arena.array<Response::TopicResponse>(topics.size());
  for (size_t i = 0; i < topics.size(); ++i) {
    const Topic* topic = call.node.topics().find(topics[i].name);
    const auto& indexes = topics[i].partition_indexes;
    const bool allowed = may_topic(call, AclOperation::kRead, topics[i].name);
    auto& answer = response.topics[i];
    answer.name = topics[i].name;
    answer.partitions = call.arena.array<Response::PartitionResponse>(indexes.size());
    for (size_t j = 0; j < indexes.size(); ++j) {
      answer.partitions[j].partition_index = indexes[j];
      describe(allowed, topic == nullptr ? nullptr : topic->partition(indexes[j]), call.arena,
               answer.partitions[j]);
      if (!allowed) answer.partitions[j].error_message = "not allowed to read this topic";
      if (allowed && topic == nullptr) answer.partitions[j].error_message = "no such topic";
    }
  }
}

}  // namespace

constinit const HandlerInfo kDescribeProducersApi{proto::ApiKey::kDescribeProducers, 0, 0,
                                                  answer<Request, describe_producers>};

}  // namespace odradek::broker
