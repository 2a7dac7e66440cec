// DescribeTransactions: how far transactional ids are. Source: KIP-664.

#include <algorithm>
#include <map>
#include <vector>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/describe_transactions_request.h"
#include "proto/messages/describe_transactions_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::DescribeTransactionsRequest;
using Response = proto::DescribeTransactionsResponse;

std::span<Response::TopicData> tell_partitions(const Txn& txn, Arena& arena) {
  std::map<std::string_view, std::vector<int32_t>> by_topic;
  for (const TxnPartition& each : txn.partitions) by_topic[each.topic].push_back(each.partition);
  auto topics = arena.array<Response::TopicData>(by_topic.size());
  size_t next = 0;
  for (const auto& [topic, partitions] : by_topic) {
    topics[next].topic = arena.copy(topic);
    topics[next].partitions = arena.array<int32_t>(partitions.size());
    std::ranges::copy(partitions, topics[next++].partitions.begin());
  }
  return topics;
}

void describe(const TxnCoordinator& coordinator, Arena& arena, Response::TransactionState& answer) {
  answer.topics = proto::empty_array<Response::TopicData>();
  answer.transaction_state = "";
  const Txn* txn = coordinator.find(answer.transactional_id);
  if (txn == nullptr) {
    answer.error_code =
        proto::to_number(answer.transactional_id.empty() ? ErrorCode::kInvalidRequest
                                                         : ErrorCode::kTransactionalIdNotFound);
    return;
  }
  answer.transaction_state = txn_state_name(txn->state);
  answer.transaction_timeout_ms = txn->timeout_ms;
  answer.transaction_start_time_ms = txn->start_ms;
  answer.producer_id = txn->producer_id;
  answer.producer_epoch = txn->epoch;
  answer.topics = tell_partitions(*txn, arena);
}

void describe_transactions(const Call<Request>& call, Response& response) {
  const auto& ids = call.message.transactional_ids;
  response.transaction_states = call.arena.array<Response::TransactionState>(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    response.transaction_states[i].transactional_id = ids[i];
    if (!is_allowed(call, AclOperation::kDescribe, ResourceType::kTransactionalId, ids[i])) {
      auto& refused = response.transaction_states[i];
      refused.error_code = proto::to_number(ErrorCode::kTransactionalIdAuthorizationFailed);
      refused.transaction_state = "";
      refused.topics = proto::empty_array<Response::TopicData>();
      continue;
    }
    describe(call.node.txns().coordinator(), call.arena, response.transaction_states[i]);
  }
}

}  // namespace

constinit const HandlerInfo kDescribeTransactionsApi{proto::ApiKey::kDescribeTransactions, 0, 0,
                                                     answer<Request, describe_transactions>};

}  // namespace odradek::broker
