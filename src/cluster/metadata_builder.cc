#include "cluster/metadata_builder.h"

#include <algorithm>
#include <limits>

namespace odradek::cluster {
namespace {

Result<Broker> build_broker(const proto::MetadataResponse::MetadataResponseBroker& source) {
  if (source.port <= 0 || source.port > std::numeric_limits<uint16_t>::max()) {
    return Error(Errc::kMalformed, "port of a broker out of range");
  }
  Broker broker;
  broker.id = source.node_id;
  broker.host = source.host;
  broker.port = static_cast<uint16_t>(source.port);
  if (!is_null(source.rack)) broker.rack = std::string(source.rack);
  return broker;
}

Partition build_partition(const proto::MetadataResponse::MetadataResponsePartition& source) {
  Partition partition;
  partition.id = source.partition_index;
  partition.error = static_cast<proto::ErrorCode>(source.error_code);
  partition.leader = source.leader_id;
  partition.leader_epoch = source.leader_epoch;
  partition.replicas.assign(source.replica_nodes.begin(), source.replica_nodes.end());
  partition.in_sync_replicas.assign(source.isr_nodes.begin(), source.isr_nodes.end());
  return partition;
}

Topic build_topic(const proto::MetadataResponse::MetadataResponseTopic& source,
                  const Metadata& previous) {
  Topic topic;
  topic.name = source.name;
  topic.id = source.topic_id;
  topic.error = static_cast<proto::ErrorCode>(source.error_code);
  topic.is_internal = source.is_internal;
  const Topic* before = previous.topic(std::string_view(topic.name));
  if (before != nullptr && before->id != topic.id) before = nullptr;

  topic.partitions.reserve(source.partitions.size());
  for (const auto& item : source.partitions) {
    const Partition* old = before == nullptr ? nullptr : before->partition(item.partition_index);
    const bool goes_back = old != nullptr && item.leader_epoch < old->leader_epoch;
    topic.partitions.push_back(goes_back ? *old : build_partition(item));
  }
  std::ranges::sort(topic.partitions, {}, &Partition::id);
  return topic;
}

}  // namespace

Result<MetadataPtr> build_metadata(const proto::MetadataResponse& response,
                                   const Metadata& previous, bool asked_for_all,
                                   MonotonicTime now) {
  auto metadata = std::make_shared<Metadata>();
  metadata->cluster_id = response.cluster_id;
  metadata->controller_id = response.controller_id;
  metadata->has_all_topics = asked_for_all;
  metadata->fetched_at = now;
  metadata->brokers.reserve(response.brokers.size());
  for (const auto& item : response.brokers) {
    ODK_TRY(Broker broker, build_broker(item));
    metadata->brokers.push_back(std::move(broker));
  }
  metadata->topics.reserve(response.topics.size());
  for (const auto& item : response.topics) {
    metadata->topics.push_back(build_topic(item, previous));
  }
  std::ranges::sort(metadata->topics, {}, &Topic::name);
  return MetadataPtr(std::move(metadata));
}

}  // namespace odradek::cluster
