#include "proxy/handlers/65_describe_transactions.h"

#include <algorithm>
#include <vector>

#include "proto/messages/describe_transactions_request.h"
#include "proto/messages/describe_transactions_response.h"
#include "proxy/assignment_view.h"
#include "proxy/handlers/coordinator.h"

namespace odradek::proxy {
namespace {

using proto::DescribeTransactionsRequest;
using proto::DescribeTransactionsResponse;
using proto::ErrorCode;
using State = DescribeTransactionsResponse::TransactionState;
using Topic = DescribeTransactionsResponse::TopicData;

bool has_moved(const DescribeTransactionsResponse& response) {
  return std::ranges::any_of(response.transaction_states, [](const State& state) {
    return is_moved_coordinator(state.error_code);
  });
}

io::Task<void> show_virtual(Session& session, std::span<State> states, Arena& arena,
                            MonotonicTime deadline) {
  std::vector<TopicRef> refs;
  for (const State& state : states) {
    for (const Topic& topic : state.topics) refs.push_back({std::string(topic.topic), Uuid{}});
  }
  const ResolvedTopics resolved = co_await session.context.topics.resolve(
      std::move(refs), ErrorCode::kCoordinatorNotAvailable, deadline);
  const std::span<const ResolvedTopic> topics = resolved.topics;
  size_t at = 0;
  for (State& state : states) {
    const size_t count = state.topics.size();
    state.topics =
        virtual_assignment(std::span<const Topic>(state.topics), topics.subspan(at, count), arena);
    at += count;
  }
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<DescribeTransactionsRequest>(request));
  const MonotonicTime deadline = session.context.request_deadline();
  const auto& ids = decoded->transactional_ids;
  std::vector<GroupQuestion<DescribeTransactionsRequest>> questions;
  Arena arena;
  const auto states = arena.array<State>(ids.size());
  std::vector<size_t> asked;
  for (size_t i = 0; i < ids.size(); ++i) {
    const ErrorCode refusal = session.transaction_refusal(Operation::kDescribe, ids[i]);
    states[i].error_code = proto::to_number(refusal);
    states[i].transactional_id = ids[i];
    if (refusal != ErrorCode{}) continue;
    asked.push_back(i);
    auto& question = questions.emplace_back();
    question.group = std::string(ids[i]);
    question.request.transactional_ids = ids.subspan(i, 1);
    question.type = CoordinatorType::kTransaction;
  }
  const auto answers =
      co_await ask_coordinators(session, questions, request.version, has_moved, deadline);
  if (session.is_closed) co_return Errc::kClosed;
  for (size_t n = 0; n < answers.size(); ++n) {
    State& state = states[asked[n]];
    if (answers[n] && !answers[n]->message.transaction_states.empty()) {
      state = answers[n]->message.transaction_states[0];
    } else {
      state.error_code = proto::to_number(ErrorCode::kCoordinatorNotAvailable);
    }
  }
  for (const State& state : states) count_error(session, request.api_key, state.error_code);
  co_await show_virtual(session, states, arena, deadline);
  DescribeTransactionsResponse response;
  response.transaction_states = states;
  rpc::respond(request, response);
  co_return Result<void>{};
}

}  // namespace

Handler describe_transactions_handler() {
  return {.key = proto::ApiKey::kDescribeTransactions,
          .min_version = 0,
          .max_version = 0,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
