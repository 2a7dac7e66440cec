#include "client/transaction/transaction_coordinator.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/coordinator_errors.h"
#include "client/grouped.h"
#include "proto/messages/add_offsets_to_txn_request.h"
#include "proto/messages/add_offsets_to_txn_response.h"
#include "proto/messages/add_partitions_to_txn_request.h"
#include "proto/messages/add_partitions_to_txn_response.h"
#include "proto/messages/end_txn_request.h"
#include "proto/messages/end_txn_response.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"
#include "proto/messages/txn_offset_commit_request.h"
#include "proto/messages/txn_offset_commit_response.h"

namespace odradek::client {
namespace {

using cluster::CoordinatorType;
using Connection = cluster::Cluster::Connection;

// Short: another transaction's end, which is mostly waited for, takes milliseconds.
constexpr Duration kPause = std::chrono::milliseconds(20);

constexpr int16_t kLastInitProducerId = 5;       // 6 is for two-phase commit (KIP-939)
constexpr int16_t kLastAddPartitions = 3;        // from 4 on for brokers
constexpr int16_t kLastEndTxnV1 = 4;
constexpr int16_t kLastTxnOffsetCommitV1 = 4;
constexpr int16_t kLastTxnOffsetCommit = 5;      // 6 names topics by id
constexpr int16_t kFirstTransactionV2 = 2;  // of the feature transaction.version

bool is_transaction_v2(const rpc::ClientConnection& connection) {
  return std::ranges::any_of(connection.peer_features().finalized, [](const auto& feature) {
    return feature.name == "transaction.version" &&
           feature.max_version_level >= kFirstTransactionV2;
  });
}

// Asks `once` on a connection to the coordinator until it has an answer that is not about finding
// the coordinator or waiting for it.
template <class T, class Once>
io::Task<Result<T>> ask(cluster::Cluster& cluster, CoordinatorType type, std::string key,
                        std::string_view what, MonotonicTime deadline, Once once) {
  io::Loop& loop = cluster.loop();
  while (true) {
    const MonotonicTime request_deadline = std::min(deadline, cluster.request_deadline());
    Result<Connection> connected =
        co_await cluster.coordinator(type, key, cluster::kGeneralLane, request_deadline);
    Error error(Errc::kInternal);
    if (connected) {
      Result<T> answer = co_await once(*std::move(connected), request_deadline);
      if (answer) co_return answer;
      error = answer.error();
    } else {
      error = connected.error();
    }
    if (is_about_coordinator(error)) cluster.forget_coordinator(type, key);
    if (!is_transient(error)) co_return error.with_context(what);
    if (loop.now() + kPause >= deadline) co_return error.with_context(what);
    const Result<void> slept = co_await io::sleep(loop, kPause);
    if (!slept) co_return slept.error();
  }
}

Result<void> check(int16_t error_code, std::string_view what) {
  const proto::ErrorCode code = proto::error_code(error_code);
  if (code != proto::ErrorCode::kNone) return proto::to_error(code, what);
  return {};
}

}  // namespace

// NOLINTBEGIN(cppcoreguidelines-avoid-capturing-lambda-coroutines): each is awaited to its end in
// the function that holds it
io::Task<Result<InitializedProducer>> init_producer(cluster::Cluster& cluster,
                                                    TransactionOwner current, Duration timeout,
                                                    MonotonicTime deadline) {
  const auto once = [&](Connection connection,
                        MonotonicTime until) -> io::Task<Result<InitializedProducer>> {
    proto::InitProducerIdRequest request;
    request.transactional_id = current.id;
    request.transaction_timeout_ms = static_cast<int32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count());
    request.producer_id = current.producer.id;
    request.producer_epoch = current.producer.epoch;
    const bool is_v2 = is_transaction_v2(*connection);
    auto response =
        co_await cluster.call(std::move(connection), request, until, kLastInitProducerId);
    if (!response) co_return response.error();
    const auto& answer = response->message;
    ODK_CO_TRY_VOID(check(answer.error_code, current.id));
    co_return InitializedProducer{
        .producer = {.id = answer.producer_id, .epoch = answer.producer_epoch}, .is_v2 = is_v2};
  };
  co_return co_await ask<InitializedProducer>(cluster, CoordinatorType::kTransaction, current.id,
                                              "InitProducerId", deadline, once);
}

io::Task<Result<void>> add_partitions(cluster::Cluster& cluster, TransactionOwner owner,
                                      std::vector<kafka::TopicPartition> partitions,
                                      MonotonicTime deadline) {
  using Topic = proto::AddPartitionsToTxnRequest::AddPartitionsToTxnTopic;
  const auto once = [&](Connection connection, MonotonicTime until) -> io::Task<Result<void>> {
    Grouped<int32_t> grouped;
    for (const auto& id : partitions) grouped.add(id.topic) = id.partition;
    std::vector<Topic> topics = grouped.topics<Topic>();
    proto::AddPartitionsToTxnRequest request;
    request.v3_and_below_transactional_id = owner.id;
    request.v3_and_below_producer_id = owner.producer.id;
    request.v3_and_below_producer_epoch = owner.producer.epoch;
    request.v3_and_below_topics = proto::array_of(topics);
    auto response =
        co_await cluster.call(std::move(connection), request, until, kLastAddPartitions);
    if (!response) co_return response.error();
    // The code that says why counts, not those of partitions that were left out because of it.
    Result<void> outcome;
    for (const auto& topic : response->message.results_by_topic_v3_and_below) {
      for (const auto& partition : topic.results_by_partition) {
        const auto code = proto::error_code(partition.partition_error_code);
        if (code == proto::ErrorCode::kNone) continue;
        if (!outcome && code == proto::ErrorCode::kOperationNotAttempted) continue;
        outcome =
            proto::to_error(code, fmt::format("{}-{}", topic.name, partition.partition_index));
      }
    }
    co_return outcome;
  };
  co_return co_await ask<void>(cluster, CoordinatorType::kTransaction, owner.id,
                               "AddPartitionsToTxn", deadline, once);
}

io::Task<Result<void>> add_group(cluster::Cluster& cluster, TransactionOwner owner,
                                 std::string group, MonotonicTime deadline) {
  const auto once = [&](Connection connection, MonotonicTime until) -> io::Task<Result<void>> {
    proto::AddOffsetsToTxnRequest request;
    request.transactional_id = owner.id;
    request.producer_id = owner.producer.id;
    request.producer_epoch = owner.producer.epoch;
    request.group_id = group;
    auto response = co_await cluster.call(std::move(connection), request, until);
    if (!response) co_return response.error();
    co_return check(response->message.error_code, owner.id);
  };
  co_return co_await ask<void>(cluster, CoordinatorType::kTransaction, owner.id, "AddOffsetsToTxn",
                               deadline, once);
}

namespace {

using OffsetPartition = proto::TxnOffsetCommitRequest::TxnOffsetCommitRequestPartition;
using OffsetTopic = proto::TxnOffsetCommitRequest::TxnOffsetCommitRequestTopic;

Result<void> check_offsets(const proto::TxnOffsetCommitResponse& response) {
  for (const auto& topic : response.topics) {
    for (const auto& partition : topic.partitions) {
      ODK_TRY_VOID(
          check(partition.error_code, fmt::format("{}-{}", topic.name, partition.partition_index)));
    }
  }
  return {};
}

}  // namespace

io::Task<Result<void>> commit_in_transaction(cluster::Cluster& cluster, TransactionOwner owner,
                                             kafka::GroupMetadata member, OffsetMap offsets,
                                             MonotonicTime deadline) {
  const auto once = [&](Connection connection, MonotonicTime until) -> io::Task<Result<void>> {
    Grouped<OffsetPartition> grouped = grouped_offsets<OffsetPartition>(offsets);
    std::vector<OffsetTopic> topics = grouped.topics<OffsetTopic>();
    proto::TxnOffsetCommitRequest request;
    request.transactional_id = owner.id;
    request.group_id = member.group;
    request.producer_id = owner.producer.id;
    request.producer_epoch = owner.producer.epoch;
    request.topics = proto::array_of(topics);
    const int16_t at_most = owner.is_v2 ? kLastTxnOffsetCommit : kLastTxnOffsetCommitV1;
    ODK_CO_TRY(const int16_t version, connection->version_for(request.kApiKey, at_most));
    constexpr int16_t kFirstWithMember = 3;  // KIP-447
    if (version >= kFirstWithMember) {
      request.generation_id_or_member_epoch = member.generation;
      request.member_id = member.member_id;
      request.group_instance_id = {};
      if (!member.instance_id.empty()) request.group_instance_id = member.instance_id;
    }
    auto response = co_await connection->call(request, version, until);
    if (!response) co_return response.error();
    co_return check_offsets(response->message);
  };
  co_return co_await ask<void>(cluster, CoordinatorType::kGroup, member.group, "TxnOffsetCommit",
                               deadline, once);
}

io::Task<Result<ProducerIdentity>> end_transaction(cluster::Cluster& cluster,
                                                   TransactionOwner owner, bool is_commit,
                                                   MonotonicTime deadline) {
  const auto once = [&](Connection connection,
                        MonotonicTime until) -> io::Task<Result<ProducerIdentity>> {
    proto::EndTxnRequest request;
    request.transactional_id = owner.id;
    request.producer_id = owner.producer.id;
    request.producer_epoch = owner.producer.epoch;
    request.committed = is_commit;
    const int16_t at_most = owner.is_v2 ? INT16_MAX : kLastEndTxnV1;
    auto response = co_await cluster.call(std::move(connection), request, until, at_most);
    if (!response) co_return response.error();
    ODK_CO_TRY_VOID(check(response->message.error_code, owner.id));
    if (!owner.is_v2 || response->message.producer_id < 0) co_return owner.producer;
    co_return ProducerIdentity{.id = response->message.producer_id,
                               .epoch = response->message.producer_epoch};
  };
  co_return co_await ask<ProducerIdentity>(cluster, CoordinatorType::kTransaction, owner.id,
                                           is_commit ? "commit" : "abort", deadline, once);
}

// NOLINTEND(cppcoreguidelines-avoid-capturing-lambda-coroutines)

}  // namespace odradek::client
