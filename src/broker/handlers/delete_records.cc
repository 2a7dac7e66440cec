// DeleteRecords: makes everything before an offset unreadable. Source: KIP-107.

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/delete_records_request.h"
#include "proto/messages/delete_records_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::DeleteRecordsRequest;
using Response = proto::DeleteRecordsResponse;

constexpr int64_t kToTheEnd = -1;

ErrorCode remove(Node& node, Partition* partition, int64_t offset, int64_t& low_watermark) {
  if (partition == nullptr) return ErrorCode::kUnknownTopicOrPartition;
  log::PartitionLog& log = partition->log;
  if (log.fault()) return ErrorCode::kKafkaStorageError;
  if (!log.config().delete_old) return ErrorCode::kPolicyViolation;
  const int64_t target = offset == kToTheEnd ? log.high_watermark() : offset;
  if (target < 0 || target > log.high_watermark()) return ErrorCode::kOffsetOutOfRange;
  low_watermark = log.truncate_before(target);
  partition->waiters.wake_all(node.fetches().ready());
  return ErrorCode::kNone;
}

void delete_records(const Call<Request>& call, Response& response) {
  const auto& topics = call.message.topics;
  response.topics = call.arena.array<Response::DeleteRecordsTopicResult>(topics.size());
  for (size_t i = 0; i < topics.size(); ++i) {
    const Topic* topic = call.node.topics().find(topics[i].name);
    const bool allowed = may_topic(call, AclOperation::kDelete, topics[i].name);
    auto& answer = response.topics[i];
    answer.name = topics[i].name;
    answer.partitions =
        call.arena.array<Response::DeleteRecordsPartitionResult>(topics[i].partitions.size());
    for (size_t j = 0; j < topics[i].partitions.size(); ++j) {
      const auto& asked = topics[i].partitions[j];
      auto& each = answer.partitions[j];
      each.partition_index = asked.partition_index;
      each.low_watermark = -1;
      Partition* partition = topic == nullptr ? nullptr : topic->partition(asked.partition_index);
      if (!allowed) {
        each.error_code = proto::to_number(ErrorCode::kTopicAuthorizationFailed);
        continue;
      }
      each.error_code =
          proto::to_number(is_internal_topic(topics[i].name)
                               ? ErrorCode::kInvalidTopicException
                               : remove(call.node, partition, asked.offset, each.low_watermark));
    }
  }
}

void handle(Node& node, rpc::Request request) {
  answer<Request, delete_records>(node, std::move(request));
  node.fetches().complete_ready();
}

}  // namespace

constinit const HandlerInfo kDeleteRecordsApi{proto::ApiKey::kDeleteRecords, 0, 2, handle};

}  // namespace odradek::broker
