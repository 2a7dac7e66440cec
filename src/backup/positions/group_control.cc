#include "backup/positions/group_control.h"

#include <fmt/format.h>

#include <map>

#include "proto/error_code.h"
#include "proto/messages/consumer_group_describe_request.h"
#include "proto/messages/consumer_group_describe_response.h"
#include "proto/messages/delete_groups_request.h"
#include "proto/messages/delete_groups_response.h"
#include "proto/messages/describe_groups_request.h"
#include "proto/messages/describe_groups_response.h"
#include "proto/messages/offset_delete_request.h"
#include "proto/messages/offset_delete_response.h"

namespace odradek::backup {
namespace {

constexpr Duration kRetryPause = std::chrono::milliseconds(100);

Error answered(int16_t code, const std::string& context, std::string_view words = {}) {
  return proto::to_error(proto::error_code(code), context, words);
}

bool is_unknown_group(const Error& error) {
  return error.code() == Errc::kServer &&
         proto::error_code(error.server_code()) == proto::ErrorCode::kGroupIdNotFound;
}

template <class Member>
std::string name_of(const Member& member) {
  return fmt::format("{} (client {}) at {}", member.member_id, member.client_id,
                     member.client_host);
}

}  // namespace

io::Task<Result<cluster::Cluster::Connection>> GroupControl::coordinator(std::string group,
                                                                         MonotonicTime deadline) {
  co_return co_await cluster_->coordinator(cluster::CoordinatorType::kGroup, std::move(group),
                                           cluster::kGeneralLane, deadline);
}

io::Task<Result<GroupNow>> GroupControl::describe(std::string group) {
  const MonotonicTime deadline = cluster_->request_deadline();
  while (true) {
    Result<GroupNow> now = co_await describe_classic(group, deadline);
    const bool may_be_newer = (now && !now->exists) || (!now && is_unknown_group(now.error()));
    if (may_be_newer) now = co_await describe_consumer(group, deadline);
    if (now || !is_worth_retrying(now.error()) || cluster_->loop().now() >= deadline) {
      co_return now;
    }
    cluster_->forget_coordinator(cluster::CoordinatorType::kGroup, group);
    ODK_CO_TRY_VOID(co_await io::sleep(cluster_->loop(), kRetryPause));
  }
}

// A group that does not exist is Dead to old versions, and an error to new ones (KIP-1043).
io::Task<Result<GroupNow>> GroupControl::describe_classic(std::string group,
                                                          MonotonicTime deadline) {
  ODK_CO_TRY(cluster::Cluster::Connection connection, co_await coordinator(group, deadline));
  std::string_view asked = group;
  proto::DescribeGroupsRequest request;
  request.groups = {&asked, 1};
  ODK_CO_TRY(auto answer, co_await cluster_->call(connection, request, deadline));
  GroupNow now;
  for (const auto& described : answer->groups) {
    if (described.error_code != 0) {
      co_return answered(described.error_code, "describe group " + group, described.error_message);
    }
    now.state = described.group_state;
    now.exists = now.state != "Dead";
    for (const auto& member : described.members) now.members.push_back(name_of(member));
  }
  co_return now;
}

io::Task<Result<GroupNow>> GroupControl::describe_consumer(std::string group,
                                                           MonotonicTime deadline) {
  ODK_CO_TRY(cluster::Cluster::Connection connection, co_await coordinator(group, deadline));
  if (!connection->version_for(proto::ConsumerGroupDescribeRequest::kApiKey)) {
    co_return GroupNow{};
  }
  std::string_view asked = group;
  proto::ConsumerGroupDescribeRequest request;
  request.group_ids = {&asked, 1};
  ODK_CO_TRY(auto answer, co_await cluster_->call(connection, request, deadline));
  GroupNow now;
  for (const auto& described : answer->groups) {
    if (proto::error_code(described.error_code) == proto::ErrorCode::kGroupIdNotFound) continue;
    if (described.error_code != 0) {
      co_return answered(described.error_code, "describe group " + group, described.error_message);
    }
    now.exists = true;
    now.state = described.group_state;
    for (const auto& member : described.members) now.members.push_back(name_of(member));
  }
  co_return now;
}

io::Task<Result<std::vector<GroupOffset>>> GroupControl::positions(std::string group) {
  const std::vector<std::string> only = {group};
  ODK_CO_TRY(const std::vector<GroupState> found, co_await source_.groups(only));
  if (found.empty()) co_return std::vector<GroupOffset>{};
  co_return found.front().offsets;
}

io::Task<Result<void>> GroupControl::commit(std::string group, std::vector<GroupOffset> positions) {
  if (positions.empty()) co_return Result<void>{};
  co_return co_await target_.commit_offsets(std::move(group), std::move(positions));
}

io::Task<Result<void>> GroupControl::remove(std::string group, std::vector<GroupOffset> positions) {
  using Request = proto::OffsetDeleteRequest;
  if (positions.empty()) co_return Result<void>{};
  const MonotonicTime deadline = cluster_->request_deadline();
  std::map<std::string_view, std::vector<Request::OffsetDeleteRequestPartition>> by_topic;
  for (const GroupOffset& position : positions) {
    by_topic[position.topic].push_back({.partition_index = position.partition});
  }
  std::vector<Request::OffsetDeleteRequestTopic> topics;
  topics.reserve(by_topic.size());
  for (auto& [name, partitions] : by_topic) {
    topics.push_back({.name = name, .partitions = partitions});
  }
  ODK_CO_TRY(cluster::Cluster::Connection connection, co_await coordinator(group, deadline));
  Request request;
  request.group_id = group;
  request.topics = proto::array_of(topics);
  ODK_CO_TRY(auto answer, co_await cluster_->call(connection, request, deadline));
  if (answer->error_code != 0) {
    co_return answered(answer->error_code, "delete positions of group " + group);
  }
  for (const auto& topic : answer->topics) {
    for (const auto& partition : topic.partitions) {
      if (partition.error_code == 0) continue;
      co_return answered(partition.error_code,
                         fmt::format("delete the position of group {} in {}-{}", group, topic.name,
                                     partition.partition_index));
    }
  }
  co_return Result<void>{};
}

io::Task<Result<void>> GroupControl::remove_group(std::string group) {
  const MonotonicTime deadline = cluster_->request_deadline();
  ODK_CO_TRY(cluster::Cluster::Connection connection, co_await coordinator(group, deadline));
  std::string_view asked = group;
  proto::DeleteGroupsRequest request;
  request.groups_names = {&asked, 1};
  ODK_CO_TRY(auto answer, co_await cluster_->call(connection, request, deadline));
  for (const auto& result : answer->results) {
    const proto::ErrorCode code = proto::error_code(result.error_code);
    if (code == proto::ErrorCode::kNone || code == proto::ErrorCode::kGroupIdNotFound) continue;
    co_return proto::to_error(code, "delete group " + group);
  }
  co_return Result<void>{};
}

}  // namespace odradek::backup
