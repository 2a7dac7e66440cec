#include "proxy/handlers/02_list_offsets.h"

#include <utility>
#include <vector>

#include "proto/messages/fetch_request.h"
#include "proto/messages/fetch_response.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"
#include "proxy/handlers/leaders.h"
#include "proxy/remap/timestamp_scan.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;
using proto::FetchRequest;
using proto::ListOffsetsRequest;
using proto::ListOffsetsResponse;
using Answer = ListOffsetsResponse::ListOffsetsPartitionResponse;

constexpr int16_t kFetchByNameMax = 12;  // later versions name topics by id
constexpr int32_t kScanChunkBytes = 1 << 20;
constexpr int8_t kReadCommitted = 1;

LeaderFanOut fan_out_of(const ListOffsetsRequest& request, std::span<const ResolvedTopic> topics) {
  LeaderFanOut fan_out;
  for (size_t t = 0; t < request.topics.size(); ++t) {
    const auto& partitions = request.topics[t].partitions;
    for (size_t i = 0; i < partitions.size(); ++i) {
      fan_out.add(t, request.topics[t].name, i, topics[t], partitions[i].partition_index,
                  {partitions[i].timestamp, partitions[i].current_leader_epoch});
    }
  }
  return fan_out;
}

ListOffsetsRequest request_of(const ListOffsetsRequest& request, const LeaderFanOut& fan_out,
                              const LeaderFanOut::Batch& batch, Arena& arena) {
  ListOffsetsRequest upstream = request;
  upstream.replica_id = -1;
  upstream.topics =
      group_topics<ListOffsetsRequest::ListOffsetsTopic, ListOffsetsRequest::ListOffsetsPartition>(
          arena, std::span<const size_t>(batch.targets),
          [&](size_t at) { return fan_out.target(at).topic; },
          [&](auto& topic, size_t t) { topic.name = request.topics[t].name; },
          [&](auto& partition, size_t at) {
            const LeaderFanOut::Target& target = fan_out.target(at);
            partition = request.topics[target.topic].partitions[target.index];
            partition.partition_index = target.partition.value();
          });
  return upstream;
}

// Where a reader of this isolation level stops.
int64_t end_of(const proto::FetchResponse::PartitionData& data, int8_t isolation_level) {
  return isolation_level == kReadCommitted ? data.last_stable_offset : data.high_watermark;
}

// What a broker answers when all records are older.
Answer no_such_record(const Answer& bound) {
  Answer answer = bound;
  answer.offset = -1;
  answer.timestamp = -1;
  answer.leader_epoch = -1;
  return answer;
}

// Reads the log on from the physical answer until an own record is found, or there is none. Where
// that cannot be told within the limit the physical answer stays.
io::Task<Result<void>> scan_for_own(Session& session, std::string_view topic, int32_t leader,
                                    int8_t isolation_level, TimestampScan& scan, Answer& answer) {
  const MonotonicTime deadline = session.context.request_deadline();
  const int32_t partition_index = answer.partition_index;
  while (scan.scanned_bytes() < session.context.options.list_offsets_scan_bytes) {
    FetchRequest::FetchPartition partition;
    partition.partition = partition_index;
    partition.fetch_offset = scan.cursor().value();
    partition.partition_max_bytes = kScanChunkBytes;
    FetchRequest::FetchTopic asked;
    asked.topic = topic;
    asked.partitions = {&partition, 1};
    FetchRequest request;
    request.max_bytes = kScanChunkBytes;
    request.isolation_level = isolation_level;
    request.topics = {&asked, 1};
    // The reads do not wait: they end at the end of the log.
    Result<Upstream::Connection> connected =
        co_await session.upstream.connection(leader, Purpose::admin(), deadline);
    if (!connected) co_return connected.error();
    ODK_CO_TRY(const int16_t version,
               (*connected)->version_for(proto::ApiKey::kFetch, kFetchByNameMax));
    auto fetched = co_await (*connected)->call(request, version, deadline);
    if (!fetched) co_return fetched.error();
    const auto& topics = fetched->message.responses;
    if (topics.empty() || topics[0].partitions.empty()) co_return Result<void>{};
    const auto& data = topics[0].partitions[0];
    if (data.error_code != 0) co_return Result<void>{};
    const int64_t before = scan.cursor().value();
    const auto found = scan.scan(data.records.bytes);
    if (found) {
      answer.offset = found->offset;
      answer.timestamp = found->timestamp_ms;
      co_return Result<void>{};
    }
    if (scan.cursor().value() >= end_of(data, isolation_level)) {
      answer = no_such_record(answer);
      co_return Result<void>{};
    }
    if (scan.cursor().value() == before) co_return Result<void>{};
  }
  co_return Result<void>{};
}

struct Listing {
  const ListOffsetsRequest& request;
  const std::vector<ResolvedTopic>& topics;
  const LeaderFanOut& fan_out;
  std::vector<Answer> answers;  // by target
};

io::Task<Result<Answer>> answer_of(Session& session, const Listing& listing,
                                   const LeaderFanOut::Place& place) {
  Answer answer;
  answer.error_code = proto::to_number(place.error);
  if (place.error == ErrorCode{}) answer = listing.answers[place.target];
  const ResolvedTopic& topic = listing.topics[place.topic];
  const auto& asked = listing.request.topics[place.topic];
  const int64_t timestamp = asked.partitions[place.index].timestamp;
  const bool needs_scan =
      answer.error_code == 0 && topic.remapper != nullptr && timestamp >= 0 && answer.offset >= 0;
  if (needs_scan) {
    TimestampScan scan(*topic.remapper, VirtualPartitionId(place.client_partition), timestamp,
                       Offset(answer.offset));
    const int32_t leader = listing.fan_out.target(place.target).leader;
    const Result<void> scanned = co_await scan_for_own(
        session, asked.name, leader, listing.request.isolation_level, scan, answer);
    // The bound stays where the log could not be read.
    if (!scanned && session.is_closed) co_return scanned.error();
  }
  answer.partition_index = place.client_partition;
  answer.offset = topic.client_offset(place.physical, answer.offset);
  count_error(session, proto::ApiKey::kListOffsets, answer.error_code);
  co_return answer;
}

void respond(rpc::Request& request, const ListOffsetsRequest& asked,
             std::span<const Answer> answers) {
  Arena arena;
  ListOffsetsResponse response;
  const auto topics =
      arena.array<ListOffsetsResponse::ListOffsetsTopicResponse>(asked.topics.size());
  const auto partitions = arena.array<Answer>(answers.size());
  std::ranges::copy(answers, partitions.begin());
  size_t at = 0;
  for (size_t t = 0; t < topics.size(); ++t) {
    const size_t count = asked.topics[t].partitions.size();
    topics[t].name = asked.topics[t].name;
    topics[t].partitions = partitions.subspan(at, count);
    at += count;
  }
  response.topics = topics;
  rpc::respond(request, response);
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<ListOffsetsRequest>(request));
  const ListOffsetsRequest& message = decoded.message;
  const MonotonicTime deadline = session.context.request_deadline();
  const ResolvedTopics topics = co_await session.resolve(
      Operation::kDescribe,
      refs_by_name(message.topics, &ListOffsetsRequest::ListOffsetsTopic::name),
      ErrorCode::kNotLeaderOrFollower, deadline);
  const LeaderFanOut fan_out = fan_out_of(message, topics.topics);
  Listing listing{message, topics.topics, fan_out, {}};
  listing.answers.resize(fan_out.target_count());
  for (Answer& answer : listing.answers) {
    answer.error_code = proto::to_number(ErrorCode::kUnknownServerError);
  }
  const auto make = [&](const LeaderFanOut::Batch& batch, Arena& arena) {
    return request_of(message, fan_out, batch, arena);
  };
  const auto take = [&](const LeaderFanOut::Batch& batch, const ListOffsetsResponse& response) {
    for (const auto& topic : response.topics) {
      for (const auto& partition : topic.partitions) {
        const auto at = LeaderFanOut::find(batch, topic.name, partition.partition_index);
        if (at) listing.answers[*at] = partition;
        note_moved_leader(session, partition.error_code);
      }
    }
  };
  const auto fail = [&](const LeaderFanOut::Batch& batch, ErrorCode code) {
    for (const size_t at : batch.targets) {
      listing.answers[at].error_code = proto::to_number(code);
    }
  };
  const Result<void> asked = co_await ask_leaders<ListOffsetsRequest>(
      session, fan_out, Via::kShared, request.version, deadline, make, take, fail);
  if (!asked) co_return asked.error();
  std::vector<Answer> answers;
  for (const LeaderFanOut::Place& place : fan_out.places()) {
    const Result<Answer> answer = co_await answer_of(session, listing, place);
    if (!answer) co_return answer.error();
    answers.push_back(*answer);
  }
  respond(request, message, answers);
  co_return Result<void>{};
}

}  // namespace

Handler list_offsets_handler() {
  return {.key = proto::ApiKey::kListOffsets,
          .min_version = 1,
          .max_version = 11,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
