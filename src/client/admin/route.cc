#include "client/admin/route.h"

#include <fmt/format.h>

#include <charconv>

#include "client/admin/admin_call.h"
#include "client/coordinator_errors.h"

namespace odradek::client {
namespace {

bool is_transient_or_internal(const Error& error) { return is_transient(error); }

cluster::CoordinatorType type_of(Route route) {
  return route == Route::kGroupCoordinator ? cluster::CoordinatorType::kGroup
                                           : cluster::CoordinatorType::kTransaction;
}

Place at_broker(int32_t id) { return {.kind = Place::Kind::kBroker, .broker = id}; }

}  // namespace

bool (*rule_of(Route route))(const Error&) {
  return route == Route::kLeader ? is_transient_or_internal : is_worth_repeating;
}

int32_t broker_of(const kafka::Resource& resource) {
  using kafka::ResourceType;
  if (resource.type != ResourceType::broker && resource.type != ResourceType::broker_logger) {
    return -1;
  }
  const std::string& name = resource.name;
  int32_t id = -1;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), id);
  return failure == std::errc() && end == name.data() + name.size() ? id : -1;
}

io::Task<Result<cluster::Cluster::Connection>> connect(cluster::Cluster& cluster, Place place,
                                                       MonotonicTime deadline) {
  switch (place.kind) {
    case Place::Kind::kController: return cluster.controller(deadline);
    case Place::Kind::kBroker:
      return cluster.connection(place.broker, cluster::kGeneralLane, deadline);
    case Place::Kind::kAnyBroker: break;
  }
  return cluster.any_connection(deadline);
}

io::Task<Result<void>> learn_leaders(cluster::Cluster& cluster, std::vector<std::string> topics,
                                     MonotonicTime deadline) {
  const cluster::MetadataPtr before = cluster.cached_metadata();
  const auto metadata = co_await cluster.metadata(std::move(topics), deadline);
  const bool has_news = cluster.cached_metadata()->fetched_at != before->fetched_at;
  if (metadata || has_news) co_return Result<void>{};
  co_return metadata.error();
}

Result<Place> leader_of(cluster::Cluster& cluster, const kafka::TopicPartition& id) {
  using proto::ErrorCode;
  const cluster::MetadataPtr metadata = cluster.cached_metadata();
  const cluster::Topic* topic = metadata->topic(std::string_view(id.topic));
  const std::string name = fmt::format("{}-{}", id.topic, id.partition);
  if (topic != nullptr && topic->error != ErrorCode::kNone) {
    return proto::to_error(topic->error, name);
  }
  const cluster::Partition* partition = topic == nullptr ? nullptr : topic->partition(id.partition);
  if (partition == nullptr) return proto::to_error(ErrorCode::kUnknownTopicOrPartition, name);
  if (partition->leader < 0) return proto::to_error(ErrorCode::kLeaderNotAvailable, name);
  return at_broker(partition->leader);
}

io::Task<Result<Place>> find_coordinator(cluster::Cluster& cluster, Route route, std::string key,
                                         MonotonicTime deadline) {
  auto found = co_await cluster.coordinator_id(type_of(route), std::move(key), deadline);
  if (!found) co_return found.error();
  co_return at_broker(*found);
}

void forget_coordinator(cluster::Cluster& cluster, Route route, const std::string& key) {
  cluster.forget_coordinator(type_of(route), key);
}

}  // namespace odradek::client
