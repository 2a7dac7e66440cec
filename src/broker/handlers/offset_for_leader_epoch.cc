// OffsetForLeaderEpoch: where an epoch of a partition's leader ended. Source: KIP-101, KIP-320.

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/offset_for_leader_epoch_request.h"
#include "proto/messages/offset_for_leader_epoch_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::OffsetForLeaderEpochRequest;
using Response = proto::OffsetForLeaderEpochResponse;

void find_end(bool allowed, const Partition* partition,
              const Request::OffsetForLeaderPartition& asked, Response::EpochEndOffset& answer) {
  answer.partition = asked.partition;
  ErrorCode error = ErrorCode::kNone;
  if (!allowed) {
    error = ErrorCode::kTopicAuthorizationFailed;
  } else if (partition == nullptr) {
    error = ErrorCode::kUnknownTopicOrPartition;
  } else if (partition->log.fault()) {
    error = ErrorCode::kKafkaStorageError;
  } else if (asked.current_leader_epoch >= 0 &&
             asked.current_leader_epoch < partition->log.leader_epoch()) {
    error = ErrorCode::kFencedLeaderEpoch;
  } else if (asked.current_leader_epoch > partition->log.leader_epoch()) {
    error = ErrorCode::kUnknownLeaderEpoch;
  } else {
    const log::PartitionLog& log = partition->log;
    const log::LeaderEpochs::End end =
        log.epochs().end_of(asked.leader_epoch, log.high_watermark());
    answer.leader_epoch = end.epoch;
    answer.end_offset = end.end_offset;
  }
  answer.error_code = proto::to_number(error);
}

void offset_for_leader_epoch(const Call<Request>& call, Response& response) {
  const auto& topics = call.message.topics;
  response.topics = call.arena.array<Response::OffsetForLeaderTopicResult>(topics.size());
  for (size_t i = 0; i < topics.size(); ++i) {
    const Topic* topic = call.node.topics().find(topics[i].topic);
    const bool allowed = may_topic(call, AclOperation::kDescribe, topics[i].topic);
    auto& answer = response.topics[i];
    answer.topic = topics[i].topic;
    answer.partitions = call.arena.array<Response::EpochEndOffset>(topics[i].partitions.size());
    for (size_t j = 0; j < topics[i].partitions.size(); ++j) {
      const auto& asked = topics[i].partitions[j];
      find_end(allowed, topic == nullptr ? nullptr : topic->partition(asked.partition), asked,
               answer.partitions[j]);
    }
  }
}

}  // namespace

constinit const HandlerInfo kOffsetForLeaderEpochApi{proto::ApiKey::kOffsetForLeaderEpoch, 2, 4,
                                                     answer<Request, offset_for_leader_epoch>};

}  // namespace odradek::broker
