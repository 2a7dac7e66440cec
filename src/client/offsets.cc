#include "client/offsets.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "client/coordinator_errors.h"
#include "client/grouped.h"
#include "io/task_group.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"
#include "proto/messages/offset_commit_request.h"
#include "proto/messages/offset_commit_response.h"
#include "proto/messages/offset_fetch_request.h"
#include "proto/messages/offset_fetch_response.h"

namespace odradek::client {
namespace {

std::string name_of(const kafka::TopicPartition& partition) {
  return fmt::format("{}-{}", partition.topic, partition.partition);
}

io::Task<Result<void>> pause_before_retry(cluster::Cluster& cluster, MonotonicTime deadline,
                                          Error why) {
  io::Loop& loop = cluster.loop();
  if (!is_transient(why) || loop.now() + kRetryPause >= deadline) co_return why;
  cluster.expire_metadata();
  co_return co_await io::sleep(loop, kRetryPause);
}

}  // namespace

OffsetMap offset_map(std::vector<kafka::CommittedOffset> offsets) {
  OffsetMap map;
  for (kafka::CommittedOffset& item : offsets) {
    if (item.committed) map[item.partition] = *std::move(item.committed);
  }
  return map;
}

// --- ListOffsets

namespace {

struct ListJob {
  std::vector<OffsetQuery> queries;
  std::vector<kafka::PartitionOffset> answers;
  std::vector<bool> done;
  kafka::Isolation isolation = kafka::Isolation::read_uncommitted;
  Result<void> failure;  // of the latest round
};

using ListTopic = proto::ListOffsetsRequest::ListOffsetsTopic;
using ListPartition = proto::ListOffsetsRequest::ListOffsetsPartition;

// Queries not done yet, by the broker that leads them; a missing leader is the error.
Result<std::map<int32_t, std::vector<size_t>>> by_leader(const ListJob& job,
                                                         const cluster::Metadata& metadata) {
  std::map<int32_t, std::vector<size_t>> groups;
  for (size_t i = 0; i < job.queries.size(); ++i) {
    if (job.done[i]) continue;
    const kafka::TopicPartition& id = job.queries[i].partition;
    const cluster::Topic* topic = metadata.topic(std::string_view(id.topic));
    const cluster::Partition* partition =
        topic == nullptr ? nullptr : topic->partition(id.partition);
    if (partition == nullptr) {
      return proto::to_error(proto::ErrorCode::kUnknownTopicOrPartition, name_of(id));
    }
    if (partition->leader < 0) {
      return proto::to_error(proto::ErrorCode::kLeaderNotAvailable, name_of(id));
    }
    groups[partition->leader].push_back(i);
  }
  return groups;
}

// One broker's part of a round.
io::Task<void> ask_leader(cluster::Cluster* cluster, ListJob* job, int32_t broker_id,
                          std::vector<size_t> indices, MonotonicTime deadline) {
  std::vector<OffsetQuery> queries;
  queries.reserve(indices.size());
  for (const size_t i : indices) queries.push_back(job->queries[i]);
  auto answers =
      co_await ask_offsets(*cluster, broker_id, std::move(queries), job->isolation, deadline);
  if (!answers) {
    job->failure = answers.error();
    co_return;
  }
  for (size_t k = 0; k < indices.size(); ++k) {
    Result<kafka::PartitionOffset>& answer = (*answers)[k];
    job->done[indices[k]] = answer.has_value();
    if (answer) {
      job->answers[indices[k]] = *std::move(answer);
    } else {
      job->failure = answer.error();
    }
  }
}

// Asks all leaders at the same time about what is not done.
io::Task<Result<void>> list_once(cluster::Cluster& cluster, ListJob& job, MonotonicTime deadline) {
  std::vector<std::string> topics;
  topics.reserve(job.queries.size());
  for (const OffsetQuery& query : job.queries) topics.push_back(query.partition.topic);
  auto metadata = co_await cluster.metadata(std::move(topics), deadline);
  if (!metadata) co_return metadata.error();
  const auto groups = by_leader(job, **metadata);
  if (!groups) co_return groups.error();
  const MonotonicTime request_deadline = std::min(deadline, cluster.request_deadline());
  job.failure = {};
  io::TaskGroup asking(cluster.loop());
  for (const auto& [broker_id, indices] : *groups) {
    asking.spawn(ask_leader(&cluster, &job, broker_id, indices, request_deadline));
  }
  co_await asking.join();
  co_return job.failure;
}

}  // namespace

io::Task<Result<OffsetAnswers>> ask_offsets(cluster::Cluster& cluster, int32_t broker_id,
                                            std::vector<OffsetQuery> queries,
                                            kafka::Isolation isolation, MonotonicTime deadline) {
  auto connected = co_await cluster.connection(broker_id, cluster::kGeneralLane, deadline);
  if (!connected) co_return connected.error();
  Grouped<ListPartition> grouped;
  std::set<kafka::TopicPartition> asked;
  for (const OffsetQuery& query : queries) {
    if (!asked.insert(query.partition).second) continue;
    ListPartition& partition = grouped.add(query.partition.topic);
    partition.partition_index = query.partition.partition;
    partition.timestamp = query.timestamp_ms;
  }
  std::vector<ListTopic> topics = grouped.topics<ListTopic>();
  proto::ListOffsetsRequest request;
  request.replica_id = -1;
  request.isolation_level = static_cast<int8_t>(isolation);
  request.topics = proto::array_of(topics);
  auto response = co_await cluster.call(*std::move(connected), request, deadline);
  if (!response) co_return response.error();

  std::map<kafka::TopicPartition, Result<kafka::PartitionOffset>> found;
  for (const auto& topic : response->message.topics) {
    for (const auto& partition : topic.partitions) {
      const kafka::TopicPartition id{std::string(topic.name), partition.partition_index};
      const proto::ErrorCode code = proto::error_code(partition.error_code);
      Result<kafka::PartitionOffset> answer = kafka::PartitionOffset{
          .partition = id, .offset = partition.offset, .timestamp_ms = partition.timestamp};
      if (code != proto::ErrorCode::kNone) answer = proto::to_error(code, name_of(id));
      found.emplace(id, std::move(answer));
    }
  }
  OffsetAnswers answers;
  for (const OffsetQuery& query : queries) {
    const auto answer = found.find(query.partition);
    if (answer != found.end()) {
      answers.push_back(answer->second);
    } else {
      answers.emplace_back(Error(Errc::kMalformed, name_of(query.partition) + ": no answer"));
    }
  }
  co_return answers;
}

io::Task<Result<std::vector<kafka::PartitionOffset>>> list_offsets(cluster::Cluster& cluster,
                                                                   std::vector<OffsetQuery> queries,
                                                                   kafka::Isolation isolation,
                                                                   MonotonicTime deadline) {
  ListJob job;
  job.answers.resize(queries.size());
  job.done.assign(queries.size(), false);
  job.queries = std::move(queries);
  job.isolation = isolation;
  while (std::ranges::find(job.done, false) != job.done.end()) {
    const Result<void> listed = co_await list_once(cluster, job, deadline);
    if (listed) continue;
    const Result<void> paused = co_await pause_before_retry(cluster, deadline, listed.error());
    if (!paused) co_return paused.error().with_context("list offsets");
  }
  co_return std::move(job.answers);
}

// --- OffsetFetch

namespace {

kafka::CommittedOffset committed_offset(std::string_view topic, int32_t partition, int64_t offset,
                                        int32_t leader_epoch, std::string_view metadata) {
  kafka::CommittedOffset result;
  result.partition = {std::string(topic), partition};
  if (offset >= 0) {
    result.committed = {
        .offset = offset, .metadata = std::string(metadata), .leader_epoch = leader_epoch};
  }
  return result;
}

template <class Topics>
Result<std::vector<kafka::CommittedOffset>> read_committed_topics(const Topics& topics) {
  std::vector<kafka::CommittedOffset> offsets;
  for (const auto& topic : topics) {
    for (const auto& partition : topic.partitions) {
      const proto::ErrorCode code = proto::error_code(partition.error_code);
      if (code != proto::ErrorCode::kNone) {
        return proto::to_error(code, fmt::format("{}-{}", topic.name, partition.partition_index));
      }
      offsets.push_back(committed_offset(topic.name, partition.partition_index,
                                         partition.committed_offset,
                                         partition.committed_leader_epoch, partition.metadata));
    }
  }
  return offsets;
}

Result<std::vector<kafka::CommittedOffset>> read_committed(
    const proto::OffsetFetchResponse& response, int16_t version) {
  constexpr int16_t kFirstWithGroups = 8;
  if (version < kFirstWithGroups) {
    const proto::ErrorCode code = proto::error_code(response.error_code);
    if (code != proto::ErrorCode::kNone) return proto::to_error(code, "OffsetFetch");
    return read_committed_topics(response.topics);
  }
  if (response.groups.empty()) return Error(Errc::kMalformed, "OffsetFetch answer without group");
  const auto& group = response.groups.front();
  const proto::ErrorCode code = proto::error_code(group.error_code);
  if (code != proto::ErrorCode::kNone) return proto::to_error(code, "OffsetFetch");
  return read_committed_topics(group.topics);
}

// The request in either layout: of one group, or of a list of groups since version 8.
io::Task<Result<std::vector<kafka::CommittedOffset>>> fetch_committed_once(
    cluster::Cluster& cluster, const CommittedQuery& query, MonotonicTime deadline) {
  auto connected = co_await cluster.coordinator(cluster::CoordinatorType::kGroup, query.group,
                                                cluster::kGeneralLane, deadline);
  if (!connected) co_return connected.error();
  const cluster::Cluster::Connection connection = *std::move(connected);
  ODK_CO_TRY(const int16_t version,
             connection->version_for(proto::OffsetFetchRequest::kApiKey, kLastOffsetsWithNames));
  Grouped<int32_t> grouped;
  for (const auto& id : query.partitions) grouped.add(id.topic) = id.partition;
  auto old_topics = grouped.topics<proto::OffsetFetchRequest::OffsetFetchRequestTopic>();
  auto topics = grouped.topics<proto::OffsetFetchRequest::OffsetFetchRequestTopics>();
  proto::OffsetFetchRequest request;
  proto::OffsetFetchRequest::OffsetFetchRequestGroup groups[1];
  constexpr int16_t kFirstWithGroups = 8;
  constexpr int16_t kFirstStable = 7;
  if (version < kFirstWithGroups) {
    request.group_id = query.group;
    request.topics = {};  // null: all
    request.topics = query.all ? decltype(request.topics){} : proto::array_of(old_topics);
  } else {
    groups[0].group_id = query.group;
    groups[0].topics = {};  // null: all
    groups[0].topics = query.all ? decltype(groups[0].topics){} : proto::array_of(topics);
    request.groups = proto::array_of(groups);
  }
  if (version >= kFirstStable) request.require_stable = query.require_stable;
  auto response = co_await connection->call(request, version, deadline);
  if (!response) co_return response.error();
  co_return read_committed(response->message, version);
}

}  // namespace

io::Task<Result<std::vector<kafka::CommittedOffset>>> fetch_committed(cluster::Cluster& cluster,
                                                                      CommittedQuery query,
                                                                      MonotonicTime deadline) {
  while (true) {
    const MonotonicTime request_deadline = std::min(deadline, cluster.request_deadline());
    auto fetched = co_await fetch_committed_once(cluster, query, request_deadline);
    if (fetched) co_return fetched;
    if (is_about_coordinator(fetched.error())) {
      cluster.forget_coordinator(cluster::CoordinatorType::kGroup, query.group);
    }
    const Result<void> paused = co_await pause_before_retry(cluster, deadline, fetched.error());
    if (!paused) co_return paused.error().with_context("committed offsets of " + query.group);
  }
}

// --- OffsetCommit

namespace {

using CommitPartition = proto::OffsetCommitRequest::OffsetCommitRequestPartition;
using CommitTopic = proto::OffsetCommitRequest::OffsetCommitRequestTopic;

io::Task<Result<void>> commit_once(cluster::Cluster& cluster, const kafka::GroupMetadata& member,
                                   const OffsetMap& offsets, MonotonicTime deadline) {
  auto connected = co_await cluster.coordinator(cluster::CoordinatorType::kGroup, member.group,
                                                cluster::kGeneralLane, deadline);
  if (!connected) co_return connected.error();
  Grouped<CommitPartition> grouped = grouped_offsets<CommitPartition>(offsets);
  std::vector<CommitTopic> topics = grouped.topics<CommitTopic>();
  proto::OffsetCommitRequest request;
  request.group_id = member.group;
  request.generation_id_or_member_epoch = member.generation;
  request.member_id = member.member_id;
  if (!member.instance_id.empty()) request.group_instance_id = member.instance_id;
  request.topics = proto::array_of(topics);
  auto response =
      co_await cluster.call(*std::move(connected), request, deadline, kLastOffsetsWithNames);
  if (!response) co_return response.error();
  for (const auto& topic : response->message.topics) {
    for (const auto& partition : topic.partitions) {
      const proto::ErrorCode code = proto::error_code(partition.error_code);
      if (code != proto::ErrorCode::kNone) {
        co_return proto::to_error(code,
                                  fmt::format("{}-{}", topic.name, partition.partition_index));
      }
    }
  }
  co_return Result<void>{};
}

}  // namespace

io::Task<Result<void>> commit_offsets(cluster::Cluster& cluster, kafka::GroupMetadata member,
                                      OffsetMap offsets, MonotonicTime deadline) {
  if (offsets.empty()) co_return Result<void>{};
  while (true) {
    const MonotonicTime request_deadline = std::min(deadline, cluster.request_deadline());
    const Result<void> committed = co_await commit_once(cluster, member, offsets, request_deadline);
    if (committed) co_return committed;
    if (is_about_coordinator(committed.error())) {
      cluster.forget_coordinator(cluster::CoordinatorType::kGroup, member.group);
    }
    const Result<void> paused = co_await pause_before_retry(cluster, deadline, committed.error());
    if (!paused) co_return paused.error().with_context("commit of group " + member.group);
  }
}

}  // namespace odradek::client
