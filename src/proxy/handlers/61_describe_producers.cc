#include "proxy/handlers/61_describe_producers.h"

#include "proto/messages/describe_producers_request.h"
#include "proto/messages/describe_producers_response.h"
#include "proxy/handlers/leaders.h"
#include "proxy/remap/batch_mark.h"

namespace odradek::proxy {
namespace {

using proto::DescribeProducersRequest;
using proto::DescribeProducersResponse;
using proto::ErrorCode;
using Answer = DescribeProducersResponse::PartitionResponse;
using Producer = DescribeProducersResponse::ProducerState;

// The producers of one virtual partition among those of its physical one.
std::span<Producer> own_producers(std::span<const Producer> all, const PhysicalPlace& place,
                                  VirtualPartitionId partition, Arena& arena) {
  const std::span<Producer> own = arena.array<Producer>(all.size());
  size_t count = 0;
  for (const Producer& producer : all) {
    const MarkedProducer marked = unmark_producer_id(producer.producer_id);
    const bool is_own =
        marked.partition ? *marked.partition == partition : place.group == GroupIndex(0);
    if (!is_own) continue;
    own[count] = producer;
    own[count++].producer_id = marked.producer_id;
  }
  return own.first(count);
}

DescribeProducersRequest request_of(const LeaderFanOut& fan_out, const LeaderFanOut::Batch& batch,
                                    Arena& arena) {
  DescribeProducersRequest upstream;
  const auto topics = arena.array<DescribeProducersRequest::TopicRequest>(batch.targets.size());
  const auto partitions = arena.array<int32_t>(batch.targets.size());
  for (size_t i = 0; i < batch.targets.size(); ++i) {
    const LeaderFanOut::Target& target = fan_out.target(batch.targets[i]);
    partitions[i] = target.partition.value();
    topics[i].name = target.name;
    topics[i].partition_indexes = partitions.subspan(i, 1);
  }
  upstream.topics = topics;
  return upstream;
}

// Copies what an answer views, since its frame goes.
Answer keep(const Answer& answer, Arena& arena) {
  Answer kept = answer;
  const auto producers = arena.array<Producer>(answer.active_producers.size());
  std::ranges::copy(answer.active_producers, producers.begin());
  kept.active_producers = producers;
  if (!is_null(answer.error_message)) kept.error_message = arena.copy(answer.error_message);
  kept.unknown_tags = {};
  for (Producer& producer : producers) producer.unknown_tags = {};
  return kept;
}

void respond(Session& session, rpc::Request& request, const DescribeProducersRequest& asked,
             const std::vector<ResolvedTopic>& resolved, const LeaderFanOut& fan_out,
             std::span<const Answer> answers, Arena& arena) {
  const auto topics = arena.array<DescribeProducersResponse::TopicResponse>(asked.topics.size());
  const auto partitions = arena.array<Answer>(fan_out.places().size());
  size_t at = 0;
  for (size_t t = 0; t < topics.size(); ++t) {
    const size_t first = at;
    for (size_t i = 0; i < asked.topics[t].partition_indexes.size(); ++i, ++at) {
      const LeaderFanOut::Place& place = fan_out.places()[at];
      Answer& answer = partitions[at];
      answer.error_code = proto::to_number(place.error);
      if (place.error == ErrorCode{}) answer = answers[place.target];
      answer.partition_index = place.client_partition;
      if (place.error == ErrorCode{} && resolved[t].remapper != nullptr) {
        answer.active_producers = own_producers(answer.active_producers, place.physical,
                                                VirtualPartitionId(place.client_partition), arena);
        for (Producer& producer : answer.active_producers) {
          producer.current_txn_start_offset =
              resolved[t].client_offset(place.physical, producer.current_txn_start_offset);
        }
      }
      count_error(session, request.api_key, answer.error_code);
    }
    topics[t].name = asked.topics[t].name;
    topics[t].partitions = partitions.subspan(first, at - first);
  }
  DescribeProducersResponse response;
  response.topics = topics;
  rpc::respond(request, response);
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<DescribeProducersRequest>(request));
  const DescribeProducersRequest& message = decoded.message;
  const MonotonicTime deadline = session.context.request_deadline();
  const ResolvedTopics topics = co_await session.resolve(
      Operation::kRead, refs_by_name(message.topics, &DescribeProducersRequest::TopicRequest::name),
      ErrorCode::kNotLeaderOrFollower, deadline);
  LeaderFanOut fan_out;
  for (size_t t = 0; t < message.topics.size(); ++t) {
    const auto& asked = message.topics[t];
    for (size_t i = 0; i < asked.partition_indexes.size(); ++i) {
      fan_out.add(t, asked.name, i, topics.topics[t], asked.partition_indexes[i], {});
    }
  }
  Arena arena;
  std::vector<Answer> answers(fan_out.target_count());
  const auto fail = [&](const LeaderFanOut::Batch& batch, ErrorCode code) {
    for (const size_t at : batch.targets) answers[at].error_code = proto::to_number(code);
  };
  const auto make = [&](const LeaderFanOut::Batch& batch, Arena& scratch) {
    return request_of(fan_out, batch, scratch);
  };
  const auto take = [&](const LeaderFanOut::Batch& batch,
                        const DescribeProducersResponse& response) {
    for (const auto& topic : response.topics) {
      for (const auto& partition : topic.partitions) {
        const auto at = LeaderFanOut::find(batch, topic.name, partition.partition_index);
        if (at) answers[*at] = keep(partition, arena);
        note_moved_leader(session, partition.error_code);
      }
    }
  };
  const Result<void> asked = co_await ask_leaders<DescribeProducersRequest>(
      session, fan_out, Via::kShared, request.version, deadline, make, take, fail);
  if (!asked) co_return asked.error();
  respond(session, request, message, topics.topics, fan_out, answers, arena);
  co_return Result<void>{};
}

}  // namespace

Handler describe_producers_handler() {
  return {.key = proto::ApiKey::kDescribeProducers,
          .min_version = 0,
          .max_version = 0,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
