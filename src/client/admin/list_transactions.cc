// Admin::list_transactions (KIP-664, KIP-994, KIP-1152).
#include "client/admin/every_broker.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "proto/messages/list_transactions_request.h"
#include "proto/messages/list_transactions_response.h"

namespace odradek::client {
namespace {

using Listings = std::vector<kafka::TransactionListing>;

struct ListTransactions {
  using Request = proto::ListTransactionsRequest;
  using Key = int32_t;
  using Value = Listings;
  static constexpr std::string_view kDoing = "list transactions";

  kafka::TransactionFilter filter;
  std::vector<std::string_view> states{};

  Request request(const std::vector<Key>&) {
    states = views_of(filter.states);
    Request request;
    request.state_filters = proto::array_of(states);
    request.producer_id_filters = proto::array_of(filter.producer_ids);
    if (filter.longer_than) request.duration_filter = filter.longer_than->count();
    request.transactional_id_pattern = {};  // null: any
    if (!filter.id_pattern.empty()) request.transactional_id_pattern = filter.id_pattern;
    return request;
  }
  static Result<void> read(const proto::ListTransactionsResponse& response,
                           const std::vector<Key>& brokers, Replies<Key, Value>& replies) {
    const int32_t broker = brokers.front();
    ODK_TRY_VOID(whole_answer(response, key_text(broker)));
    if (!response.unknown_state_filters.empty()) {
      return Error(Errc::kInvalidArgument,
                   fmt::format("no such state: {}", response.unknown_state_filters.front()));
    }
    Listings listings;
    for (const auto& item : response.transaction_states) {
      listings.push_back({.transactional_id = std::string(item.transactional_id),
                          .producer_id = item.producer_id,
                          .state = std::string(item.transaction_state),
                          .coordinator = broker});
    }
    replies.set(broker, std::move(listings));
    return {};
  }
};

io::Task<Result<Listings>> list_transactions(Cluster& cluster, kafka::TransactionFilter filter,
                                             MonotonicTime deadline) {
  co_return co_await ask_every_broker(cluster, ListTransactions{.filter = std::move(filter)},
                                      deadline);
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<TransactionListing>> Admin::list_transactions(TransactionFilter filter, Wait wait) {
  return client::start<client::Listings>(core_, wait, client::list_transactions, std::move(filter));
}

}  // namespace odradek::kafka
