#include "backup/engine/source.h"

#include <fmt/format.h>

#include "proto/error_code.h"
#include "proto/messages/fetch_request.h"
#include "proto/messages/fetch_response.h"

namespace odradek::backup {
namespace {

constexpr Duration kRetryPause = std::chrono::milliseconds(100);
// Fetch by topic id begins here; below, topics are named.
constexpr int16_t kFetchByIdVersion = 13;

Error server_error(int16_t code, const std::string& context) {
  return proto::to_error(proto::error_code(code), context);
}

}  // namespace

std::string name_of(const TopicPartition& partition) {
  return fmt::format("{}-{}", partition.topic, partition.partition);
}

bool is_answer(const Error& error, proto::ErrorCode code) {
  return error.code() == Errc::kServer && proto::error_code(error.server_code()) == code;
}

bool is_worth_retrying(const Error& error) {
  switch (error.code()) {
    case Errc::kServer: return proto::is_retriable(proto::error_code(error.server_code()));
    case Errc::kNetwork:
    case Errc::kClosed:
    case Errc::kTimedOut: return true;
    default: return false;
  }
}

io::Task<Result<FetchedBatches>> Source::fetch(TopicPartition partition, int64_t offset,
                                               FetchOptions options, cluster::Lane lane) {
  const MonotonicTime deadline = cluster_->request_deadline();
  while (true) {
    Result<FetchedBatches> fetched = co_await fetch_once(partition, offset, options, lane);
    if (fetched || !is_worth_retrying(fetched.error()) || cluster_->loop().now() >= deadline) {
      co_return fetched;
    }
    cluster_->expire_metadata();
    ODK_CO_TRY_VOID(co_await io::sleep(cluster_->loop(), kRetryPause));
  }
}

io::Task<Result<FetchedBatches>> Source::fetch_once(TopicPartition partition, int64_t offset,
                                                    FetchOptions options, cluster::Lane lane) {
  const MonotonicTime deadline = cluster_->request_deadline();
  cluster::Cluster::Connection broker;
  if (options.replica >= 0) {
    ODK_CO_TRY(broker, co_await cluster_->connection(options.replica, lane, deadline));
  } else {
    ODK_CO_TRY(broker,
               co_await cluster_->leader(partition.topic, partition.partition, lane, deadline));
  }
  proto::FetchRequest::FetchPartition asked;
  asked.partition = partition.partition;
  asked.fetch_offset = offset;
  asked.partition_max_bytes = options.max_bytes;
  proto::FetchRequest::FetchTopic topic;
  topic.topic = partition.topic;
  topic.topic_id = partition.topic_id;
  topic.partitions = {&asked, 1};
  proto::FetchRequest request;
  request.max_wait_ms = options.max_wait_ms;
  request.min_bytes = 1;
  request.max_bytes = options.max_bytes;
  request.isolation_level = static_cast<int8_t>(options.isolation);
  request.topics = {&topic, 1};
  request.rack_id = options.rack;
  const int16_t newest =
      partition.topic_id.is_zero() ? int16_t{kFetchByIdVersion - 1} : int16_t{INT16_MAX};
  ODK_CO_TRY(auto answer, co_await cluster_->call(broker, request, deadline, newest));
  if (answer->error_code != 0) {
    co_return server_error(answer->error_code, "fetch " + name_of(partition));
  }
  FetchedBatches fetched;
  fetched.is_throttled = answer->throttle_time_ms > 0;
  for (const auto& answered_topic : answer->responses) {
    for (const auto& data : answered_topic.partitions) {
      if (data.error_code != 0) {
        co_return server_error(data.error_code,
                               fmt::format("fetch {} at offset {}", name_of(partition), offset));
      }
      fetched.memory = answer.frame;
      fetched.records = data.records.bytes;
      fetched.high_watermark = data.high_watermark;
      fetched.last_stable_offset = data.last_stable_offset;
      fetched.log_start_offset = data.log_start_offset;
      fetched.preferred_replica = data.preferred_read_replica;
      for (const auto& aborted : data.aborted_transactions) {
        fetched.aborted.push_back({aborted.producer_id, aborted.first_offset});
      }
    }
  }
  // An answer without the partition says "nothing new", and no offsets: nobody relies on it.
  co_return fetched;
}

std::vector<int32_t> Source::replicas(const TopicPartition& partition) const {
  const cluster::MetadataPtr metadata = cluster_->cached_metadata();
  const cluster::Topic* topic = metadata->topic(partition.topic);
  const cluster::Partition* known =
      topic == nullptr ? nullptr : topic->partition(partition.partition);
  if (known == nullptr) return {};
  std::vector<int32_t> brokers;
  if (known->leader >= 0) brokers.push_back(known->leader);
  for (const int32_t replica : known->in_sync_replicas) {
    if (replica != known->leader) brokers.push_back(replica);
  }
  return brokers;
}

}  // namespace odradek::backup
