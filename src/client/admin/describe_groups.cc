// Admin::describe_group and describe_groups.
#include "client/admin/describe_groups.h"

#include "client/admin/ask.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "client/consumer/subscription_codec.h"
#include "proto/messages/consumer_group_describe_request.h"
#include "proto/messages/consumer_group_describe_response.h"
#include "proto/messages/describe_groups_request.h"
#include "proto/messages/describe_groups_response.h"

namespace odradek::client {
namespace {

using ConsumerAssignment = proto::ConsumerGroupDescribeResponse::Assignment;

std::vector<kafka::TopicPartition> partitions_of(const ConsumerAssignment& assignment) {
  std::vector<kafka::TopicPartition> partitions;
  for (const auto& topic : assignment.topic_partitions) {
    for (const int32_t id : topic.partitions) {
      partitions.push_back({std::string(topic.topic_name), id});
    }
  }
  return partitions;
}

kafka::GroupDescription description_of(
    const proto::ConsumerGroupDescribeResponse::DescribedGroup& group) {
  kafka::GroupDescription description;
  description.id = group.group_id;
  description.state = group.group_state;
  description.protocol_type = "consumer";
  description.assignor = group.assignor_name;
  description.type = "Consumer";
  description.epoch = group.group_epoch;
  description.assignment_epoch = group.assignment_epoch;
  description.authorized_operations = operations_of(group.authorized_operations);
  for (const auto& item : group.members) {
    kafka::GroupMember& member = description.members.emplace_back();
    member.member_id = item.member_id;
    member.instance_id = item.instance_id;
    member.client_id = item.client_id;
    member.host = item.client_host;
    member.rack = item.rack_id;
    member.epoch = item.member_epoch;
    member.assignment = partitions_of(item.assignment);
    member.target_assignment = partitions_of(item.target_assignment);
    member.subscribed_topics.assign(item.subscribed_topic_names.begin(),
                                    item.subscribed_topic_names.end());
    member.subscribed_pattern = item.subscribed_topic_regex;
  }
  return description;
}

kafka::GroupDescription description_of(const proto::DescribeGroupsResponse::DescribedGroup& group) {
  kafka::GroupDescription description;
  description.id = group.group_id;
  description.state = group.group_state;
  description.protocol_type = group.protocol_type;
  description.assignor = group.protocol_data;
  description.type = "Classic";
  description.authorized_operations = operations_of(group.authorized_operations);
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

template <class Response>
Result<void> read_groups(const Response& response,
                         Replies<std::string, kafka::GroupDescription>& replies) {
  for (const auto& group : response.groups) {
    const std::string id(group.group_id);
    if (group.error_code == 0) {
      replies.set(id, description_of(group));
    } else {
      replies.fail(id, group.error_code, group.error_message);
    }
  }
  return {};
}

// The consumer protocol (KIP-848).
struct DescribeConsumerGroups {
  using Request = proto::ConsumerGroupDescribeRequest;
  using Key = std::string;
  using Value = kafka::GroupDescription;
  static constexpr std::string_view kDoing = "describe group";

  std::vector<std::string_view> names{};

  Request request(const std::vector<Key>& groups) {
    names = views_of(groups);
    Request request;
    request.group_ids = proto::array_of(names);
    request.include_authorized_operations = true;
    return request;
  }
  static Result<void> read(const proto::ConsumerGroupDescribeResponse& response,
                           const std::vector<Key>&, Replies<Key, Value>& replies) {
    return read_groups(response, replies);
  }
};

// The classic protocol.
struct DescribeClassicGroups {
  using Request = proto::DescribeGroupsRequest;
  using Key = std::string;
  using Value = kafka::GroupDescription;
  static constexpr std::string_view kDoing = "describe group";

  std::vector<std::string_view> names{};

  Request request(const std::vector<Key>& groups) {
    names = views_of(groups);
    Request request;
    request.groups = proto::array_of(names);
    request.include_authorized_operations = true;
    return request;
  }
  static Result<void> read(const proto::DescribeGroupsResponse& response, const std::vector<Key>&,
                           Replies<Key, Value>& replies) {
    return read_groups(response, replies);
  }
};

// The group is of the other protocol, or the broker knows only that one.
bool is_classic(const kafka::KafkaError& error) {
  return error.kind() == kafka::ErrorKind::unsupported ||
         error.code() == kafka::ServerCode::group_id_not_found ||
         error.code() == kafka::ServerCode::unsupported_version;
}

// What each group's coordinator is, as it was just asked.
io::Task<void> add_coordinators(Cluster& cluster, DescribedGroups& groups, MonotonicTime deadline) {
  for (auto& group : groups) {
    if (!group.result) continue;
    auto id =
        co_await cluster.coordinator_id(cluster::CoordinatorType::kGroup, group.name, deadline);
    if (id) group.result->coordinator = *id;
  }
}

}  // namespace

io::Task<Result<DescribedGroups>> describe_groups(Cluster& cluster, std::vector<std::string> groups,
                                                  MonotonicTime deadline) {
  auto described = co_await ask_items(cluster, Route::kGroupCoordinator, DescribeConsumerGroups(),
                                      groups, deadline);
  std::vector<std::string> others;
  if (described) {
    for (const auto& group : *described) {
      if (!group.result && is_classic(group.result.error())) others.push_back(group.name);
    }
  } else if (is_classic(to_public(described.error()))) {
    others = groups;
    described = DescribedGroups();
    for (const std::string& name : groups) {
      described->push_back({name, to_public(Error(Errc::kUnsupported))});
    }
  }
  if (!described) co_return described.error();
  if (!others.empty()) {
    const bool is_all = others.size() == described->size();
    auto classic = co_await ask_items(cluster, Route::kGroupCoordinator, DescribeClassicGroups(),
                                      others, deadline);
    if (!classic && is_all) co_return classic.error();
    for (size_t i = 0, next = 0; next < others.size(); ++i) {
      auto& group = (*described)[i];
      if (group.name != others[next]) continue;
      if (classic) group = std::move((*classic)[next]);
      if (!classic) group.result = to_public(classic.error());
      ++next;
    }
  }
  co_await add_coordinators(cluster, *described, deadline);
  co_return described;
}

io::Task<kafka::Result<kafka::GroupDescription>> describe_group(Cluster& cluster, std::string group,
                                                                MonotonicTime deadline) {
  std::vector<std::string> one(1, group);
  auto described = co_await describe_groups(cluster, std::move(one), deadline);
  if (!described) co_return to_public(described.error());
  co_return std::move(described->front().result);
}

}  // namespace odradek::client

namespace odradek::kafka {

Op<GroupDescription> Admin::describe_group(std::string group, Wait wait) {
  return client::start<GroupDescription>(core_, wait, client::describe_group, std::move(group));
}

Op<std::vector<Named<GroupDescription>>> Admin::describe_groups(std::vector<std::string> groups,
                                                                Wait wait) {
  return client::start<client::DescribedGroups>(core_, wait, client::describe_groups,
                                                std::move(groups));
}

}  // namespace odradek::kafka
