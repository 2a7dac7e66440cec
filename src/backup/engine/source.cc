#include "backup/engine/source.h"

#include <fmt/format.h>

#include <algorithm>

#include "proto/error_code.h"
#include "proto/messages/describe_configs_request.h"
#include "proto/messages/describe_configs_response.h"
#include "proto/messages/fetch_request.h"
#include "proto/messages/fetch_response.h"
#include "proto/messages/list_groups_request.h"
#include "proto/messages/list_groups_response.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"
#include "proto/messages/offset_fetch_request.h"
#include "proto/messages/offset_fetch_response.h"

namespace odradek::backup {
namespace {

constexpr Duration kRetryPause = std::chrono::milliseconds(100);
// Fetch by topic id begins here; below, topics are named.
constexpr int16_t kFetchByIdVersion = 13;
constexpr int8_t kTopicResource = 2;
constexpr int16_t kOffsetFetchOneGroupVersion = 7;

std::string name_of(const TopicPartition& partition) {
  return fmt::format("{}-{}", partition.topic, partition.partition);
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

Error server_error(int16_t code, const std::string& context) {
  return proto::to_error(proto::error_code(code), context);
}

}  // namespace

bool is_worth_retrying(const Error& error) {
  switch (error.code()) {
    case Errc::kServer: return proto::is_retriable(proto::error_code(error.server_code()));
    case Errc::kNetwork:
    case Errc::kClosed:
    case Errc::kTimedOut: return true;
    default: return false;
  }
}

io::Task<Result<int64_t>> Source::offset_at(TopicPartition partition, Special special,
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

io::Task<Result<FetchedBatches>> Source::fetch(TopicPartition partition, int64_t offset,
                                               FetchOptions options, cluster::Lane lane) {
  const MonotonicTime deadline = cluster_->request_deadline();
  while (true) {
    Result<FetchedBatches> fetched = co_await fetch_once(partition, offset, options, lane);
    if (fetched || !is_worth_retrying(fetched.error()) || cluster_->loop().now() >= deadline) {
      co_return fetched;
    }
    cluster_->expire_metadata();
    ODK_CO_TRY_VOID(co_await io::sleep(cluster_->loop(), kRetryPause));
  }
}

io::Task<Result<FetchedBatches>> Source::fetch_once(TopicPartition partition, int64_t offset,
                                                    FetchOptions options, cluster::Lane lane) {
  const MonotonicTime deadline = cluster_->request_deadline();
  ODK_CO_TRY(cluster::Cluster::Connection leader,
             co_await cluster_->leader(partition.topic, partition.partition, lane, deadline));
  proto::FetchRequest::FetchPartition asked;
  asked.partition = partition.partition;
  asked.fetch_offset = offset;
  asked.partition_max_bytes = options.max_bytes;
  proto::FetchRequest::FetchTopic topic;
  topic.topic = partition.topic;
  topic.topic_id = partition.topic_id;
  topic.partitions = {&asked, 1};
  proto::FetchRequest request;
  request.max_wait_ms = options.max_wait_ms;
  request.min_bytes = 1;
  request.max_bytes = options.max_bytes;
  request.isolation_level = static_cast<int8_t>(options.isolation);
  request.topics = {&topic, 1};
  request.rack_id = "";
  const int16_t newest =
      partition.topic_id.is_zero() ? int16_t{kFetchByIdVersion - 1} : int16_t{INT16_MAX};
  ODK_CO_TRY(auto answer, co_await cluster_->call(leader, request, deadline, newest));
  if (answer->error_code != 0) {
    co_return server_error(answer->error_code, "fetch " + name_of(partition));
  }
  for (const auto& answered_topic : answer->responses) {
    for (const auto& data : answered_topic.partitions) {
      if (data.error_code != 0) {
        co_return server_error(data.error_code,
                               fmt::format("fetch {} at offset {}", name_of(partition), offset));
      }
      FetchedBatches fetched{answer.frame,        data.records.bytes,      {},
                             data.high_watermark, data.last_stable_offset, data.log_start_offset};
      for (const auto& aborted : data.aborted_transactions) {
        fetched.aborted.push_back({aborted.producer_id, aborted.first_offset});
      }
      co_return fetched;
    }
  }
  // An empty answer of a fetch session says "nothing new".
  co_return FetchedBatches{};
}

io::Task<Result<std::map<std::string, std::string>>> Source::topic_configs(std::string topic) {
  const MonotonicTime deadline = cluster_->request_deadline();
  ODK_CO_TRY(cluster::Cluster::Connection connection, co_await cluster_->any_connection(deadline));
  proto::DescribeConfigsRequest::DescribeConfigsResource resource;
  resource.resource_type = kTopicResource;
  resource.resource_name = topic;
  resource.configuration_keys = {};
  proto::DescribeConfigsRequest request;
  request.resources = {&resource, 1};
  ODK_CO_TRY(auto answer, co_await cluster_->call(connection, request, deadline));
  std::map<std::string, std::string> configs;
  for (const auto& result : answer->results) {
    if (result.error_code != 0) {
      co_return server_error(result.error_code, "describe configs of topic " + topic);
    }
    for (const auto& config : result.configs) {
      // Only what was set for the topic itself: everything else comes from the cluster it lives in.
      constexpr int8_t kDynamicTopicSource = 1;
      if (config.config_source != kDynamicTopicSource || config.is_sensitive) continue;
      configs.emplace(config.name, config.value);
    }
  }
  co_return configs;
}

io::Task<Result<std::vector<GroupState>>> Source::list_groups(MonotonicTime deadline) {
  ODK_CO_TRY(const cluster::MetadataPtr metadata, co_await cluster_->metadata({}, deadline));
  std::vector<GroupState> groups;
  for (const cluster::Broker& broker : metadata->brokers) {
    ODK_CO_TRY(cluster::Cluster::Connection connection,
               co_await cluster_->connection(broker.id, cluster::kGeneralLane, deadline));
    proto::ListGroupsRequest request;
    request.states_filter = proto::empty_array<std::string_view>();
    request.types_filter = proto::empty_array<std::string_view>();
    ODK_CO_TRY(auto answer, co_await cluster_->call(connection, request, deadline));
    if (answer->error_code != 0) {
      co_return server_error(answer->error_code,
                             fmt::format("list groups of broker {}", broker.id));
    }
    for (const auto& group : answer->groups) {
      GroupState listed;
      listed.id = group.group_id;
      listed.state = group.group_state;
      listed.protocol_type = group.protocol_type;
      // Brokers that do not say it have classic groups only.
      if (!group.group_type.empty()) listed.type = lower_case(group.group_type);
      groups.push_back(std::move(listed));
    }
  }
  std::ranges::sort(groups, {}, &GroupState::id);
  const auto twice = std::ranges::unique(groups, {}, &GroupState::id);
  groups.erase(twice.begin(), twice.end());
  co_return groups;
}

io::Task<Result<void>> Source::fetch_offsets(GroupState& group, MonotonicTime deadline) {
  ODK_CO_TRY(cluster::Cluster::Connection coordinator,
             co_await cluster_->coordinator(cluster::CoordinatorType::kGroup, group.id,
                                            cluster::kGeneralLane, deadline));
  proto::OffsetFetchRequest request;
  group.offsets.clear();
  request.group_id = group.id;
  request.topics = {};  // null: every partition the group committed
  request.require_stable = true;
  ODK_CO_TRY(auto answer,
             co_await cluster_->call(coordinator, request, deadline, kOffsetFetchOneGroupVersion));
  if (answer->error_code != 0) {
    co_return server_error(answer->error_code, "fetch offsets of group " + group.id);
  }
  for (const auto& topic : answer->topics) {
    for (const auto& partition : topic.partitions) {
      if (partition.error_code != 0) {
        co_return server_error(partition.error_code, "fetch offsets of group " + group.id);
      }
      if (partition.committed_offset < 0) continue;
      group.offsets.push_back({std::string(topic.name), partition.partition_index,
                               partition.committed_offset, partition.committed_leader_epoch,
                               std::string(partition.metadata)});
    }
  }
  std::ranges::sort(group.offsets, [](const GroupOffset& a, const GroupOffset& b) {
    return std::tie(a.topic, a.partition) < std::tie(b.topic, b.partition);
  });
  co_return Result<void>{};
}

io::Task<Result<std::vector<GroupState>>> Source::groups(std::vector<std::string> only) {
  const MonotonicTime deadline = cluster_->request_deadline();
  ODK_CO_TRY(std::vector<GroupState> groups, co_await list_groups(deadline));
  if (!only.empty()) {
    std::erase_if(groups, [&only](const GroupState& group) {
      return std::ranges::find(only, group.id) == only.end();
    });
  }
  for (GroupState& group : groups) {
    while (true) {
      const Result<void> fetched = co_await fetch_offsets(group, deadline);
      if (fetched) break;
      if (!is_worth_retrying(fetched.error()) || cluster_->loop().now() >= deadline) {
        co_return fetched.error();
      }
      cluster_->forget_coordinator(cluster::CoordinatorType::kGroup, group.id);
      ODK_CO_TRY_VOID(co_await io::sleep(cluster_->loop(), kRetryPause));
    }
  }
  co_return groups;
}

}  // namespace odradek::backup
