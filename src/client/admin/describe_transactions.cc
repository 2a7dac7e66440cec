// Admin::describe_transactions and fence_producers.
#include "client/admin/ask.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "proto/messages/describe_transactions_request.h"
#include "proto/messages/describe_transactions_response.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"

namespace odradek::client {
namespace {

kafka::TransactionDescription description_of(
    const proto::DescribeTransactionsResponse::TransactionState& state) {
  kafka::TransactionDescription description;
  description.state = state.transaction_state;
  description.producer_id = state.producer_id;
  description.producer_epoch = state.producer_epoch;
  description.timeout = std::chrono::milliseconds(state.transaction_timeout_ms);
  description.started_ms = state.transaction_start_time_ms;
  for (const auto& topic : state.topics) {
    for (const int32_t partition : topic.partitions) {
      description.partitions.push_back({std::string(topic.topic), partition});
    }
  }
  return description;
}

struct DescribeTransactions {
  using Request = proto::DescribeTransactionsRequest;
  using Key = std::string;
  using Value = kafka::TransactionDescription;
  static constexpr std::string_view kDoing = "describe transaction";

  std::vector<std::string_view> names{};

  Request request(const std::vector<Key>& ids) {
    names = views_of(ids);
    Request request;
    request.transactional_ids = proto::array_of(names);
    return request;
  }
  static Result<void> read(const proto::DescribeTransactionsResponse& response,
                           const std::vector<Key>&, Replies<Key, Value>& replies) {
    for (const auto& state : response.transaction_states) {
      const std::string id(state.transactional_id);
      if (state.error_code == 0) {
        replies.set(id, description_of(state));
      } else {
        replies.fail(id, state.error_code);
      }
    }
    return {};
  }
};

using Described = std::vector<kafka::Named<kafka::TransactionDescription>>;

io::Task<Result<Described>> describe_transactions(Cluster& cluster, std::vector<std::string> ids,
                                                  MonotonicTime deadline) {
  auto described = co_await ask_items(cluster, Route::kTransactionCoordinator,
                                      DescribeTransactions(), std::move(ids), deadline);
  if (!described) co_return described.error();
  for (auto& item : *described) {
    if (!item.result) continue;
    auto id = co_await cluster.coordinator_id(cluster::CoordinatorType::kTransaction, item.name,
                                              deadline);
    if (id) item.result->coordinator = *id;
  }
  co_return described;
}

// A new epoch, asked for as a producer that starts would.
struct FenceProducer {
  using Request = proto::InitProducerIdRequest;
  using Key = std::string;
  using Value = kafka::FencedProducer;
  static constexpr std::string_view kDoing = "fence producer";
  static constexpr bool kOneByOne = true;

  int32_t transaction_timeout_ms = 0;

  Request request(const std::vector<Key>& id) const {
    Request request;
    request.transactional_id = id.front();
    request.transaction_timeout_ms = transaction_timeout_ms;
    return request;
  }
  static Result<void> read(const proto::InitProducerIdResponse& response,
                           const std::vector<Key>& id, Replies<Key, Value>& replies) {
    if (response.error_code != 0) {
      replies.fail(id.front(), response.error_code);
    } else {
      replies.set(id.front(),
                  {.producer_id = response.producer_id, .producer_epoch = response.producer_epoch});
    }
    return {};
  }
};

using Fenced = std::vector<kafka::Named<kafka::FencedProducer>>;

io::Task<Result<Fenced>> fence_producers(Cluster& cluster, std::vector<std::string> ids,
                                         MonotonicTime deadline) {
  const auto timeout =
      std::chrono::duration_cast<std::chrono::milliseconds>(cluster.options().request_timeout);
  FenceProducer api{.transaction_timeout_ms = static_cast<int32_t>(timeout.count())};
  co_return co_await ask_items(cluster, Route::kTransactionCoordinator, api, std::move(ids),
                               deadline);
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<Named<TransactionDescription>>> Admin::describe_transactions(
    std::vector<std::string> transactional_ids, Wait wait) {
  return client::start<client::Described>(core_, wait, client::describe_transactions,
                                          std::move(transactional_ids));
}

Op<std::vector<Named<FencedProducer>>> Admin::fence_producers(
    std::vector<std::string> transactional_ids, Wait wait) {
  return client::start<client::Fenced>(core_, wait, client::fence_producers,
                                       std::move(transactional_ids));
}

}  // namespace odradek::kafka
