// AlterReplicaLogDirs: there is one place for logs, where the replicas are. Source: KIP-113;
// ReplicaManager.alterReplicaLogDirs.

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "broker/storage.h"
#include "proto/messages/alter_replica_log_dirs_request.h"
#include "proto/messages/alter_replica_log_dirs_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::AlterReplicaLogDirsRequest;
using Response = proto::AlterReplicaLogDirsResponse;
using TopicAnswer = Response::AlterReplicaLogDirTopicResult;

std::string_view only_directory(Node& node) {
  return node.storage() == nullptr ? node.log_dir() : node.storage()->directory().path();
}

ErrorCode move(const Call<Request>& call, std::string_view path, std::string_view name,
               int32_t partition) {
  if (!may_cluster(call, AclOperation::kAlter)) return ErrorCode::kClusterAuthorizationFailed;
  if (path != only_directory(call.node)) return ErrorCode::kLogDirNotFound;
  const Topic* topic = call.node.topics().find(name);
  const bool known = topic != nullptr && topic->partition(partition) != nullptr;
  return known ? ErrorCode::kNone : ErrorCode::kReplicaNotAvailable;
}

void alter_replica_log_dirs(const Call<Request>& call, Response& response) {
  size_t count = 0;
  for (const auto& dir : call.message.dirs) count += dir.topics.size();
  response.results = call.arena.array<TopicAnswer>(count);
  size_t next = 0;
  for (const auto& dir : call.message.dirs) {
    for (const auto& topic : dir.topics) {
      TopicAnswer& answer = response.results[next++];
      answer.topic_name = topic.name;
      answer.partitions =
          call.arena.array<Response::AlterReplicaLogDirPartitionResult>(topic.partitions.size());
      for (size_t i = 0; i < topic.partitions.size(); ++i) {
        answer.partitions[i].partition_index = topic.partitions[i];
        answer.partitions[i].error_code =
            proto::to_number(move(call, dir.path, topic.name, topic.partitions[i]));
      }
    }
  }
}

}  // namespace

constinit const HandlerInfo kAlterReplicaLogDirsApi{proto::ApiKey::kAlterReplicaLogDirs, 1, 2,
                                                    answer<Request, alter_replica_log_dirs>};

}  // namespace odradek::broker
