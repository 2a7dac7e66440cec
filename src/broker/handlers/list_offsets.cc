// ListOffsets: the ends of a partition, and records by time.

#include <algorithm>
#include <map>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::ListOffsetsRequest;
using Response = proto::ListOffsetsResponse;
using Answer = Response::ListOffsetsPartitionResponse;

// What a timestamp below zero asks for. Source: KIP-79, KIP-734, KIP-405, KIP-1005, KIP-1023.
constexpr int64_t kLatest = -1;
constexpr int64_t kEarliest = -2;
constexpr int64_t kMaxTimestamp = -3;
constexpr int64_t kEarliestLocal = -4;
constexpr int64_t kLatestTiered = -5;
constexpr int64_t kEarliestPendingUpload = -6;

constexpr int16_t kLeaderEpochFrom = 4;

bool needs_newer_version(int64_t timestamp, int16_t version) {
  return (timestamp == kMaxTimestamp && version < 7) ||
         (timestamp == kEarliestLocal && version < 8) ||
         (timestamp == kLatestTiered && version < 9) ||
         (timestamp == kEarliestPendingUpload && version < 11) ||
         timestamp < kEarliestPendingUpload;
}

ErrorCode find_by_time(const Call<Request>& call, const log::PartitionLog& log, int64_t timestamp,
                       Answer& answer) {
  log::Unpacker& unpacker = call.node.scratch().unpacker;
  const Result<std::optional<log::TimedOffset>> found = timestamp == kMaxTimestamp
                                                            ? log.find_max_timestamp(unpacker)
                                                            : log.find_by_time(timestamp, unpacker);
  if (!found) return ErrorCode::kCorruptMessage;
  if (!*found) return ErrorCode::kNone;
  const log::TimedOffset& record = **found;
  const int64_t end =
      call.message.isolation_level == 1 ? log.last_stable_offset() : log.high_watermark();
  if (record.offset >= end) return ErrorCode::kNone;
  answer.offset = record.offset;
  answer.timestamp = record.timestamp_ms;
  answer.leader_epoch = record.leader_epoch;
  return ErrorCode::kNone;
}

ErrorCode find(const Call<Request>& call, const log::PartitionLog& log,
               const Request::ListOffsetsPartition& asked, Answer& answer) {
  if (log.fault()) return ErrorCode::kKafkaStorageError;
  if (asked.current_leader_epoch >= 0) {
    if (asked.current_leader_epoch < log.leader_epoch()) return ErrorCode::kFencedLeaderEpoch;
    if (asked.current_leader_epoch > log.leader_epoch()) return ErrorCode::kUnknownLeaderEpoch;
  }
  if (needs_newer_version(asked.timestamp, call.version())) {
    return ErrorCode::kUnsupportedVersion;
  }
  switch (asked.timestamp) {
    case kLatest:
      answer.offset =
          call.message.isolation_level == 1 ? log.last_stable_offset() : log.high_watermark();
      answer.leader_epoch = log.leader_epoch();
      return ErrorCode::kNone;
    case kEarliest:
    case kEarliestLocal:
      answer.offset = log.start_offset();
      answer.leader_epoch = log.leader_epoch();
      return ErrorCode::kNone;
    case kLatestTiered:
    case kEarliestPendingUpload: return ErrorCode::kNone;  // nothing is tiered: offset -1
    default: return find_by_time(call, log, asked.timestamp, answer);
  }
}

void list_offsets(const Call<Request>& call, Response& response) {
  const auto& topics = call.message.topics;
  response.topics = call.arena.array<Response::ListOffsetsTopicResponse>(topics.size());
  std::map<std::pair<std::string_view, int32_t>, size_t> times_asked;
  for (const auto& topic : topics) {
    for (const auto& asked : topic.partitions) ++times_asked[{topic.name, asked.partition_index}];
  }
  for (size_t i = 0; i < topics.size(); ++i) {
    const auto& asked = topics[i];
    const Topic* topic = call.node.topics().find(asked.name);
    const bool allowed = may_topic(call, AclOperation::kDescribe, asked.name);
    response.topics[i].name = asked.name;
    response.topics[i].partitions = call.arena.array<Answer>(asked.partitions.size());
    size_t answered = 0;
    for (size_t j = 0; j < asked.partitions.size(); ++j) {
      const int32_t index = asked.partitions[j].partition_index;
      size_t& times = times_asked[{asked.name, index}];
      if (times == 0) continue;  // was refused above, once for all
      Answer& answer = response.topics[i].partitions[answered++];
      answer.partition_index = index;
      const Partition* partition = topic == nullptr ? nullptr : topic->partition(index);
      ErrorCode error = ErrorCode::kUnknownTopicOrPartition;
      if (!allowed) {
        error = ErrorCode::kTopicAuthorizationFailed;
      } else if (times > 1) {
        error = ErrorCode::kInvalidRequest;
        times = 0;
      } else if (partition != nullptr) {
        error = find(call, partition->log, asked.partitions[j], answer);
      }
      answer.error_code = proto::to_number(error);
      if (call.version() < kLeaderEpochFrom) answer.leader_epoch = -1;
    }
    response.topics[i].partitions = response.topics[i].partitions.first(answered);
  }
}

}  // namespace

constinit const HandlerInfo kListOffsetsApi{proto::ApiKey::kListOffsets, 1, 11,
                                            answer<Request, list_offsets>};

}  // namespace odradek::broker
