// Admin calls about groups and their offsets.
#include <fmt/format.h>

#include "client/admin/admin_call.h"
#include "client/admin/admin_tasks.h"
#include "client/consumer/subscription_codec.h"
#include "client/grouped.h"
#include "proto/messages/delete_groups_request.h"
#include "proto/messages/delete_groups_response.h"
#include "proto/messages/describe_groups_request.h"
#include "proto/messages/describe_groups_response.h"
#include "proto/messages/list_groups_request.h"
#include "proto/messages/list_groups_response.h"
#include "proto/messages/offset_delete_request.h"
#include "proto/messages/offset_delete_response.h"

namespace odradek::client {
namespace {

io::Task<Result<void>> list_groups_of(Cluster& cluster, int32_t broker_id,
                                      std::vector<kafka::GroupListing>& into,
                                      MonotonicTime deadline) {
  auto connected = co_await cluster.connection(broker_id, cluster::kGeneralLane, deadline);
  if (!connected) co_return connected.error();
  proto::ListGroupsRequest request;
  request.states_filter = proto::empty_array<std::string_view>();
  request.types_filter = proto::empty_array<std::string_view>();
  auto answer = co_await cluster.call(*std::move(connected), request, deadline);
  if (!answer) co_return answer.error();
  const proto::ErrorCode code = proto::error_code(answer->message.error_code);
  if (code != proto::ErrorCode::kNone) {
    co_return proto::to_error(code, fmt::format("list groups of broker {}", broker_id));
  }
  for (const auto& group : answer->message.groups) {
    into.push_back({.id = std::string(group.group_id),
                    .protocol_type = std::string(group.protocol_type),
                    .state = std::string(group.group_state),
                    .type = std::string(group.group_type)});
  }
  co_return Result<void>{};
}

proto::ErrorCode first_code(const proto::DescribeGroupsResponse& response) {
  return response.groups.empty() ? proto::ErrorCode::kNone
                                 : proto::error_code(response.groups.front().error_code);
}

kafka::GroupDescription describe(const proto::DescribeGroupsResponse::DescribedGroup& group) {
  kafka::GroupDescription description{.id = std::string(group.group_id),
                                      .state = std::string(group.group_state),
                                      .protocol_type = std::string(group.protocol_type),
                                      .assignor = std::string(group.protocol_data),
                                      .members = {}};
  for (const auto& item : group.members) {
    kafka::GroupMember& member = description.members.emplace_back();
    member.member_id = item.member_id;
    member.instance_id = item.group_instance_id;
    member.client_id = item.client_id;
    member.host = item.client_host;
    // Groups of other protocol types, such as Kafka Connect's, have assignments of their own kind.
    if (auto assignment = decode_assignment(item.member_assignment)) {
      member.assignment = *std::move(assignment);
    }
  }
  return description;
}

}  // namespace

io::Task<Result<std::vector<kafka::GroupListing>>> list_groups(Cluster& cluster,
                                                               MonotonicTime deadline) {
  while (true) {
    auto metadata = co_await cluster.refresh({}, deadline);
    if (!metadata) co_return metadata.error().with_context("list groups");
    std::vector<kafka::GroupListing> groups;
    Result<void> listed;
    for (const cluster::Broker& broker : (*metadata)->brokers) {
      listed = co_await list_groups_of(cluster, broker.id, groups, deadline);
      if (!listed) break;
    }
    if (listed) co_return groups;
    const Error& error = listed.error();
    const bool is_transient =
        is_network_failure(error) || (error.code() == Errc::kServer &&
                                      proto::is_retriable(proto::error_code(error.server_code())));
    const Result<void> paused = co_await pause_admin(cluster, deadline, error, is_transient);
    if (!paused) co_return paused.error().with_context("list groups");
  }
}

io::Task<Result<kafka::GroupDescription>> describe_group(Cluster& cluster, std::string group,
                                                         MonotonicTime deadline) {
  std::string_view names[] = {group};
  proto::DescribeGroupsRequest request;
  request.groups = proto::array_of(names);
  auto answer = co_await coordinator_call(cluster, group, request, first_code, deadline);
  if (!answer) co_return answer.error().with_context("describe group " + group);
  if (answer->message.groups.empty()) {
    co_return Error(Errc::kMalformed, "DescribeGroups answer without group");
  }
  const auto& described = answer->message.groups.front();
  const proto::ErrorCode code = proto::error_code(described.error_code);
  if (code != proto::ErrorCode::kNone) {
    co_return proto::to_error(code, "describe group " + group, described.error_message);
  }
  co_return describe(described);
}

namespace {

proto::ErrorCode first_deleted(const proto::DeleteGroupsResponse& response) {
  return response.results.empty() ? proto::ErrorCode::kNone
                                  : proto::error_code(response.results.front().error_code);
}

proto::ErrorCode offsets_deleted(const proto::OffsetDeleteResponse& response) {
  return proto::error_code(response.error_code);
}

}  // namespace

io::Task<Result<Outcomes>> delete_groups(Cluster& cluster, std::vector<std::string> groups,
                                         MonotonicTime deadline) {
  Outcomes outcomes;
  for (const std::string& group : groups) {  // each may have another coordinator
    std::string_view names[] = {group};
    proto::DeleteGroupsRequest request;
    request.groups_names = proto::array_of(names);
    auto answer = co_await coordinator_call(cluster, group, request, first_deleted, deadline);
    if (!answer) co_return answer.error().with_context("delete group " + group);
    for (const auto& result : answer->message.results) {
      outcomes.push_back(
          to_outcome(result.group_id, result.error_code, result.error_message, "delete group"));
    }
  }
  co_return outcomes;
}

io::Task<Result<void>> delete_group_offsets(Cluster& cluster, std::string group,
                                            std::vector<kafka::TopicPartition> partitions,
                                            MonotonicTime deadline) {
  using Request = proto::OffsetDeleteRequest;
  Grouped<Request::OffsetDeleteRequestPartition> grouped;
  for (const auto& id : partitions) grouped.add(id.topic).partition_index = id.partition;
  auto topics = grouped.topics<Request::OffsetDeleteRequestTopic>();
  Request request;
  request.group_id = group;
  request.topics = proto::array_of(topics);
  auto answer = co_await coordinator_call(cluster, group, request, offsets_deleted, deadline);
  if (!answer) co_return answer.error().with_context("delete offsets of group " + group);
  const proto::ErrorCode code = offsets_deleted(answer->message);
  if (code != proto::ErrorCode::kNone) {
    co_return proto::to_error(code, "delete offsets of group " + group);
  }
  for (const auto& topic : answer->message.topics) {
    for (const auto& partition : topic.partitions) {
      const proto::ErrorCode failed = proto::error_code(partition.error_code);
      if (failed == proto::ErrorCode::kNone) continue;
      co_return proto::to_error(failed, fmt::format("delete offset of group {} in {}-{}", group,
                                                    topic.name, partition.partition_index));
    }
  }
  co_return Result<void>{};
}

}  // namespace odradek::client
