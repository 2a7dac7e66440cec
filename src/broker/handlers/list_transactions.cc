// ListTransactions: all transactional ids, by state, producer id and how long they run.
// Source: KIP-664, KIP-994, KIP-1152.

#include <algorithm>
#include <optional>
#include <vector>

#include "broker/group/topic_regex.h"
#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/list_transactions_request.h"
#include "proto/messages/list_transactions_response.h"

namespace odradek::broker {
namespace {

using Request = proto::ListTransactionsRequest;
using Response = proto::ListTransactionsResponse;

bool is_wanted(const Request& asked, const std::optional<TopicRegex>& ids, const Txn& txn,
               TimestampMs now_ms) {
  if (ids && !ids->matches(txn.id)) return false;
  if (!asked.producer_id_filters.empty() &&
      std::ranges::find(asked.producer_id_filters, txn.producer_id) ==
          asked.producer_id_filters.end()) {
    return false;
  }
  if (!asked.state_filters.empty() &&
      std::ranges::find(asked.state_filters, txn_state_name(txn.state)) ==
          asked.state_filters.end()) {
    return false;
  }
  return asked.duration_filter < 0 || now_ms - txn.start_ms > asked.duration_filter;
}

void list_transactions(const Call<Request>& call, Response& response) {
  const Request& asked = call.message;
  std::vector<std::string_view> unknown;
  for (const std::string_view state : asked.state_filters) {
    if (!txn_state_by_name(state)) unknown.push_back(state);
  }
  response.unknown_state_filters = call.arena.array<std::string_view>(unknown.size());
  std::ranges::copy(unknown, response.unknown_state_filters.begin());
  response.transaction_states = proto::empty_array<Response::TransactionState>();
  std::optional<TopicRegex> ids;
  if (!asked.transactional_id_pattern.empty()) ids.emplace(asked.transactional_id_pattern);
  if (ids && !ids->is_valid()) {
    response.error_code = proto::to_number(proto::ErrorCode::kInvalidRegularExpression);
    return;
  }
  std::vector<Response::TransactionState> found;
  const TimestampMs now_ms = call.node.wall_ms();
  call.node.txns().coordinator().for_each([&](const Txn& txn) {
    if (!is_wanted(asked, ids, txn, now_ms)) return;
    if (!is_allowed(call, AclOperation::kDescribe, ResourceType::kTransactionalId, txn.id)) return;
    Response::TransactionState& state = found.emplace_back();
    state.transactional_id = txn.id;
    state.producer_id = txn.producer_id;
    state.transaction_state = txn_state_name(txn.state);
  });
  response.transaction_states = call.arena.array<Response::TransactionState>(found.size());
  std::ranges::copy(found, response.transaction_states.begin());
}

}  // namespace

constinit const HandlerInfo kListTransactionsApi{proto::ApiKey::kListTransactions, 0, 2,
                                                 answer<Request, list_transactions>};

}  // namespace odradek::broker
