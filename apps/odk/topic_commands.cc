// odk list, topics and offsets.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "commands.h"
#include "json_output.h"
#include "offset_text.h"

namespace odk {

namespace ok = odradek::kafka;

namespace {

Json json_of(const ok::PartitionInfo& partition) {
  const auto brokers = [](const std::vector<int32_t>& ids) {
    Json list = Json::array();
    for (const int32_t id : ids) list.push_back({{"id", id}});
    return list;
  };
  return {{"partition", partition.id},
          {"leader", partition.leader},
          {"replicas", brokers(partition.replicas)},
          {"isrs", brokers(partition.in_sync_replicas)}};
}

Json json_of(const ok::TopicInfo& topic) {
  Json partitions = Json::array();
  for (const ok::PartitionInfo& partition : topic.partitions) {
    partitions.push_back(json_of(partition));
  }
  return {{"topic", topic.name}, {"id", topic.id.to_string()}, {"partitions", partitions}};
}

void print_topic(const ok::TopicInfo& topic) {
  write_out("  {} with {} partitions\n", topic.name, topic.partitions.size());
}

void print_details(const ok::TopicInfo& topic) {
  write_out("{}\tid {}\t{} partitions\n", topic.name, topic.id.to_string(),
            topic.partitions.size());
  for (const ok::PartitionInfo& partition : topic.partitions) {
    write_out("  {}\tleader {}\treplicas {}\tin sync {}{}\n", partition.id, partition.leader,
              fmt::join(partition.replicas, ","), fmt::join(partition.in_sync_replicas, ","),
              partition.offline_replicas.empty()
                  ? std::string()
                  : fmt::format("\toffline {}", fmt::join(partition.offline_replicas, ",")));
  }
}

ok::Result<std::vector<ok::TopicInfo>> topics_of(ok::Admin& admin, const Settings& settings) {
  if (settings.topics.empty()) return admin.list_topics(wait_of(settings)).get();
  return ok::all(admin.describe_topics(settings.topics, wait_of(settings)).get());
}

}  // namespace

Outcome list(const ok::Client& client, const Settings& settings) {
  ok::Admin admin(client);
  const auto cluster = admin.describe_cluster(wait_of(settings)).get();
  if (!cluster) return cluster.error();
  const auto topics = topics_of(admin, settings);
  if (!topics) return topics.error();
  if (settings.json) {
    Json all{{"cluster", cluster->id}, {"controllerid", cluster->controller}};
    all["brokers"] = Json::array();
    all["topics"] = Json::array();
    for (const ok::BrokerInfo& broker : cluster->brokers) {
      all["brokers"].push_back(
          {{"id", broker.id}, {"name", fmt::format("{}:{}", broker.host, broker.port)}});
    }
    for (const ok::TopicInfo& topic : *topics) all["topics"].push_back(json_of(topic));
    print_json(all);
    return {};
  }
  write_out("cluster {}, controller {}\n", cluster->id, cluster->controller);
  for (const ok::BrokerInfo& broker : cluster->brokers) {
    write_out("  broker {} at {}:{}\n", broker.id, broker.host, broker.port);
  }
  write_out("{} topics\n", topics->size());
  for (const ok::TopicInfo& topic : *topics) print_topic(topic);
  return {};
}

Outcome describe_topics(const ok::Client& client, const Settings& settings) {
  ok::Admin admin(client);
  const auto topics = topics_of(admin, settings);
  if (!topics) return topics.error();
  for (const ok::TopicInfo& topic : *topics) {
    if (settings.json) print_json(json_of(topic));
    if (!settings.json) print_details(topic);
  }
  return {};
}

Outcome create_topic(const ok::Client& client, const Settings& settings) {
  ok::NewTopic topic;
  topic.name = settings.topic;
  topic.partitions = settings.partitions;
  topic.replication_factor = settings.replication_factor;
  for (const std::string& config : settings.configs) {
    auto [name, value] = split_pair(config);
    if (!value) return wrong("-c " + config + ": no '='");
    topic.configs[name] = *value;
  }
  ok::Admin admin(client);
  const auto created = ok::all(admin.create_topics({topic}, wait_of(settings)).get());
  return created ? Outcome() : Outcome(created.error());
}

Outcome delete_topics(const ok::Client& client, const Settings& settings) {
  ok::Admin admin(client);
  return ok::all(admin.delete_topics(settings.topics, wait_of(settings)).get());
}

Outcome add_partitions(const ok::Client& client, const Settings& settings) {
  ok::Admin admin(client);
  const ok::NewPartitions grown{.topic = settings.topic, .total = settings.partitions};
  return ok::all(admin.create_partitions({grown}, wait_of(settings)).get());
}

Outcome query_offsets(const ok::Client& client, const Settings& settings) {
  using Kind = OffsetText::Kind;
  const auto asked = parse_offset(settings.offsets.empty() ? "end" : settings.offsets.back());
  if (!asked) return asked.error();
  int64_t timestamp = asked->value;
  if (asked->kind == Kind::kBeginning) timestamp = static_cast<int64_t>(ok::OffsetSpec::earliest);
  if (asked->kind == Kind::kEnd) timestamp = static_cast<int64_t>(ok::OffsetSpec::latest);
  if (asked->kind == Kind::kStored || asked->kind == Kind::kBeforeEnd) {
    return wrong("-o of this command: beginning, end or a time in ms");
  }
  const auto partitions = partitions_of(client, settings, settings.topics);
  if (!partitions) return partitions.error();
  ok::Admin admin(client);
  const auto offsets = ok::all(admin.list_offsets(*partitions, timestamp, wait_of(settings)).get());
  if (!offsets) return offsets.error();
  for (size_t i = 0; i < partitions->size(); ++i) {
    const ok::TopicPartition& id = (*partitions)[i];
    const int64_t offset = (*offsets)[i].offset;
    if (settings.json) {
      print_json({{"topic", id.topic}, {"partition", id.partition}, {"offset", offset}});
    } else {
      write_out("{} [{}] offset {}\n", id.topic, id.partition, offset);
    }
  }
  return {};
}

}  // namespace odk
