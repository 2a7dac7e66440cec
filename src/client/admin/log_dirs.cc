// Admin::describe_log_dirs and alter_replica_log_dirs (KIP-113).
#include "client/admin/every_broker.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "client/grouped.h"
#include "proto/messages/alter_replica_log_dirs_request.h"
#include "proto/messages/alter_replica_log_dirs_response.h"
#include "proto/messages/describe_log_dirs_request.h"
#include "proto/messages/describe_log_dirs_response.h"

namespace odradek::client {
namespace {

using LogDirs = std::vector<kafka::LogDir>;

kafka::LogDir log_dir(const proto::DescribeLogDirsResponse::DescribeLogDirsResult& result) {
  kafka::LogDir dir;
  dir.path = result.log_dir;
  dir.result = public_outcome(result.error_code, {}, dir.path);
  dir.total_bytes = result.total_bytes;
  dir.usable_bytes = result.usable_bytes;
  for (const auto& topic : result.topics) {
    for (const auto& partition : topic.partitions) {
      dir.replicas.push_back({.partition = {std::string(topic.name), partition.partition_index},
                              .bytes = partition.partition_size,
                              .offset_lag = partition.offset_lag,
                              .is_future = partition.is_future_key});
    }
  }
  return dir;
}

struct DescribeLogDirs {
  using Request = proto::DescribeLogDirsRequest;
  using Key = int32_t;
  using Value = LogDirs;
  static constexpr std::string_view kDoing = "describe log directories";

  static Request request(const std::vector<Key>&) {
    Request request;
    request.topics = {};  // null: all
    return request;
  }
  static Result<void> read(const proto::DescribeLogDirsResponse& response,
                           const std::vector<Key>& brokers, Replies<Key, Value>& replies) {
    // Brokers that may not answer say so by an empty answer, in versions before 3.
    if (response.error_code != 0) {
      replies.fail(brokers.front(), response.error_code);
      return {};
    }
    LogDirs dirs;
    for (const auto& result : response.results) dirs.push_back(log_dir(result));
    replies.set(brokers.front(), std::move(dirs));
    return {};
  }
};

io::Task<Result<std::vector<kafka::OfBroker<LogDirs>>>> describe_log_dirs(
    Cluster& cluster, std::vector<int32_t> brokers, MonotonicTime deadline) {
  if (brokers.empty()) {
    auto all = co_await broker_ids(cluster, deadline);
    if (!all) co_return all.error().with_context(DescribeLogDirs::kDoing);
    brokers = *std::move(all);
  }
  co_return co_await ask_items(cluster, Route::kBroker, DescribeLogDirs(), std::move(brokers),
                               deadline);
}

struct AlterReplicaLogDirs {
  using Request = proto::AlterReplicaLogDirsRequest;
  using Key = std::pair<int32_t, kafka::TopicPartition>;
  using Value = void;
  static constexpr std::string_view kDoing = "move replica";

  std::map<Key, std::string> paths;
  std::map<std::string, Grouped<int32_t>> grouped{};
  std::vector<std::vector<Request::AlterReplicaLogDirTopic>> topics{};
  std::vector<Request::AlterReplicaLogDir> dirs{};

  Request request(const std::vector<Key>& replicas) {
    for (const Key& replica : replicas) {
      grouped[paths.at(replica)].add(replica.second.topic) = replica.second.partition;
    }
    topics.reserve(grouped.size());
    for (auto& [path, partitions] : grouped) {
      Request::AlterReplicaLogDir& dir = dirs.emplace_back();
      dir.path = path;
      dir.topics = proto::array_of(
          topics.emplace_back(partitions.topics<Request::AlterReplicaLogDirTopic>()));
    }
    Request request;
    request.dirs = proto::array_of(dirs);
    return request;
  }
  static Result<void> read(const proto::AlterReplicaLogDirsResponse& response,
                           const std::vector<Key>& replicas, Replies<Key, Value>& replies) {
    const int32_t broker = replicas.front().first;
    for (const auto& topic : response.results) {
      for (const auto& partition : topic.partitions) {
        const kafka::TopicPartition id{std::string(topic.topic_name), partition.partition_index};
        replies.settle({broker, id}, partition.error_code);
      }
    }
    return {};
  }
};

io::Task<Result<std::vector<kafka::ReplicaMoveOutcome>>> alter_replica_log_dirs(
    Cluster& cluster, std::vector<kafka::ReplicaMove> moves, MonotonicTime deadline) {
  AlterReplicaLogDirs api{.paths = {}};
  std::vector<AlterReplicaLogDirs::Key> keys;
  for (kafka::ReplicaMove& move : moves) {
    keys.emplace_back(move.broker, move.partition);
    api.paths[keys.back()] = std::move(move.path);
  }
  ODK_CO_TRY_VOID(refuse_doubles(keys, AlterReplicaLogDirs::kDoing));
  auto replies = co_await ask(cluster, Route::kBroker, std::move(api), std::move(keys), deadline);
  std::vector<kafka::ReplicaMoveOutcome> outcomes;
  ODK_CO_TRY_VOID(std::move(replies).each(
      [&](const AlterReplicaLogDirs::Key& replica, kafka::Result<void> result) {
        outcomes.push_back({replica.first, replica.second, std::move(result)});
      }));
  co_return outcomes;
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<OfBroker<std::vector<LogDir>>>> Admin::describe_log_dirs(
    std::vector<int32_t> brokers, Wait wait) {
  return client::start<std::vector<OfBroker<std::vector<LogDir>>>>(
      core_, wait, client::describe_log_dirs, std::move(brokers));
}

Op<std::vector<ReplicaMoveOutcome>> Admin::alter_replica_log_dirs(std::vector<ReplicaMove> moves,
                                                                  Wait wait) {
  return client::start<std::vector<ReplicaMoveOutcome>>(core_, wait, client::alter_replica_log_dirs,
                                                        std::move(moves));
}

}  // namespace odradek::kafka
