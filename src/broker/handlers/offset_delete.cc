// OffsetDelete: committed offsets of topics the group does not subscribe to any more (KIP-496).

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/offset_delete_request.h"
#include "proto/messages/offset_delete_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::OffsetDeleteRequest;
using Response = proto::OffsetDeleteResponse;

void offset_delete(const Call<Request>& call, Response& response) {
  Groups& groups = call.node.groups().groups();
  const ErrorCode error = may_group(call, AclOperation::kDelete, call.message.group_id)
                              ? groups.check_offset_delete(call.message.group_id)
                              : ErrorCode::kGroupAuthorizationFailed;
  response.error_code = proto::to_number(error);
  response.topics = proto::empty_array<Response::OffsetDeleteResponseTopic>();
  if (error != ErrorCode::kNone) return;
  const auto& topics = call.message.topics;
  response.topics = call.arena.array<Response::OffsetDeleteResponseTopic>(topics.size());
  for (size_t i = 0; i < topics.size(); ++i) {
    auto& answer = response.topics[i];
    answer.name = topics[i].name;
    answer.partitions =
        call.arena.array<Response::OffsetDeleteResponsePartition>(topics[i].partitions.size());
    const Topic* topic = call.node.topics().find(topics[i].name);
    const bool allowed = may_topic(call, AclOperation::kRead, topics[i].name);
    for (size_t j = 0; j < topics[i].partitions.size(); ++j) {
      const int32_t partition = topics[i].partitions[j].partition_index;
      answer.partitions[j].partition_index = partition;
      if (!allowed) {
        answer.partitions[j].error_code = proto::to_number(ErrorCode::kTopicAuthorizationFailed);
        continue;
      }
      answer.partitions[j].error_code = proto::to_number(
          topic != nullptr && topic->partition(partition) != nullptr
              ? groups.delete_offset(call.message.group_id, topics[i].name, partition)
              : ErrorCode::kUnknownTopicOrPartition);
    }
  }
}

}  // namespace

constinit const HandlerInfo kOffsetDeleteApi{proto::ApiKey::kOffsetDelete, 0, 0,
                                             answer<Request, offset_delete>};

}  // namespace odradek::broker
