#include "proxy/handlers/23_offset_for_leader_epoch.h"

#include "proto/messages/offset_for_leader_epoch_request.h"
#include "proto/messages/offset_for_leader_epoch_response.h"
#include "proxy/handlers/leaders.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;
using proto::OffsetForLeaderEpochRequest;
using proto::OffsetForLeaderEpochResponse;
using Answer = OffsetForLeaderEpochResponse::EpochEndOffset;

OffsetForLeaderEpochRequest request_of(const OffsetForLeaderEpochRequest& request,
                                       const LeaderFanOut& fan_out,
                                       const LeaderFanOut::Batch& batch, Arena& arena) {
  using Topic = OffsetForLeaderEpochRequest::OffsetForLeaderTopic;
  using Partition = OffsetForLeaderEpochRequest::OffsetForLeaderPartition;
  OffsetForLeaderEpochRequest upstream = request;
  upstream.replica_id = -1;
  upstream.topics = group_topics<Topic, Partition>(
      arena, std::span<const size_t>(batch.targets),
      [&](size_t at) { return fan_out.target(at).topic; },
      [&](auto& topic, size_t t) { topic.topic = request.topics[t].topic; },
      [&](auto& partition, size_t at) {
        const LeaderFanOut::Target& target = fan_out.target(at);
        partition = request.topics[target.topic].partitions[target.index];
        partition.partition = target.partition.value();
      });
  return upstream;
}

void respond(Session& session, rpc::Request& request, const OffsetForLeaderEpochRequest& asked,
             std::span<const ResolvedTopic> resolved, const LeaderFanOut& fan_out,
             std::span<const Answer> answers) {
  Arena arena;
  const auto topics =
      arena.array<OffsetForLeaderEpochResponse::OffsetForLeaderTopicResult>(asked.topics.size());
  const auto partitions = arena.array<Answer>(fan_out.places().size());
  size_t at = 0;
  for (size_t t = 0; t < topics.size(); ++t) {
    const size_t first = at;
    for (size_t i = 0; i < asked.topics[t].partitions.size(); ++i, ++at) {
      const LeaderFanOut::Place& place = fan_out.places()[at];
      if (place.error == ErrorCode{}) {
        partitions[at] = answers[place.target];
        partitions[at].end_offset =
            resolved[t].client_offset(place.physical, partitions[at].end_offset);
      }
      if (place.error != ErrorCode{}) partitions[at].error_code = proto::to_number(place.error);
      partitions[at].partition = place.client_partition;
      count_error(session, request.api_key, partitions[at].error_code);
    }
    topics[t].topic = asked.topics[t].topic;
    topics[t].partitions = partitions.subspan(first, at - first);
  }
  OffsetForLeaderEpochResponse response;
  response.topics = topics;
  rpc::respond(request, response);
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<OffsetForLeaderEpochRequest>(request));
  const OffsetForLeaderEpochRequest& message = decoded.message;
  const MonotonicTime deadline = session.context.request_deadline();
  const ResolvedTopics topics = co_await session.resolve(
      Operation::kDescribe,
      refs_by_name(message.topics, &OffsetForLeaderEpochRequest::OffsetForLeaderTopic::topic),
      ErrorCode::kNotLeaderOrFollower, deadline);
  LeaderFanOut fan_out;
  for (size_t t = 0; t < message.topics.size(); ++t) {
    const auto& asked = message.topics[t];
    for (size_t i = 0; i < asked.partitions.size(); ++i) {
      const auto& partition = asked.partitions[i];
      fan_out.add(t, asked.topic, i, topics.topics[t], partition.partition,
                  {partition.leader_epoch, partition.current_leader_epoch});
    }
  }
  std::vector<Answer> answers(fan_out.target_count());
  const auto fail = [&](const LeaderFanOut::Batch& batch, ErrorCode code) {
    for (const size_t at : batch.targets) answers[at].error_code = proto::to_number(code);
  };
  for (Answer& answer : answers) {
    answer.error_code = proto::to_number(ErrorCode::kUnknownServerError);
  }
  const auto make = [&](const LeaderFanOut::Batch& batch, Arena& arena) {
    return request_of(message, fan_out, batch, arena);
  };
  const auto take = [&](const LeaderFanOut::Batch& batch,
                        const OffsetForLeaderEpochResponse& response) {
    for (const auto& topic : response.topics) {
      for (const auto& partition : topic.partitions) {
        const auto at = LeaderFanOut::find(batch, topic.topic, partition.partition);
        if (at) answers[*at] = partition;
        note_moved_leader(session, partition.error_code);
      }
    }
  };
  const Result<void> asked = co_await ask_leaders<OffsetForLeaderEpochRequest>(
      session, fan_out, Via::kShared, request.version, deadline, make, take, fail);
  if (!asked) co_return asked.error();
  respond(session, request, message, topics.topics, fan_out, answers);
  co_return Result<void>{};
}

}  // namespace

Handler offset_for_leader_epoch_handler() {
  return {.key = proto::ApiKey::kOffsetForLeaderEpoch,
          .min_version = 2,
          .max_version = 4,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
