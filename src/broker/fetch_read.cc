#include "broker/fetch_read.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>

#include "broker/node.h"
#include "broker/security/security.h"
#include "wire/record_batch.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;

// The partition a fetch names, or why there is none.
ErrorCode find_partition(const Node& node, const FetchLimits& limits, const FetchPartition& asked,
                         const Partition*& found) {
  const Topics& topics = node.topics();
  const bool by_name = !asked.topic.empty();
  const Topic* topic =
      by_name ? topics.find(std::string_view(asked.topic)) : topics.find(asked.topic_id);
  const std::string_view name = topic != nullptr ? topic->name : asked.topic;
  if (limits.reader != nullptr && !name.empty() &&
      !node.security().authorizer().allows(requester_of(*limits.reader), AclOperation::kRead,
                                           ResourceType::kTopic, name)) {
    return ErrorCode::kTopicAuthorizationFailed;
  }
  if (topic == nullptr) {
    return limits.by_topic_id ? ErrorCode::kUnknownTopicId : ErrorCode::kUnknownTopicOrPartition;
  }
  found = topic->partition(asked.partition);
  return found == nullptr ? ErrorCode::kUnknownTopicOrPartition : ErrorCode::kNone;
}

// Whether the client's log is a part of ours: its last record's epoch must have reached so far.
// Source: KIP-595, Partition.readRecords.
ErrorCode check_epoch(const log::PartitionLog& log, FetchedPartition& fetched) {
  const FetchPartition& asked = *fetched.asked;
  if (asked.last_fetched_epoch < 0) return ErrorCode::kNone;
  const log::LeaderEpochs::End end =
      log.epochs().end_of(asked.last_fetched_epoch, log.high_watermark());
  if (end.epoch < 0 || end.end_offset < 0) return ErrorCode::kOffsetOutOfRange;
  if (end.epoch < asked.last_fetched_epoch || end.end_offset < asked.fetch_offset) {
    fetched.diverging = end;
  }
  return ErrorCode::kNone;
}

ErrorCode check_position(const log::PartitionLog& log, const FetchPartition& asked) {
  if (log.fault()) return ErrorCode::kKafkaStorageError;
  if (asked.current_leader_epoch >= 0) {
    if (asked.current_leader_epoch < log.leader_epoch()) return ErrorCode::kFencedLeaderEpoch;
    if (asked.current_leader_epoch > log.leader_epoch()) return ErrorCode::kUnknownLeaderEpoch;
  }
  const bool inside =
      asked.fetch_offset >= log.start_offset() && asked.fetch_offset <= log.end_offset();
  return inside ? ErrorCode::kNone : ErrorCode::kOffsetOutOfRange;
}

// The offset behind the last batch of what was read, which is not empty.
int64_t offset_behind(std::span<const Slice> read) {
  wire::BatchCursor cursor(read.back().bytes());
  int64_t behind = 0;
  while (true) {
    const Result<std::optional<wire::BatchView>> batch = cursor.next();
    if (!batch || !*batch) return behind;
    behind = (*batch)->next_offset();
  }
}

}  // namespace

FetchRead read_partitions(Node& node, FetchSession::Partitions& partitions,
                          const FetchLimits& limits) {
  FetchRead read;
  read.partitions.reserve(partitions.size());
  std::vector<FetchedPartition> unknown;
  for (auto asked = partitions.begin(); asked != partitions.end(); ++asked) {
    FetchedPartition& fetched = read.partitions.emplace_back();
    fetched.asked = asked;
    fetched.error = find_partition(node, limits, *asked, fetched.partition);
    if (fetched.partition == nullptr) {
      unknown.push_back(std::move(fetched));
      read.partitions.pop_back();
      continue;
    }
    read.any_known = true;
    const log::PartitionLog& log = fetched.partition->log;
    fetched.error = check_position(log, *asked);
    if (fetched.error == ErrorCode::kNone) fetched.error = check_epoch(log, fetched);
    if (fetched.error != ErrorCode::kNone) {
      read.read_failed = true;
      continue;
    }
    fetched.high_watermark = log.high_watermark();
    fetched.last_stable_offset = log.last_stable_offset();
    fetched.log_start = log.start_offset();
    fetched.first_slice = read.slices.size();
    if (fetched.diverging) {
      read.read_failed = true;
      continue;
    }
    log::ReadRange range;
    range.offset = asked->fetch_offset;
    range.end_offset = limits.read_committed ? log.last_stable_offset() : log.high_watermark();
    range.first_batch_whole = read.bytes == 0;
    range.bytes_max = std::min(limits.bytes_max - std::min(read.bytes, limits.bytes_max),
                               static_cast<size_t>(std::max(asked->max_bytes, 0)));
    if (range.offset < range.end_offset) fetched.bytes = log.read(range, read.slices);
    if (log.fault()) {
      fetched.error = ErrorCode::kKafkaStorageError;
      read.read_failed = true;
      continue;
    }
    fetched.slices = read.slices.size() - fetched.first_slice;
    read.bytes += fetched.bytes;
    if (limits.read_committed && fetched.slices > 0 && !log.aborted_txns().all().empty()) {
      const int64_t end = offset_behind(std::span(read.slices).subspan(fetched.first_slice));
      fetched.aborted = log.aborted_txns().overlapping(asked->fetch_offset, end);
    }
  }
  std::ranges::move(unknown, std::back_inserter(read.partitions));
  return read;
}

}  // namespace odradek::broker
