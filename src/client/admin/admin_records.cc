// Admin calls about the records of partitions.
#include <fmt/format.h>

#include <set>

#include "client/admin/admin_call.h"
#include "client/admin/admin_tasks.h"
#include "client/grouped.h"
#include "proto/messages/delete_records_request.h"
#include "proto/messages/delete_records_response.h"

namespace odradek::client {
namespace {

using Request = proto::DeleteRecordsRequest;
using Offsets = std::map<kafka::TopicPartition, int64_t>;

// Asks one leader; what it did leaves `todo`. The first failed partition is the error.
io::Task<Result<void>> delete_on(Cluster& cluster, int32_t broker_id,
                                 std::vector<kafka::TopicPartition> ids, Offsets& todo,
                                 std::vector<kafka::PartitionOffset>& done,
                                 MonotonicTime deadline) {
  auto connected = co_await cluster.connection(broker_id, cluster::kGeneralLane, deadline);
  if (!connected) co_return connected.error();
  Grouped<Request::DeleteRecordsPartition> grouped;
  for (const auto& id : ids) {
    auto& partition = grouped.add(id.topic);
    partition.partition_index = id.partition;
    partition.offset = todo.at(id);
  }
  auto topics = grouped.topics<Request::DeleteRecordsTopic>();
  Request request;
  request.topics = proto::array_of(topics);
  request.timeout_ms = milliseconds_left(cluster, deadline);
  auto answer = co_await cluster.call(*std::move(connected), request, deadline);
  if (!answer) co_return answer.error();
  for (const auto& topic : answer->message.topics) {
    for (const auto& partition : topic.partitions) {
      const kafka::TopicPartition id{std::string(topic.name), partition.partition_index};
      const proto::ErrorCode code = proto::error_code(partition.error_code);
      if (code != proto::ErrorCode::kNone) {
        co_return proto::to_error(code,
                                  fmt::format("delete records of {}-{}", id.topic, id.partition));
      }
      if (todo.erase(id) > 0) done.push_back({.partition = id, .offset = partition.low_watermark});
    }
  }
  co_return Result<void>{};
}

io::Task<Result<void>> delete_once(Cluster& cluster, Offsets& todo,
                                   std::vector<kafka::PartitionOffset>& done,
                                   MonotonicTime deadline) {
  std::set<std::string> names;
  for (const auto& [id, offset] : todo) names.insert(id.topic);
  std::vector<std::string> topics(names.begin(), names.end());
  auto metadata = co_await cluster.metadata(std::move(topics), deadline);
  if (!metadata) co_return metadata.error();
  std::map<int32_t, std::vector<kafka::TopicPartition>> by_leader;
  for (const auto& [id, offset] : todo) {
    const cluster::Topic* topic = (*metadata)->topic(std::string_view(id.topic));
    const cluster::Partition* partition =
        topic == nullptr ? nullptr : topic->partition(id.partition);
    if (partition == nullptr || partition->leader < 0) {
      const auto code = partition == nullptr ? proto::ErrorCode::kUnknownTopicOrPartition
                                             : proto::ErrorCode::kLeaderNotAvailable;
      co_return proto::to_error(code, fmt::format("{}-{}", id.topic, id.partition));
    }
    by_leader[partition->leader].push_back(id);
  }
  for (const auto& [broker_id, ids] : by_leader) {
    const Result<void> deleted = co_await delete_on(cluster, broker_id, ids, todo, done, deadline);
    if (!deleted) co_return deleted.error();
  }
  co_return Result<void>{};
}

}  // namespace

io::Task<Result<std::vector<kafka::PartitionOffset>>> delete_records(
    Cluster& cluster, std::vector<kafka::PartitionOffset> before, MonotonicTime deadline) {
  Offsets todo;
  for (const auto& item : before) todo[item.partition] = item.offset;
  std::vector<kafka::PartitionOffset> done;
  while (!todo.empty()) {
    const Result<void> deleted = co_await delete_once(cluster, todo, done, deadline);
    if (deleted) continue;
    const Error& error = deleted.error();
    const bool is_transient =
        is_network_failure(error) || (error.code() == Errc::kServer &&
                                      proto::is_retriable(proto::error_code(error.server_code())));
    const Result<void> paused = co_await pause_admin(cluster, deadline, error, is_transient);
    if (!paused) co_return paused.error().with_context("delete records");
  }
  co_return done;
}

}  // namespace odradek::client
