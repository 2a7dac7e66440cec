// DescribeLogDirs: how large the partitions are. There is one place for logs: a directory, or the
// memory.

#include <algorithm>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "broker/storage.h"
#include "proto/messages/describe_log_dirs_request.h"
#include "proto/messages/describe_log_dirs_response.h"

namespace odradek::broker {
namespace {

using Request = proto::DescribeLogDirsRequest;
using Response = proto::DescribeLogDirsResponse;
using TopicAnswer = Response::DescribeLogDirsTopic;
using PartitionAnswer = Response::DescribeLogDirsPartition;

void fill(const Partition& partition, PartitionAnswer& answer) {
  answer.partition_index = partition.index;
  answer.partition_size = static_cast<int64_t>(partition.log.size_bytes());
}

std::span<TopicAnswer> all_topics(const Call<Request>& call) {
  const auto& topics = call.node.topics().all();
  std::span<TopicAnswer> answers = call.arena.array<TopicAnswer>(topics.size());
  size_t next = 0;
  for (const auto& [name, topic] : topics) {
    TopicAnswer& answer = answers[next++];
    answer.name = name;
    answer.partitions = call.arena.array<PartitionAnswer>(topic->partitions.size());
    for (size_t i = 0; i < topic->partitions.size(); ++i) {
      fill(*topic->partitions[i], answer.partitions[i]);
    }
  }
  return answers;
}

std::span<TopicAnswer> asked_topics(const Call<Request>& call) {
  std::span<TopicAnswer> answers = call.arena.array<TopicAnswer>(call.message.topics.size());
  size_t count = 0;
  for (const auto& asked : call.message.topics) {
    const Topic* topic = call.node.topics().find(asked.topic);
    if (topic == nullptr) continue;
    std::span<PartitionAnswer> partitions =
        call.arena.array<PartitionAnswer>(asked.partitions.size());
    size_t known = 0;
    for (const int32_t index : asked.partitions) {
      if (const Partition* partition = topic->partition(index))
        fill(*partition, partitions[known++]);
    }
    answers[count].name = asked.topic;
    answers[count++].partitions = partitions.first(known);
  }
  return answers.first(count);
}

void describe_directory(const Call<Request>& call, Response::DescribeLogDirsResult& result) {
  const Storage& storage = *call.node.storage();
  result.log_dir = storage.directory().path();
  if (storage.fault()) {
    result.error_code = proto::to_number(proto::ErrorCode::kKafkaStorageError);
    return;
  }
  result.topics = call.message.topics.data() == nullptr ? all_topics(call) : asked_topics(call);
  const Result<log::FileSystem::Space> space = storage.space();
  if (!space) return;
  result.total_bytes = static_cast<int64_t>(space->total_bytes);
  result.usable_bytes = static_cast<int64_t>(space->free_bytes);
}

void describe_log_dirs(const Call<Request>& call, Response& response) {
  response.results = proto::empty_array<Response::DescribeLogDirsResult>();
  if (!may_cluster(call, AclOperation::kDescribe)) {
    response.error_code = proto::to_number(proto::ErrorCode::kClusterAuthorizationFailed);
    return;
  }
  response.results = call.arena.array<Response::DescribeLogDirsResult>(1);
  Response::DescribeLogDirsResult& result = response.results[0];
  result.log_dir = call.node.log_dir();
  if (call.node.storage() != nullptr) return describe_directory(call, result);
  result.topics = call.message.topics.data() == nullptr ? all_topics(call) : asked_topics(call);
  if (const size_t limit = call.node.memory_bytes_max(); limit > 0) {
    const size_t used = std::min(call.node.used_memory_bytes(), limit);
    result.total_bytes = static_cast<int64_t>(limit);
    result.usable_bytes = static_cast<int64_t>(limit - used);
  }
}

}  // namespace

constinit const HandlerInfo kDescribeLogDirsApi{proto::ApiKey::kDescribeLogDirs, 1, 5,
                                                answer<Request, describe_log_dirs>};

}  // namespace odradek::broker
