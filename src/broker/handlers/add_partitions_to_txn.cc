// AddPartitionsToTxn: partitions become part of a transaction (up to v3, sent by producers), or
// are looked for in transactions of many ids (from v4 on, sent by brokers). Source: KIP-98,
// KIP-890.

#include <algorithm>
#include <vector>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/add_partitions_to_txn_request.h"
#include "proto/messages/add_partitions_to_txn_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::AddPartitionsToTxnRequest;
using Response = proto::AddPartitionsToTxnResponse;
using Topics = std::span<Request::AddPartitionsToTxnTopic>;
using TopicResults = std::span<Response::AddPartitionsToTxnTopicResult>;

constexpr int16_t kManyFrom = 4;
constexpr int16_t kSaysFencedFrom = 2;

bool exists(const Node& node, std::string_view topic, int32_t partition) {
  const Topic* found = node.topics().find(topic);
  return found != nullptr && found->partition(partition) != nullptr;
}

// One answer for each partition asked for; `code_of(topic, partition)`.
template <class CodeOf>
TopicResults tell(const Topics& topics, Arena& arena, CodeOf&& code_of) {
  TopicResults results = arena.array<Response::AddPartitionsToTxnTopicResult>(topics.size());
  for (size_t i = 0; i < topics.size(); ++i) {
    const auto& asked = topics[i].partitions;
    auto answers = arena.array<Response::AddPartitionsToTxnPartitionResult>(asked.size());
    for (size_t j = 0; j < asked.size(); ++j) {
      answers[j].partition_index = asked[j];
      answers[j].partition_error_code = proto::to_number(code_of(topics[i].name, asked[j]));
    }
    results[i].name = topics[i].name;
    results[i].results_by_partition = answers;
  }
  return results;
}

TopicResults add(const Call<Request>& call, const TxnProducer& producer, const Topics& topics) {
  std::vector<TxnPartition> partitions;
  bool all_exist = true;
  if (!is_allowed(call, AclOperation::kWrite, ResourceType::kTransactionalId, producer.id)) {
    return tell(topics, call.arena, [](std::string_view, int32_t) {
      return ErrorCode::kTransactionalIdAuthorizationFailed;
    });
  }
  bool all_allowed = true;
  for (const auto& topic : topics) {
    all_allowed = all_allowed && may_topic(call, AclOperation::kWrite, topic.name);
    for (const int32_t partition : topic.partitions) {
      all_exist = all_exist && exists(call.node, topic.name, partition);
      partitions.push_back({std::string(topic.name), partition});
    }
  }
  if (!all_exist || !all_allowed) {
    return tell(topics, call.arena, [&](std::string_view topic, int32_t partition) {
      if (!may_topic(call, AclOperation::kWrite, topic)) {
        return ErrorCode::kTopicAuthorizationFailed;
      }
      return exists(call.node, topic, partition) ? ErrorCode::kOperationNotAttempted
                                                 : ErrorCode::kUnknownTopicOrPartition;
    });
  }
  const int16_t client_version = call.version() >= kManyFrom ? kEpochPerTxn : int16_t{0};
  ErrorCode error = call.node.txns().add(producer, partitions, client_version);
  if (error == ErrorCode::kProducerFenced && call.version() < kSaysFencedFrom) {
    error = ErrorCode::kInvalidProducerEpoch;
  }
  return tell(topics, call.arena, [error](std::string_view, int32_t) { return error; });
}

TopicResults verify(const Call<Request>& call, const TxnProducer& producer, const Topics& topics) {
  const TxnCoordinator& coordinator = call.node.txns().coordinator();
  return tell(topics, call.arena, [&](std::string_view topic, int32_t partition) {
    if (!exists(call.node, topic, partition)) return ErrorCode::kUnknownTopicOrPartition;
    return coordinator.verify(producer, {std::string(topic), partition});
  });
}

void add_partitions_to_txn(const Call<Request>& call, Response& response) {
  const Request& asked = call.message;
  response.results_by_topic_v3_and_below =
      proto::empty_array<Response::AddPartitionsToTxnTopicResult>();
  response.results_by_transaction = proto::empty_array<Response::AddPartitionsToTxnResult>();
  if (call.version() < kManyFrom) {
    const TxnProducer producer{asked.v3_and_below_transactional_id, asked.v3_and_below_producer_id,
                               asked.v3_and_below_producer_epoch};
    response.results_by_topic_v3_and_below = add(call, producer, asked.v3_and_below_topics);
    return;
  }
  auto results = call.arena.array<Response::AddPartitionsToTxnResult>(asked.transactions.size());
  for (size_t i = 0; i < results.size(); ++i) {
    const auto& txn = asked.transactions[i];
    const TxnProducer producer{txn.transactional_id, txn.producer_id, txn.producer_epoch};
    results[i].transactional_id = txn.transactional_id;
    results[i].topic_results =
        txn.verify_only ? verify(call, producer, txn.topics) : add(call, producer, txn.topics);
  }
  response.results_by_transaction = results;
}

}  // namespace

constinit const HandlerInfo kAddPartitionsToTxnApi{proto::ApiKey::kAddPartitionsToTxn, 0, 5,
                                                   answer<Request, add_partitions_to_txn>};

}  // namespace odradek::broker
