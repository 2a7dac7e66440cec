#include "broker/group_environment_of_node.h"

#include <algorithm>
#include <vector>

#include "broker/node.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;

// Source: CoordinatorOperationExceptionHelper.handleOperationException.
ErrorCode code_for_clients(ErrorCode error) {
  switch (error) {
    case ErrorCode::kMessageTooLarge: return ErrorCode::kUnknownServerError;
    case ErrorCode::kKafkaStorageError: return ErrorCode::kNotCoordinator;
    default: return error;
  }
}

GroupTopic view_of(const Topic& topic) {
  return {topic.name, topic.id, static_cast<int32_t>(topic.partitions.size())};
}

std::optional<GroupTopic> view_of(const Topic* topic) {
  if (topic == nullptr) return std::nullopt;
  return view_of(*topic);
}

}  // namespace

ErrorCode NodeGroupEnvironment::append(std::string_view group_id,
                                       std::span<const GroupRecord> records,
                                       TransactionOwner owner) {
  if (!std::ranges::all_of(records, &GroupRecord::is_writable)) {
    return ErrorCode::kUnknownServerError;
  }
  std::vector<StateRecord> views;
  views.reserve(records.size());
  for (const GroupRecord& record : records) {
    views.push_back({as_bytes(record.key), record.value ? as_bytes(*record.value) : Bytes()});
  }
  StateProducer producer;
  if (owner.is_set()) producer = {owner.producer_id, owner.epoch};
  return code_for_clients(node_.offsets_log().append(group_id, views, producer));
}

int32_t NodeGroupEnvironment::partition_of(std::string_view group_id) const {
  return node_.offsets_log().partition_of(group_id);
}

std::optional<GroupTopic> NodeGroupEnvironment::topic(std::string_view name) const {
  return view_of(node_.topics().find(name));
}

std::optional<GroupTopic> NodeGroupEnvironment::topic(const Uuid& id) const {
  return view_of(node_.topics().find(id));
}

void NodeGroupEnvironment::for_each_topic(
    const std::function<void(const GroupTopic&)>& visit) const {
  for (const auto& [name, topic] : node_.topics().all()) visit(view_of(*topic));
}

ConsumerTimes NodeGroupEnvironment::consumer_times(std::string_view group_id) const {
  const auto ms = [&](std::string_view name) {
    return std::chrono::milliseconds(node_.settings().group_long(name, group_id));
  };
  ConsumerTimes times;
  times.session_timeout = ms("consumer.session.timeout.ms");
  times.heartbeat_interval = ms("consumer.heartbeat.interval.ms");
  times.assignment_interval = ms("consumer.assignment.interval.ms");
  return times;
}

}  // namespace odradek::broker
