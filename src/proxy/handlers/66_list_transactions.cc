#include "proxy/handlers/66_list_transactions.h"

#include <set>
#include <vector>

#include "proto/messages/list_transactions_request.h"
#include "proto/messages/list_transactions_response.h"
#include "proxy/handlers/leaders.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;
using proto::ListTransactionsRequest;
using proto::ListTransactionsResponse;

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<ListTransactionsRequest>(request));
  const MonotonicTime deadline = session.context.request_deadline();
  const auto metadata = co_await session.context.cluster.metadata({}, deadline);
  if (!metadata) co_return metadata.error();
  std::vector<rpc::Decoded<ListTransactionsResponse>> kept;
  kept.reserve((*metadata)->brokers.size());
  std::vector<ListTransactionsResponse::TransactionState> states;
  std::set<std::string_view> unknown_filters;
  ListTransactionsResponse response;
  for (const cluster::Broker& broker : (*metadata)->brokers) {
    Result<Upstream::Connection> connected =
        co_await leader_connection(session, broker.id, Via::kShared, deadline);
    Result<rpc::Decoded<ListTransactionsResponse>> answer(Errc::kNotFound);
    if (connected) {
      answer = co_await (*connected)->call(decoded.message, request.version, deadline);
    }
    if (session.is_closed) co_return Errc::kClosed;
    if (!answer) {
      response.error_code = proto::to_number(ErrorCode::kCoordinatorNotAvailable);
      continue;
    }
    if (answer->message.error_code != 0) response.error_code = answer->message.error_code;
    kept.push_back(*std::move(answer));
    const auto& listed = kept.back().message;
    for (const auto& state : listed.transaction_states) {
      const ErrorCode refusal =
          session.transaction_refusal(Operation::kDescribe, state.transactional_id);
      if (refusal == ErrorCode{}) states.push_back(state);
    }
    unknown_filters.insert(listed.unknown_state_filters.begin(),
                           listed.unknown_state_filters.end());
  }
  std::vector<std::string_view> filters(unknown_filters.begin(), unknown_filters.end());
  response.unknown_state_filters = filters;
  response.transaction_states = states;
  count_error(session, request.api_key, response.error_code);
  rpc::respond(request, response);
  co_return Result<void>{};
}

}  // namespace

Handler list_transactions_handler() {
  return {.key = proto::ApiKey::kListTransactions,
          .min_version = 0,
          .max_version = 2,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
