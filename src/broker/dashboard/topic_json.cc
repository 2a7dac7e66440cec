#include "broker/dashboard/topic_json.h"

#include <fmt/format.h>

#include "broker/dashboard/api.h"
#include "broker/state_log.h"

namespace odradek::broker::dashboard {
namespace {

Json topic_setting(const Node& node, const Topic& topic, std::string_view name) {
  const ConfigDef* def = find_topic_config(name);
  const ConfigValue value = node.settings().topic_get(*def, topic.overrides);
  return value.value ? Json(*value.value) : Json(nullptr);
}

}  // namespace

Result<Topic*> find_topic(const Node& node, std::string_view name) {
  Topic* topic = node.topics().find(name);
  if (topic != nullptr) return topic;
  return Error::server(proto::to_number(proto::ErrorCode::kUnknownTopicOrPartition),
                       fmt::format("there is no topic {}", name));
}

Json topic_summary_json(const Node& node, const Topic& topic) {
  uint64_t bytes = 0;
  int64_t records = 0;
  int64_t produced = 0;
  for (const auto& partition : topic.partitions) {
    bytes += partition->log.size_bytes();
    records += partition->log.end_offset() - partition->log.start_offset();
    produced += partition->log.end_offset();
  }
  return {{"name", topic.name},
          {"id", topic.id.to_string()},
          {"internal", is_internal_topic(topic.name)},
          {"partitions", topic.partitions.size()},
          {"offsets", records},
          {"end_offsets", produced},
          {"bytes", bytes},
          {"cleanup_policy", topic_setting(node, topic, "cleanup.policy")},
          {"retention_ms", topic_setting(node, topic, "retention.ms")},
          {"retention_bytes", topic_setting(node, topic, "retention.bytes")}};
}

Json partition_json(const Partition& partition) {
  const log::PartitionLog& log = partition.log;
  return {{"partition", partition.index},
          {"start_offset", log.start_offset()},
          {"end_offset", log.end_offset()},
          {"high_watermark", log.high_watermark()},
          {"last_stable_offset", log.last_stable_offset()},
          {"leader_epoch", log.leader_epoch()},
          {"bytes", log.size_bytes()},
          {"has_waiting_fetches", !partition.waiters.empty()}};
}

}  // namespace odradek::broker::dashboard
