#include "proxy/handlers/21_delete_records.h"

#include <algorithm>
#include <limits>
#include <map>

#include "proto/messages/delete_records_request.h"
#include "proto/messages/delete_records_response.h"
#include "proxy/handlers/leaders.h"

namespace odradek::proxy {
namespace {

using proto::DeleteRecordsRequest;
using proto::DeleteRecordsResponse;
using proto::ErrorCode;
using Answer = DeleteRecordsResponse::DeleteRecordsPartitionResult;

constexpr int64_t kToTheEnd = -1;

// What the request says about one physical partition.
struct Cut {
  std::vector<int32_t> named;  // client partitions
  int64_t offset = std::numeric_limits<int64_t>::max();
  bool to_the_end = false;
  bool is_out_of_range = false;  // an offset of another virtual partition

  void add(int32_t partition, int64_t to) {
    if (std::ranges::find(named, partition) == named.end()) named.push_back(partition);
    if (to == kToTheEnd) to_the_end = true;
    if (to != kToTheEnd) offset = std::min(offset, to);
  }
  // The end lies behind every offset, so it only counts where nothing else is asked.
  int64_t lowest() const {
    const bool only_end = to_the_end && offset == std::numeric_limits<int64_t>::max();
    return only_end ? kToTheEnd : offset;
  }
};
using Cuts = std::map<std::pair<size_t, int32_t>, Cut>;  // topic, physical partition

Cuts cuts_of(const DeleteRecordsRequest& request, std::span<const ResolvedTopic> topics) {
  Cuts cuts;
  for (size_t t = 0; t < request.topics.size(); ++t) {
    if (!topics[t].ok()) continue;
    for (const auto& partition : request.topics[t].partitions) {
      const auto place = topics[t].place(partition.partition_index);
      if (!place) continue;
      Cut& cut = cuts[{t, place->partition.value()}];
      const auto offset = topics[t].broker_offset(*place, partition.offset);
      if (!offset) cut.is_out_of_range = true;
      cut.add(partition.partition_index, offset.value_or(0));
    }
  }
  return cuts;
}

// Every client partition of the physical one has to be named: kNone then.
ErrorCode check(const Cut& cut, const ResolvedTopic& topic) {
  const int32_t all = topic.remapper == nullptr ? 1 : topic.remapper->compression_ratio();
  if (cut.named.size() != static_cast<size_t>(all)) return ErrorCode::kPolicyViolation;
  return cut.is_out_of_range ? ErrorCode::kOffsetOutOfRange : ErrorCode{};
}

// The outcome for each physical partition that may be cut.
struct Deletion {
  const DeleteRecordsRequest& request;
  const std::vector<ResolvedTopic>& topics;
  const Cuts& cuts;
  LeaderFanOut fan_out;  // one place per cut
  std::vector<Answer> answers;

  DeleteRecordsRequest request_of(const LeaderFanOut::Batch& batch, Arena& arena) const {
    DeleteRecordsRequest upstream = request;
    upstream.topics = group_topics<DeleteRecordsRequest::DeleteRecordsTopic,
                                   DeleteRecordsRequest::DeleteRecordsPartition>(
        arena, std::span<const size_t>(batch.targets),
        [&](size_t at) { return fan_out.target(at).topic; },
        [&](auto& topic, size_t t) { topic.name = request.topics[t].name; },
        [&](auto& partition, size_t at) {
          const LeaderFanOut::Target& target = fan_out.target(at);
          partition.partition_index = target.partition.value();
          partition.offset = cuts.at({target.topic, target.partition.value()}).lowest();
        });
    return upstream;
  }
};

Answer answer_of(const Deletion& deletion, size_t topic, int32_t client_partition) {
  Answer answer;
  answer.partition_index = client_partition;
  answer.low_watermark = -1;
  const ResolvedTopic& resolved = deletion.topics[topic];
  const auto place = resolved.place(client_partition);
  if (!resolved.ok() || !place) {
    const ErrorCode code = resolved.ok() ? ErrorCode::kUnknownTopicOrPartition : resolved.error;
    answer.error_code = proto::to_number(code);
    return answer;
  }
  const Cut& cut = deletion.cuts.at({topic, place->partition.value()});
  if (const ErrorCode refusal = check(cut, resolved); refusal != ErrorCode{}) {
    answer.error_code = proto::to_number(refusal);
    return answer;
  }
  for (const LeaderFanOut::Place& at : deletion.fan_out.places()) {
    if (at.topic != topic || at.client_partition != cut.named.front()) continue;
    answer.error_code = proto::to_number(at.error);
    if (at.error != ErrorCode{}) continue;
    answer.error_code = deletion.answers[at.target].error_code;
    answer.low_watermark =
        resolved.client_offset(*place, deletion.answers[at.target].low_watermark);
  }
  return answer;
}

void respond(Session& session, rpc::Request& request, const Deletion& deletion) {
  Arena arena;
  const auto& asked = deletion.request.topics;
  const auto topics = arena.array<DeleteRecordsResponse::DeleteRecordsTopicResult>(asked.size());
  for (size_t t = 0; t < asked.size(); ++t) {
    const auto partitions = arena.array<Answer>(asked[t].partitions.size());
    for (size_t i = 0; i < partitions.size(); ++i) {
      partitions[i] = answer_of(deletion, t, asked[t].partitions[i].partition_index);
      count_error(session, request.api_key, partitions[i].error_code);
    }
    topics[t].name = asked[t].name;
    topics[t].partitions = partitions;
  }
  DeleteRecordsResponse response;
  response.topics = topics;
  rpc::respond(request, response);
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<DeleteRecordsRequest>(request));
  const DeleteRecordsRequest& message = decoded.message;
  const MonotonicTime deadline = session.context.request_deadline() +
                                 std::chrono::milliseconds(std::max(message.timeout_ms, 0));
  const ResolvedTopics topics = co_await session.resolve(
      Operation::kDelete,
      refs_by_name(message.topics, &DeleteRecordsRequest::DeleteRecordsTopic::name),
      ErrorCode::kNotLeaderOrFollower, deadline);
  const Cuts cuts = cuts_of(message, topics.topics);
  Deletion deletion{message, topics.topics, cuts, {}, {}};
  for (const auto& [at, cut] : cuts) {
    const size_t t = at.first;
    if (check(cut, topics.topics[t]) != ErrorCode{}) continue;
    deletion.fan_out.add(t, message.topics[t].name, 0, topics.topics[t], cut.named.front(), {});
  }
  deletion.answers.resize(deletion.fan_out.target_count());
  const auto make = [&](const LeaderFanOut::Batch& batch, Arena& arena) {
    return deletion.request_of(batch, arena);
  };
  const auto take = [&](const LeaderFanOut::Batch& batch, const DeleteRecordsResponse& response) {
    for (const auto& topic : response.topics) {
      for (const auto& partition : topic.partitions) {
        const auto at = LeaderFanOut::find(batch, topic.name, partition.partition_index);
        if (at) deletion.answers[*at] = partition;
        note_moved_leader(session, partition.error_code);
      }
    }
  };
  const auto fail = [&](const LeaderFanOut::Batch& batch, ErrorCode code) {
    for (const size_t at : batch.targets) {
      deletion.answers[at].error_code = proto::to_number(code);
      deletion.answers[at].low_watermark = -1;
    }
  };
  const Result<void> asked = co_await ask_leaders<DeleteRecordsRequest>(
      session, deletion.fan_out, Via::kOwn, request.version, deadline, make, take, fail);
  if (!asked) co_return asked.error();
  respond(session, request, deletion);
  co_return Result<void>{};
}

}  // namespace

Handler delete_records_handler() {
  return {.key = proto::ApiKey::kDeleteRecords,
          .min_version = 0,
          .max_version = 2,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
