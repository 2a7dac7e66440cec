#include "broker/topic_records.h"

#include <array>

#include "proto/messages/config_record.h"
#include "proto/messages/partition_record.h"
#include "proto/messages/producer_ids_record.h"
#include "proto/messages/register_broker_record.h"
#include "proto/messages/remove_topic_record.h"
#include "proto/messages/topic_record.h"

namespace odradek::broker {
namespace {

constexpr int16_t kDirectoriesFrom = 1;  // of PartitionRecord

}  // namespace

TopicReplay::TopicReplay(MetadataLog& log) {
  log.on<proto::TopicRecord>([this](const proto::TopicRecord& record) -> Result<void> {
    topics_[record.topic_id].name = record.name;
    return {};
  });
  log.on<proto::PartitionRecord>([this](const proto::PartitionRecord& record) -> Result<void> {
    const auto topic = topics_.find(record.topic_id);
    if (topic == topics_.end()) return Error(Errc::kMalformed, "a partition without its topic");
    topic->second.leader_epochs[record.partition_id] = record.leader_epoch;
    return {};
  });
  log.on<proto::RemoveTopicRecord>([this](const proto::RemoveTopicRecord& record) -> Result<void> {
    topics_.erase(record.topic_id);
    return {};
  });
  log.on<proto::ConfigRecord>([this](const proto::ConfigRecord& record) {
    return set_config(record.resource_type, record.resource_name, record.name, record.value);
  });
  log.on<proto::ProducerIdsRecord>([this](const proto::ProducerIdsRecord& record) -> Result<void> {
    next_producer_id_ = record.next_producer_id;
    return {};
  });
  // Each start of the broker is an election: all partitions get their next epoch.
  log.on<proto::RegisterBrokerRecord>([this](const proto::RegisterBrokerRecord&) -> Result<void> {
    for (auto& [id, topic] : topics_) {
      for (auto& [partition, epoch] : topic.leader_epochs) ++epoch;
    }
    return {};
  });
}

Result<void> TopicReplay::set_config(int8_t type, std::string_view resource, std::string_view name,
                                     std::string_view value) {
  TopicOverrides* values = nullptr;
  if (type == static_cast<int8_t>(ConfigOwner::kBroker)) values = &brokers_[std::string(resource)];
  if (type == static_cast<int8_t>(ConfigOwner::kGroup)) values = &groups_[std::string(resource)];
  for (auto& [id, topic] : topics_) {
    if (type == static_cast<int8_t>(ConfigOwner::kTopic) && topic.name == resource) {
      values = &topic.overrides;
    }
  }
  // Of a topic that is no more.
  if (values == nullptr) return {};
  if (is_null(value)) {
    values->erase(std::string(name));
  } else {
    values->insert_or_assign(std::string(name), std::string(value));
  }
  return {};
}

void add_topic(MetadataBatch& batch, const TopicFacts& topic) {
  proto::TopicRecord record;
  record.name = topic.name;
  record.topic_id = topic.id;
  batch.add(record);
}

void add_partitions(MetadataBatch& batch, const TopicFacts& topic, int32_t first, int32_t end) {
  std::array<int32_t, 1> node{topic.node_id};
  std::array<Uuid, 1> directory{topic.directory_id};
  for (int32_t index = first; index < end; ++index) {
    proto::PartitionRecord record;
    record.partition_id = index;
    record.topic_id = topic.id;
    record.replicas = record.isr = node;
    record.leader = topic.node_id;
    record.leader_epoch = record.partition_epoch = 0;
    record.directories = directory;
    batch.add(record, kDirectoriesFrom);
  }
}

void add_config_changes(MetadataBatch& batch, ConfigOwner owner, std::string_view resource,
                        const TopicOverrides& before, const TopicOverrides& after) {
  const auto add = [&](std::string_view name, std::string_view value) {
    proto::ConfigRecord record;
    record.resource_type = static_cast<int8_t>(owner);
    record.resource_name = resource;
    record.name = name;
    record.value = value;
    batch.add(record);
  };
  for (const auto& [name, value] : before) {
    if (!after.contains(name)) add(name, {});
  }
  for (const auto& [name, value] : after) {
    const auto known = before.find(name);
    if (known == before.end() || known->second != value) add(name, value);
  }
}

}  // namespace odradek::broker
