#include <fmt/format.h>

#include <algorithm>

#include "backup/engine/source.h"
#include "proto/error_code.h"
#include "proto/messages/describe_share_group_offsets_request.h"
#include "proto/messages/describe_share_group_offsets_response.h"
#include "proto/messages/list_groups_request.h"
#include "proto/messages/list_groups_response.h"
#include "proto/messages/offset_fetch_request.h"
#include "proto/messages/offset_fetch_response.h"

namespace odradek::backup {
namespace {

constexpr Duration kRetryPause = std::chrono::milliseconds(100);
constexpr int16_t kOffsetFetchOneGroupVersion = 7;
constexpr Duration kStableWait = std::chrono::seconds(5);

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

Error server_error(int16_t code, const std::string& context) {
  return proto::to_error(proto::error_code(code), context);
}

void sort_offsets(GroupState& group) {
  std::ranges::sort(group.offsets, [](const GroupOffset& a, const GroupOffset& b) {
    return std::tie(a.topic, a.partition) < std::tie(b.topic, b.partition);
  });
}

}  // namespace

io::Task<Result<std::vector<GroupState>>> Source::list_groups(MonotonicTime deadline) {
  ODK_CO_TRY(const cluster::MetadataPtr metadata, co_await cluster_->metadata({}, deadline));
  std::vector<GroupState> groups;
  for (const cluster::Broker& broker : metadata->brokers) {
    ODK_CO_TRY(cluster::Cluster::Connection connection,
               co_await cluster_->connection(broker.id, cluster::kGeneralLane, deadline));
    proto::ListGroupsRequest request;
    request.states_filter = proto::empty_array<std::string_view>();
    request.types_filter = proto::empty_array<std::string_view>();
    ODK_CO_TRY(auto answer, co_await cluster_->call(connection, request, deadline));
    if (answer->error_code != 0) {
      co_return server_error(answer->error_code,
                             fmt::format("list groups of broker {}", broker.id));
    }
    for (const auto& group : answer->groups) {
      GroupState listed;
      listed.id = group.group_id;
      listed.state = group.group_state;
      listed.protocol_type = group.protocol_type;
      // Brokers that do not say it have classic groups only.
      if (!group.group_type.empty()) listed.type = lower_case(group.group_type);
      groups.push_back(std::move(listed));
    }
  }
  std::ranges::sort(groups, {}, &GroupState::id);
  const auto twice = std::ranges::unique(groups, {}, &GroupState::id);
  groups.erase(twice.begin(), twice.end());
  co_return groups;
}

io::Task<Result<void>> Source::fetch_offsets(GroupState& group, bool stable,
                                             MonotonicTime deadline) {
  ODK_CO_TRY(cluster::Cluster::Connection coordinator,
             co_await cluster_->coordinator(cluster::CoordinatorType::kGroup, group.id,
                                            cluster::kGeneralLane, deadline));
  proto::OffsetFetchRequest request;
  group.offsets.clear();
  request.group_id = group.id;
  request.topics = {};  // null: every partition the group committed
  request.require_stable = stable;
  ODK_CO_TRY(auto answer,
             co_await cluster_->call(coordinator, request, deadline, kOffsetFetchOneGroupVersion));
  if (answer->error_code != 0) {
    co_return server_error(answer->error_code, "fetch offsets of group " + group.id);
  }
  for (const auto& topic : answer->topics) {
    for (const auto& partition : topic.partitions) {
      if (partition.error_code != 0) {
        co_return server_error(partition.error_code, "fetch offsets of group " + group.id);
      }
      if (partition.committed_offset < 0) continue;
      group.offsets.push_back({std::string(topic.name), partition.partition_index,
                               partition.committed_offset, partition.committed_leader_epoch,
                               std::string(partition.metadata)});
    }
  }
  sort_offsets(group);
  co_return Result<void>{};
}

io::Task<Result<std::vector<GroupState>>> Source::groups(std::vector<std::string> only) {
  const MonotonicTime deadline = cluster_->request_deadline();
  Result<std::vector<GroupState>> listed = co_await list_groups(deadline);
  // A coordinator that just moved is still loading its groups.
  while (!listed && is_worth_retrying(listed.error()) && cluster_->loop().now() < deadline) {
    cluster_->expire_metadata();
    ODK_CO_TRY_VOID(co_await io::sleep(cluster_->loop(), kRetryPause));
    listed = co_await list_groups(deadline);
  }
  if (!listed) co_return listed.error();
  std::vector<GroupState> groups = *std::move(listed);
  if (!only.empty()) {
    std::erase_if(groups, [&only](const GroupState& group) {
      return std::ranges::find(only, group.id) == only.end();
    });
  }
  for (GroupState& group : groups) {
    // A transaction that is about to commit positions is waited for; one that hangs is not: the
    // positions before it hold.
    const MonotonicTime stable_until = cluster_->loop().now() + kStableWait;
    while (true) {
      Result<void> fetched;
      if (group.is_share()) {
        fetched = co_await fetch_share_offsets(group, deadline);
        // A cluster may list share groups and not tell where they stand (before 4.1).
        if (!fetched && fetched.error().code() == Errc::kUnsupported) break;
      } else {
        const bool stable = cluster_->loop().now() < stable_until;
        fetched = co_await fetch_offsets(group, stable, deadline);
      }
      if (fetched) break;
      if (!is_worth_retrying(fetched.error()) || cluster_->loop().now() >= deadline) {
        co_return fetched.error();
      }
      cluster_->forget_coordinator(cluster::CoordinatorType::kGroup, group.id);
      ODK_CO_TRY_VOID(co_await io::sleep(cluster_->loop(), kRetryPause));
    }
  }
  co_return groups;
}

// Source: KIP-932, DescribeShareGroupOffsetsRequest.json; null topics ask for all.
io::Task<Result<void>> Source::fetch_share_offsets(GroupState& group, MonotonicTime deadline) {
  ODK_CO_TRY(cluster::Cluster::Connection coordinator,
             co_await cluster_->coordinator(cluster::CoordinatorType::kGroup, group.id,
                                            cluster::kGeneralLane, deadline));
  proto::DescribeShareGroupOffsetsRequest::DescribeShareGroupOffsetsRequestGroup asked;
  asked.group_id = group.id;
  asked.topics = {};
  proto::DescribeShareGroupOffsetsRequest request;
  request.groups = {&asked, 1};
  group.offsets.clear();
  ODK_CO_TRY(auto answer, co_await cluster_->call(coordinator, request, deadline));
  const std::string context = "describe offsets of share group " + group.id;
  for (const auto& answered : answer->groups) {
    if (answered.error_code != 0) co_return server_error(answered.error_code, context);
    for (const auto& topic : answered.topics) {
      for (const auto& partition : topic.partitions) {
        if (partition.error_code != 0) co_return server_error(partition.error_code, context);
        if (partition.start_offset < 0) continue;
        group.offsets.push_back({std::string(topic.topic_name), partition.partition_index,
                                 partition.start_offset, partition.leader_epoch, ""});
      }
    }
  }
  sort_offsets(group);
  co_return Result<void>{};
}

}  // namespace odradek::backup
