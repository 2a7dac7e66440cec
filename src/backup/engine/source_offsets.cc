#include <fmt/format.h>

#include <optional>

#include "backup/engine/source.h"
#include "proto/array_of.h"
#include "proto/error_code.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"
#include "proto/messages/offset_for_leader_epoch_request.h"
#include "proto/messages/offset_for_leader_epoch_response.h"

namespace odradek::backup {
namespace {

constexpr Duration kRetryPause = std::chrono::milliseconds(100);

Error server_error(int16_t code, const std::string& context) {
  return proto::to_error(proto::error_code(code), context);
}

using Request = proto::ListOffsetsRequest;

}  // namespace

io::Task<Result<int64_t>> Source::offset_at(TopicPartition partition, SpecialOffset special,
                                            IsolationLevel isolation) {
  const MonotonicTime deadline = cluster_->request_deadline();
  while (true) {
    proto::ListOffsetsRequest::ListOffsetsPartition asked;
    asked.partition_index = partition.partition;
    asked.timestamp = static_cast<int64_t>(special);
    proto::ListOffsetsRequest::ListOffsetsTopic topic;
    topic.name = partition.topic;
    topic.partitions = {&asked, 1};
    proto::ListOffsetsRequest request;
    request.replica_id = -1;
    request.isolation_level = static_cast<int8_t>(isolation);
    request.topics = {&topic, 1};

    Result<int64_t> offset = Error(Errc::kMalformed, "list offsets: the partition is not answered");
    Result<cluster::Cluster::Connection> leader = co_await cluster_->leader(
        partition.topic, partition.partition, cluster::kGeneralLane, deadline);
    if (!leader) {
      offset = leader.error();
    } else {
      auto answer = co_await cluster_->call(*leader, request, deadline);
      if (!answer) {
        offset = answer.error();
      } else {
        for (const auto& answered_topic : answer->message.topics) {
          for (const auto& entry : answered_topic.partitions) {
            if (entry.error_code == 0) {
              offset = entry.offset;
            } else {
              offset = server_error(entry.error_code, "list offsets " + name_of(partition));
            }
          }
        }
      }
    }
    if (offset || !is_worth_retrying(offset.error()) || cluster_->loop().now() >= deadline) {
      co_return offset;
    }
    cluster_->expire_metadata();
    ODK_CO_TRY_VOID(co_await io::sleep(cluster_->loop(), kRetryPause));
  }
}

io::Task<Result<std::vector<int64_t>>> Source::offsets_at(std::vector<TopicPartition> partitions,
                                                          SpecialOffset special,
                                                          IsolationLevel isolation) {
  std::vector<std::optional<int64_t>> found(partitions.size());
  for (const auto& [broker, which] : by_leader(partitions)) {
    const Result<void> asked =
        co_await offsets_of_broker(broker, partitions, which, special, isolation, found);
    // Those without an answer are asked one by one below, each with retries.
    if (!asked && !is_worth_retrying(asked.error())) co_return asked.error();
  }
  std::vector<int64_t> offsets(partitions.size());
  for (size_t i = 0; i < partitions.size(); ++i) {
    if (found[i]) {
      offsets[i] = *found[i];
    } else {
      ODK_CO_TRY(offsets[i], co_await offset_at(partitions[i], special, isolation));
    }
  }
  co_return offsets;
}

io::Task<Result<void>> Source::offsets_of_broker(int32_t broker,
                                                 const std::vector<TopicPartition>& partitions,
                                                 std::vector<size_t> which, SpecialOffset special,
                                                 IsolationLevel isolation,
                                                 std::vector<std::optional<int64_t>>& offsets) {
  const MonotonicTime deadline = cluster_->request_deadline();
  std::map<std::string, std::map<int32_t, size_t>> places;
  for (const size_t i : which) places[partitions[i].topic][partitions[i].partition] = i;
  std::vector<std::vector<Request::ListOffsetsPartition>> asked;
  std::vector<Request::ListOffsetsTopic> topics;
  asked.reserve(places.size());
  for (const auto& [name, topic_places] : places) {
    std::vector<Request::ListOffsetsPartition>& of_topic = asked.emplace_back();
    for (const auto& [partition, place] : topic_places) {
      Request::ListOffsetsPartition& entry = of_topic.emplace_back();
      entry.partition_index = partition;
      entry.timestamp = static_cast<int64_t>(special);
    }
    Request::ListOffsetsTopic& topic = topics.emplace_back();
    topic.name = name;
    topic.partitions = proto::array_of(of_topic);
  }
  Request request;
  request.replica_id = -1;
  request.isolation_level = static_cast<int8_t>(isolation);
  request.topics = proto::array_of(topics);
  ODK_CO_TRY(cluster::Cluster::Connection connection,
             co_await cluster_->connection(broker, cluster::kGeneralLane, deadline));
  ODK_CO_TRY(auto answer, co_await cluster_->call(connection, request, deadline));
  for (const auto& topic : answer->topics) {
    const auto known = places.find(std::string(topic.name));
    if (known == places.end()) continue;
    for (const auto& entry : topic.partitions) {
      const auto place = known->second.find(entry.partition_index);
      if (place == known->second.end() || entry.error_code != 0) continue;
      offsets[place->second] = entry.offset;
    }
  }
  co_return Result<void>{};
}

std::map<int32_t, std::vector<size_t>> Source::by_leader(
    const std::vector<TopicPartition>& partitions) const {
  std::map<int32_t, std::vector<size_t>> leaders;
  for (size_t i = 0; i < partitions.size(); ++i) {
    const std::vector<int32_t> brokers = replicas(partitions[i]);
    if (!brokers.empty()) leaders[brokers.front()].push_back(i);
  }
  return leaders;
}

io::Task<Result<std::vector<EpochEnd>>> Source::epoch_ends(std::vector<TopicPartition> partitions,
                                                           std::vector<int32_t> leader_epochs) {
  std::vector<std::optional<EpochEnd>> found(partitions.size());
  for (const auto& [broker, which] : by_leader(partitions)) {
    const Result<void> asked =
        co_await epochs_of_broker(broker, partitions, leader_epochs, which, found);
    if (!asked && !is_worth_retrying(asked.error())) co_return asked.error();
  }
  std::vector<EpochEnd> ends(partitions.size());
  for (size_t i = 0; i < partitions.size(); ++i) {
    if (found[i]) {
      ends[i] = *found[i];
    } else {
      ODK_CO_TRY(ends[i], co_await epoch_end(partitions[i], leader_epochs[i]));
    }
  }
  co_return ends;
}

io::Task<Result<void>> Source::epochs_of_broker(int32_t broker,
                                                const std::vector<TopicPartition>& partitions,
                                                const std::vector<int32_t>& leader_epochs,
                                                std::vector<size_t> which,
                                                std::vector<std::optional<EpochEnd>>& ends) {
  using EpochRequest = proto::OffsetForLeaderEpochRequest;
  const MonotonicTime deadline = cluster_->request_deadline();
  std::map<std::string, std::map<int32_t, size_t>> places;
  for (const size_t i : which) places[partitions[i].topic][partitions[i].partition] = i;
  std::vector<std::vector<EpochRequest::OffsetForLeaderPartition>> asked;
  std::vector<EpochRequest::OffsetForLeaderTopic> topics;
  asked.reserve(places.size());
  for (const auto& [name, topic_places] : places) {
    auto& of_topic = asked.emplace_back();
    for (const auto& [partition, place] : topic_places) {
      auto& entry = of_topic.emplace_back();
      entry.partition = partition;
      entry.leader_epoch = leader_epochs[place];
    }
    auto& topic = topics.emplace_back();
    topic.topic = name;
    topic.partitions = proto::array_of(of_topic);
  }
  EpochRequest request;
  request.replica_id = -1;
  request.topics = proto::array_of(topics);
  ODK_CO_TRY(cluster::Cluster::Connection connection,
             co_await cluster_->connection(broker, cluster::kGeneralLane, deadline));
  ODK_CO_TRY(auto answer, co_await cluster_->call(connection, request, deadline));
  for (const auto& topic : answer->topics) {
    const auto known = places.find(std::string(topic.topic));
    if (known == places.end()) continue;
    for (const auto& entry : topic.partitions) {
      const auto place = known->second.find(entry.partition);
      if (place == known->second.end() || entry.error_code != 0) continue;
      ends[place->second] = EpochEnd{entry.leader_epoch, entry.end_offset};
    }
  }
  co_return Result<void>{};
}

io::Task<Result<EpochEnd>> Source::epoch_end(TopicPartition partition, int32_t leader_epoch) {
  const MonotonicTime deadline = cluster_->request_deadline();
  while (true) {
    proto::OffsetForLeaderEpochRequest::OffsetForLeaderPartition asked;
    asked.partition = partition.partition;
    asked.leader_epoch = leader_epoch;
    proto::OffsetForLeaderEpochRequest::OffsetForLeaderTopic topic;
    topic.topic = partition.topic;
    topic.partitions = {&asked, 1};
    proto::OffsetForLeaderEpochRequest request;
    request.replica_id = -1;
    request.topics = {&topic, 1};
    Result<EpochEnd> end = Error(Errc::kMalformed, "offset of epoch: no answer for the partition");
    Result<cluster::Cluster::Connection> leader = co_await cluster_->leader(
        partition.topic, partition.partition, cluster::kGeneralLane, deadline);
    if (!leader) {
      end = leader.error();
    } else {
      auto answer = co_await cluster_->call(*leader, request, deadline);
      if (!answer) end = answer.error();
      if (answer && !answer->message.topics.empty() &&
          !answer->message.topics[0].partitions.empty()) {
        const auto& entry = answer->message.topics[0].partitions[0];
        if (entry.error_code == 0) {
          end = EpochEnd{entry.leader_epoch, entry.end_offset};
        } else {
          end = server_error(entry.error_code, "offset of epoch, " + name_of(partition));
        }
      }
    }
    if (end || !is_worth_retrying(end.error()) || cluster_->loop().now() >= deadline) {
      co_return end;
    }
    cluster_->expire_metadata();
    ODK_CO_TRY_VOID(co_await io::sleep(cluster_->loop(), kRetryPause));
  }
}

}  // namespace odradek::backup
