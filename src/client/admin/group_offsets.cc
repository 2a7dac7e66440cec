// Admin::group_offsets, offsets_of_groups, alter_group_offsets and delete_group_offsets.
#include "client/admin/ask.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "client/grouped.h"
#include "client/offsets.h"
#include "proto/messages/offset_commit_request.h"
#include "proto/messages/offset_commit_response.h"
#include "proto/messages/offset_delete_request.h"
#include "proto/messages/offset_delete_response.h"
#include "proto/messages/offset_fetch_request.h"
#include "proto/messages/offset_fetch_response.h"

namespace odradek::client {
namespace {

using Committed = std::vector<kafka::CommittedOffset>;
using PartitionOutcomes = std::vector<kafka::OfPartition<void>>;

constexpr int16_t kFirstWithGroups = 8;

// All offsets of many groups, one request for each coordinator (KIP-709).
struct FetchOffsets {
  using Request = proto::OffsetFetchRequest;
  using Key = std::string;
  using Value = Committed;
  static constexpr std::string_view kDoing = "offsets of group";
  static constexpr int16_t kAtMost = kLastOffsetsWithNames;

  std::vector<Request::OffsetFetchRequestGroup> groups{};

  static Result<void> check(int16_t version) {
    if (version >= kFirstWithGroups) return {};
    return Error(Errc::kUnsupported, "the broker tells offsets of one group at a time only");
  }

  Request request(const std::vector<Key>& names) {
    groups.resize(names.size());
    for (size_t i = 0; i < names.size(); ++i) {
      groups[i].group_id = names[i];
      groups[i].topics = {};  // null: all
    }
    Request request;
    request.groups = proto::array_of(groups);
    return request;
  }

  static Result<void> read(const proto::OffsetFetchResponse& response, const std::vector<Key>&,
                           Replies<Key, Value>& replies) {
    for (const auto& group : response.groups) {
      const std::string name(group.group_id);
      if (group.error_code != 0) {
        replies.fail(name, group.error_code);
        continue;
      }
      Committed committed;
      for (const auto& topic : group.topics) {
        for (const auto& partition : topic.partitions) {
          // Kafka's own client leaves those out, too: the topic may be gone.
          if (partition.error_code != 0 || partition.committed_offset < 0) continue;
          auto& item = committed.emplace_back();
          item.partition = {std::string(topic.name), partition.partition_index};
          item.committed = {.offset = partition.committed_offset,
                            .metadata = std::string(partition.metadata),
                            .leader_epoch = partition.committed_leader_epoch};
        }
      }
      replies.set(name, std::move(committed));
    }
    return {};
  }
};

// The first error of a partition that concerns the coordinator, and so the whole request.
template <class Topics>
Result<void> coordinator_error(const Topics& topics, const std::string& group) {
  for (const auto& topic : topics) {
    for (const auto& partition : topic.partitions) {
      const proto::ErrorCode code = proto::error_code(partition.error_code);
      if (code == proto::ErrorCode::kNone) continue;
      const Error error = proto::to_error(code, group);
      if (is_worth_repeating(error)) return error;
    }
  }
  return {};
}

template <class Topics>
PartitionOutcomes partition_outcomes(const Topics& topics, std::string_view doing) {
  PartitionOutcomes outcomes;
  for (const auto& topic : topics) {
    for (const auto& partition : topic.partitions) {
      const kafka::TopicPartition id{std::string(topic.name), partition.partition_index};
      outcomes.push_back({id, public_outcome(partition.error_code, {},
                                             fmt::format("{} {}", doing, key_text(id)))});
    }
  }
  return outcomes;
}

// From outside of the group, which must be empty.
struct CommitOffsets {
  using Request = proto::OffsetCommitRequest;
  using Key = std::string;
  using Value = PartitionOutcomes;
  static constexpr std::string_view kDoing = "alter offsets of group";
  static constexpr int16_t kAtMost = kLastOffsetsWithNames;

  OffsetMap offsets;
  Grouped<Request::OffsetCommitRequestPartition> grouped{};
  std::vector<Request::OffsetCommitRequestTopic> topics{};

  Request request(const std::vector<Key>& group) {
    grouped = grouped_offsets<Request::OffsetCommitRequestPartition>(offsets);
    topics = grouped.topics<Request::OffsetCommitRequestTopic>();
    Request request;
    request.group_id = group.front();
    request.topics = proto::array_of(topics);
    return request;
  }
  static Result<void> read(const proto::OffsetCommitResponse& response,
                           const std::vector<Key>& group, Replies<Key, Value>& replies) {
    ODK_TRY_VOID(coordinator_error(response.topics, group.front()));
    replies.set(group.front(), partition_outcomes(response.topics, kDoing));
    return {};
  }
};

struct DeleteOffsets {
  using Request = proto::OffsetDeleteRequest;
  using Key = std::string;
  using Value = PartitionOutcomes;
  static constexpr std::string_view kDoing = "delete offsets of group";

  std::vector<kafka::TopicPartition> partitions;
  Grouped<Request::OffsetDeleteRequestPartition> grouped{};
  std::vector<Request::OffsetDeleteRequestTopic> topics{};

  Request request(const std::vector<Key>& group) {
    for (const auto& id : partitions) grouped.add(id.topic).partition_index = id.partition;
    topics = grouped.topics<Request::OffsetDeleteRequestTopic>();
    Request request;
    request.group_id = group.front();
    request.topics = proto::array_of(topics);
    return request;
  }
  static Result<void> read(const proto::OffsetDeleteResponse& response,
                           const std::vector<Key>& group, Replies<Key, Value>& replies) {
    ODK_TRY_VOID(whole_answer(response, group.front()));
    replies.set(group.front(), partition_outcomes(response.topics, kDoing));
    return {};
  }
};

// Asks about one group.
template <class Api>
io::Task<kafka::Result<typename Api::Value>> ask_group(Cluster& cluster, Api api, std::string group,
                                                       MonotonicTime deadline) {
  std::vector<std::string> one(1, group);
  auto items = co_await ask_items(cluster, Route::kGroupCoordinator, std::move(api), std::move(one),
                                  deadline);
  if (!items) co_return to_public(items.error());
  co_return std::move(items->front().result);
}

io::Task<Result<std::vector<kafka::Named<Committed>>>> offsets_of_groups(
    Cluster& cluster, std::vector<std::string> groups, MonotonicTime deadline) {
  co_return co_await ask_items(cluster, Route::kGroupCoordinator, FetchOffsets(), std::move(groups),
                               deadline);
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

using Committed = std::vector<CommittedOffset>;

Op<Committed> Admin::group_offsets(std::string group, Wait wait) {
  client::CommittedQuery query;
  query.group = std::move(group);
  query.all = true;
  return client::start<Committed>(core_, wait, client::fetch_committed, std::move(query));
}

Op<Committed> Admin::group_offsets(std::string group, std::vector<TopicPartition> partitions,
                                   Wait wait) {
  client::CommittedQuery query;
  query.group = std::move(group);
  query.partitions = std::move(partitions);
  return client::start<Committed>(core_, wait, client::fetch_committed, std::move(query));
}

Op<std::vector<Named<Committed>>> Admin::offsets_of_groups(std::vector<std::string> groups,
                                                           Wait wait) {
  return client::start<std::vector<Named<Committed>>>(core_, wait, client::offsets_of_groups,
                                                      std::move(groups));
}

Op<std::vector<OfPartition<void>>> Admin::alter_group_offsets(std::string group,
                                                              std::vector<CommittedOffset> offsets,
                                                              Wait wait) {
  client::CommitOffsets api{.offsets = client::offset_map(std::move(offsets))};
  if (api.offsets.empty()) return Op<client::PartitionOutcomes>::ready(client::PartitionOutcomes());
  return client::start<client::PartitionOutcomes>(
      core_, wait, client::ask_group<client::CommitOffsets>, std::move(api), std::move(group));
}

Op<std::vector<OfPartition<void>>> Admin::delete_group_offsets(
    std::string group, std::vector<TopicPartition> partitions, Wait wait) {
  client::DeleteOffsets api{.partitions = std::move(partitions)};
  return client::start<client::PartitionOutcomes>(
      core_, wait, client::ask_group<client::DeleteOffsets>, std::move(api), std::move(group));
}

}  // namespace odradek::kafka
