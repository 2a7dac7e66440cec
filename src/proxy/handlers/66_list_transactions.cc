#include "proxy/handlers/66_list_transactions.h"

#include <set>
#include <vector>

#include "proto/messages/list_transactions_request.h"
#include "proto/messages/list_transactions_response.h"
#include "proxy/handlers/every_broker.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;
using proto::ListTransactionsRequest;
using proto::ListTransactionsResponse;

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<ListTransactionsRequest>(request));
  const MonotonicTime deadline = session.context.request_deadline();
  const auto asked = co_await ask_every_broker(session, decoded.message, request.version, deadline);
  if (!asked) co_return asked.error();
  std::vector<ListTransactionsResponse::TransactionState> states;
  std::set<std::string_view> unknown_filters;
  for (const auto& answer : asked->answers) {
    for (const auto& state : answer.message.transaction_states) {
      const ErrorCode refusal =
          session.transaction_refusal(Operation::kDescribe, state.transactional_id);
      if (refusal == ErrorCode{}) states.push_back(state);
    }
    const auto& unknown = answer.message.unknown_state_filters;
    unknown_filters.insert(unknown.begin(), unknown.end());
  }
  std::vector<std::string_view> filters(unknown_filters.begin(), unknown_filters.end());
  ListTransactionsResponse response;
  response.error_code = asked->error_code;
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
