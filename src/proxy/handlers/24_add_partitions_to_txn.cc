#include "proxy/handlers/24_add_partitions_to_txn.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "proto/messages/add_partitions_to_txn_request.h"
#include "proto/messages/add_partitions_to_txn_response.h"
#include "proxy/handlers/coordinator.h"
#include "proxy/handlers/leaders.h"

namespace odradek::proxy {
namespace {

using proto::AddPartitionsToTxnRequest;
using proto::AddPartitionsToTxnResponse;
using proto::ErrorCode;
using Topic = AddPartitionsToTxnRequest::AddPartitionsToTxnTopic;

constexpr int16_t kVersionMax = 3;

// One partition of the client's request.
struct Item {
  size_t topic = 0;
  int32_t client_partition = 0;
  int32_t physical = -1;
  ErrorCode error{};
};

std::vector<Item> items_of(std::span<const Topic> topics, const ResolvedTopics& resolved) {
  std::vector<Item> items;
  for (size_t t = 0; t < topics.size(); ++t) {
    const ResolvedTopic& topic = resolved.topics[t];
    for (const int32_t partition : topics[t].partitions) {
      Item& item = items.emplace_back();
      item.topic = t;
      item.client_partition = partition;
      item.error = topic.error;
      if (!topic.ok()) continue;
      const auto place = topic.place(partition);
      if (place) item.physical = place->partition.value();
      if (!place) item.error = ErrorCode::kUnknownTopicOrPartition;
    }
  }
  return items;
}

std::span<Topic> physical_topics(std::span<const Topic> topics, std::span<const Item> items,
                                 Arena& arena) {
  std::vector<std::set<int32_t>> wanted(topics.size());
  for (const Item& item : items) wanted[item.topic].insert(item.physical);
  const std::span<Topic> upstream = arena.array<Topic>(topics.size());
  for (size_t t = 0; t < topics.size(); ++t) {
    const auto partitions = arena.array<int32_t>(wanted[t].size());
    std::ranges::copy(wanted[t], partitions.begin());
    upstream[t].name = topics[t].name;
    upstream[t].partitions = partitions;
  }
  return upstream;
}

bool has_moved(const AddPartitionsToTxnResponse& response) {
  return std::ranges::any_of(response.results_by_topic_v3_and_below, [](const auto& topic) {
    return std::ranges::any_of(topic.results_by_partition, [](const auto& partition) {
      return is_moved_coordinator(partition.partition_error_code);
    });
  });
}

io::Task<void> ask(Session& session, const AddPartitionsToTxnRequest& request, int16_t version,
                   std::vector<Item>& items) {
  Arena arena;
  AddPartitionsToTxnRequest upstream = request;
  upstream.v3_and_below_topics = physical_topics(request.v3_and_below_topics, items, arena);
  const auto answer = co_await ask_coordinator(
      session, std::string(request.v3_and_below_transactional_id), upstream, version, has_moved,
      session.context.request_deadline(), CoordinatorType::kTransaction);
  std::map<std::pair<std::string_view, int32_t>, ErrorCode> codes;
  if (answer) {
    for (const auto& topic : answer->message.results_by_topic_v3_and_below) {
      for (const auto& partition : topic.results_by_partition) {
        codes[{topic.name, partition.partition_index}] =
            proto::error_code(partition.partition_error_code);
      }
    }
  }
  for (Item& item : items) {
    const auto found = codes.find({request.v3_and_below_topics[item.topic].name, item.physical});
    item.error = found == codes.end() ? ErrorCode::kCoordinatorNotAvailable : found->second;
  }
}

void respond(Session& session, rpc::Request& request, std::span<const Topic> topics,
             std::span<const Item> items) {
  using TopicResult = AddPartitionsToTxnResponse::AddPartitionsToTxnTopicResult;
  using PartitionResult = AddPartitionsToTxnResponse::AddPartitionsToTxnPartitionResult;
  Arena arena;
  const auto results = arena.array<TopicResult>(topics.size());
  const auto partitions = arena.array<PartitionResult>(items.size());
  size_t at = 0;
  for (size_t t = 0; t < topics.size(); ++t) {
    const size_t first = at;
    for (; at < items.size() && items[at].topic == t; ++at) {
      partitions[at].partition_index = items[at].client_partition;
      partitions[at].partition_error_code = proto::to_number(items[at].error);
      count_error(session, request.api_key, partitions[at].partition_error_code);
    }
    results[t].name = topics[t].name;
    results[t].results_by_partition = partitions.subspan(first, at - first);
  }
  AddPartitionsToTxnResponse response;
  response.results_by_topic_v3_and_below = results;
  rpc::respond(request, response);
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<AddPartitionsToTxnRequest>(request));
  const std::span<const Topic> topics = decoded->v3_and_below_topics;
  const ResolvedTopics resolved = co_await session.resolve(
      Operation::kWrite, refs_by_name(topics, &Topic::name), ErrorCode::kCoordinatorNotAvailable,
      session.context.request_deadline());
  std::vector<Item> items = items_of(topics, resolved);
  const ErrorCode refusal =
      session.transaction_refusal(Operation::kWrite, decoded->v3_and_below_transactional_id);
  if (refusal != ErrorCode{}) {
    for (Item& item : items) item.error = refusal;
  }
  const auto is_wrong = [](const Item& item) { return item.error != ErrorCode{}; };
  if (std::ranges::none_of(items, is_wrong)) {
    co_await ask(session, decoded.message, request.version, items);
  } else {
    // All or nothing, as at a broker.
    for (Item& item : items) {
      if (!is_wrong(item)) item.error = ErrorCode::kOperationNotAttempted;
    }
  }
  if (session.is_closed) co_return Errc::kClosed;
  respond(session, request, topics, items);
  co_return Result<void>{};
}

}  // namespace

Handler add_partitions_to_txn_handler() {
  return {.key = proto::ApiKey::kAddPartitionsToTxn,
          .min_version = 0,
          .max_version = kVersionMax,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
