// Admin::describe_producers and abort_transaction (KIP-664): to find and end what hangs.
#include "client/admin/ask.h"
#include "client/admin/start.h"
#include "client/grouped.h"
#include "proto/messages/describe_producers_request.h"
#include "proto/messages/describe_producers_response.h"
#include "proto/messages/write_txn_markers_request.h"
#include "proto/messages/write_txn_markers_response.h"

namespace odradek::client {
namespace {

using Producers = std::vector<kafka::ActiveProducer>;

kafka::ActiveProducer producer_of(const proto::DescribeProducersResponse::ProducerState& state) {
  kafka::ActiveProducer producer{.producer_id = state.producer_id,
                                 .producer_epoch = state.producer_epoch,
                                 .last_sequence = state.last_sequence,
                                 .last_timestamp_ms = state.last_timestamp,
                                 .coordinator_epoch = state.coordinator_epoch,
                                 .transaction_start_offset = {}};
  if (state.current_txn_start_offset >= 0) {
    producer.transaction_start_offset = state.current_txn_start_offset;
  }
  return producer;
}

using Replica = std::pair<int32_t, kafka::TopicPartition>;  // at a broker

// NOLINTNEXTLINE(bugprone-return-const-ref-from-parameter): keys outlive their question
const kafka::TopicPartition& id_of(const kafka::TopicPartition& key) { return key; }
const kafka::TopicPartition& id_of(const Replica& key) { return key.second; }
// The key of another partition that the same broker was asked about.
kafka::TopicPartition beside(const kafka::TopicPartition&, kafka::TopicPartition id) { return id; }
Replica beside(const Replica& key, kafka::TopicPartition id) { return {key.first, std::move(id)}; }

// Of the leader; or of one replica, where a key names its broker, too.
template <class PartitionKey>
struct DescribeProducers {
  using Request = proto::DescribeProducersRequest;
  using Key = PartitionKey;
  using Value = Producers;
  static constexpr std::string_view kDoing = "describe producers";

  Grouped<int32_t> grouped{};
  std::vector<Request::TopicRequest> topics{};

  Request request(const std::vector<Key>& keys) {
    for (const Key& key : keys) grouped.add(id_of(key).topic) = id_of(key).partition;
    topics = grouped.topics<Request::TopicRequest>();
    Request request;
    request.topics = proto::array_of(topics);
    return request;
  }
  static Result<void> read(const proto::DescribeProducersResponse& response,
                           const std::vector<Key>& keys, Replies<Key, Value>& replies) {
    for (const auto& topic : response.topics) {
      for (const auto& partition : topic.partitions) {
        const Key key = beside(keys.front(), {std::string(topic.name), partition.partition_index});
        if (partition.error_code != 0) {
          replies.fail(key, partition.error_code, partition.error_message);
          continue;
        }
        Producers producers;
        for (const auto& state : partition.active_producers) {
          producers.push_back(producer_of(state));
        }
        replies.set(key, std::move(producers));
      }
    }
    return {};
  }
};

using Described = std::vector<kafka::OfPartition<Producers>>;

io::Task<Result<Described>> describe_producers(Cluster& cluster,
                                               std::vector<kafka::TopicPartition> partitions,
                                               std::optional<int32_t> broker,
                                               MonotonicTime deadline) {
  if (!broker) {
    co_return co_await ask_items(cluster, Route::kLeader,
                                 DescribeProducers<kafka::TopicPartition>(), std::move(partitions),
                                 deadline);
  }
  std::vector<Replica> keys;
  keys.reserve(partitions.size());
  for (kafka::TopicPartition& id : partitions) keys.emplace_back(*broker, std::move(id));
  auto replies = co_await ask(cluster, Route::kBroker, DescribeProducers<Replica>(),
                              std::move(keys), deadline);
  Described described;
  ODK_CO_TRY_VOID(
      std::move(replies).each([&](const Replica& replica, kafka::Result<Producers> result) {
        described.push_back({replica.second, std::move(result)});
      }));
  co_return described;
}

struct AbortTransaction {
  using Request = proto::WriteTxnMarkersRequest;
  using Key = kafka::TopicPartition;
  using Value = void;
  static constexpr std::string_view kDoing = "abort transaction in";

  kafka::TransactionToAbort transaction;
  std::vector<int32_t> partitions{};
  std::vector<Request::WritableTxnMarkerTopic> topics{};
  std::vector<Request::WritableTxnMarker> markers{};

  Request request(const std::vector<Key>& id) {
    partitions = {id.front().partition};
    topics.resize(1);
    topics[0].name = id.front().topic;
    topics[0].partition_indexes = proto::array_of(partitions);
    markers.resize(1);
    markers[0].producer_id = transaction.producer_id;
    markers[0].producer_epoch = transaction.producer_epoch;
    markers[0].coordinator_epoch = transaction.coordinator_epoch;
    markers[0].transaction_result = false;
    markers[0].topics = proto::array_of(topics);
    Request request;
    request.markers = proto::array_of(markers);
    return request;
  }
  static Result<void> read(const proto::WriteTxnMarkersResponse& response, const std::vector<Key>&,
                           Replies<Key, Value>& replies) {
    for (const auto& marker : response.markers) {
      for (const auto& topic : marker.topics) {
        for (const auto& partition : topic.partitions) {
          replies.settle({std::string(topic.name), partition.partition_index},
                         partition.error_code);
        }
      }
    }
    return {};
  }
};

io::Task<kafka::Result<void>> abort_transaction(Cluster& cluster,
                                                kafka::TransactionToAbort transaction,
                                                MonotonicTime deadline) {
  std::vector<kafka::TopicPartition> keys(1, transaction.partition);
  AbortTransaction api{.transaction = std::move(transaction)};
  auto items =
      co_await ask_items(cluster, Route::kLeader, std::move(api), std::move(keys), deadline);
  if (!items) co_return to_public(items.error());
  co_return items->front().result;
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<OfPartition<std::vector<ActiveProducer>>>> Admin::describe_producers(
    std::vector<TopicPartition> partitions, std::optional<int32_t> broker, Wait wait) {
  return client::start<client::Described>(core_, wait, client::describe_producers,
                                          std::move(partitions), broker);
}

Op<void> Admin::abort_transaction(TransactionToAbort transaction, Wait wait) {
  return client::start<void>(core_, wait, client::abort_transaction, std::move(transaction));
}

}  // namespace odradek::kafka
