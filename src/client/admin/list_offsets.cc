// Admin::list_offsets.
#include "client/admin/ask.h"
#include "client/admin/start.h"
#include "client/grouped.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"

namespace odradek::client {
namespace {

// The first version that knows a special timestamp (KIP-734, 405, 1005, 1023).
int16_t first_version_of(int64_t timestamp) {
  using kafka::OffsetSpec;
  switch (static_cast<OffsetSpec>(timestamp)) {
    case OffsetSpec::max_timestamp: return 7;
    case OffsetSpec::earliest_local: return 8;
    case OffsetSpec::latest_tiered: return 9;
    case OffsetSpec::earliest_pending_upload: return 11;
    default: return 1;
  }
}

// A partition may be asked about at several times, but once in each request.
struct ListOffsets {
  using Request = proto::ListOffsetsRequest;
  using Key = std::pair<kafka::TopicPartition, int64_t>;  // and a timestamp
  using Value = kafka::ListedOffset;
  static constexpr std::string_view kDoing = "list offsets";

  kafka::Isolation isolation = kafka::Isolation::read_uncommitted;
  int32_t timeout_ms = 0;
  int16_t first_version = 1;
  Grouped<Request::ListOffsetsPartition> grouped{};
  std::vector<Request::ListOffsetsTopic> topics{};

  static bool fits(const std::vector<Key>& keys, const Key& key) {
    // Keys come in order, so others of the same partition stand next to each other.
    return keys.back().first != key.first;
  }

  Result<void> check(int16_t version) const {
    if (version >= first_version) return {};
    return Error(
        Errc::kUnsupported,
        fmt::format("the broker's version {} of ListOffsets does not know a special offset",
                    version));
  }

  Request request(const std::vector<Key>& keys) {
    for (const auto& [id, timestamp] : keys) {
      auto& partition = grouped.add(id.topic);
      partition.partition_index = id.partition;
      partition.timestamp = timestamp;
    }
    topics = grouped.topics<Request::ListOffsetsTopic>();
    Request request;
    request.replica_id = -1;
    request.isolation_level = static_cast<int8_t>(isolation);
    request.topics = proto::array_of(topics);
    request.timeout_ms = timeout_ms;
    return request;
  }

  static Result<void> read(const proto::ListOffsetsResponse& response, const std::vector<Key>& keys,
                           Replies<Key, Value>& replies) {
    const std::map<kafka::TopicPartition, int64_t> asked(keys.begin(), keys.end());
    for (const auto& topic : response.topics) {
      for (const auto& partition : topic.partitions) {
        const auto key = asked.find({std::string(topic.name), partition.partition_index});
        if (key == asked.end()) continue;
        if (partition.error_code != 0) {
          replies.fail(*key, partition.error_code);
          continue;
        }
        replies.set(*key, {.offset = partition.offset,
                           .timestamp_ms = partition.timestamp,
                           .leader_epoch = partition.leader_epoch});
      }
    }
    return {};
  }
};

using Listed = std::vector<kafka::OfPartition<kafka::ListedOffset>>;

io::Task<Result<Listed>> list_offsets(Cluster& cluster, std::vector<kafka::OffsetQuery> queries,
                                      kafka::Isolation isolation, MonotonicTime deadline) {
  ListOffsets api{.isolation = isolation, .timeout_ms = milliseconds_left(cluster, deadline)};
  std::vector<ListOffsets::Key> keys;
  for (kafka::OffsetQuery& query : queries) {
    api.first_version = std::max(api.first_version, first_version_of(query.timestamp_ms));
    keys.emplace_back(std::move(query.partition), query.timestamp_ms);
  }
  auto replies = co_await ask(cluster, Route::kLeader, std::move(api), std::move(keys), deadline);
  Listed listed;
  ODK_CO_TRY_VOID(std::move(replies).each(
      [&](const ListOffsets::Key& key, kafka::Result<kafka::ListedOffset> result) {
        listed.push_back({key.first, std::move(result)});
      }));
  co_return listed;
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<OfPartition<ListedOffset>>> Admin::list_offsets(
    std::vector<TopicPartition> partitions, OffsetSpec spec, Wait wait) {
  return list_offsets(std::move(partitions), static_cast<int64_t>(spec), wait);
}

Op<std::vector<OfPartition<ListedOffset>>> Admin::list_offsets(
    std::vector<TopicPartition> partitions, int64_t timestamp_ms, Wait wait) {
  std::vector<OffsetQuery> queries;
  queries.reserve(partitions.size());
  for (TopicPartition& id : partitions) queries.push_back({std::move(id), timestamp_ms});
  return list_offsets(std::move(queries), Isolation::read_uncommitted, wait);
}

Op<std::vector<OfPartition<ListedOffset>>> Admin::list_offsets(std::vector<OffsetQuery> queries,
                                                               Isolation isolation, Wait wait) {
  return client::start<client::Listed>(core_, wait, client::list_offsets, std::move(queries),
                                       isolation);
}

}  // namespace odradek::kafka
