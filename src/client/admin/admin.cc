#include "odradek/admin.h"

#include "client/admin/admin_tasks.h"
#include "client/client_core.h"

namespace odradek::kafka {
namespace {

// Starts `task(cluster, arguments..., deadline)` on the loop.
template <class T, class Task, class... Arguments>
Op<T> start(const std::shared_ptr<ClientCore>& core, std::chrono::milliseconds wait, Task task,
            Arguments... arguments) {
  ClientCore* const client = core.get();  // outlives what runs on its loop
  const MonotonicTime deadline = client->loop().now() + wait;
  return client->run<T>([client, deadline, task, ... held = std::move(arguments)]() mutable {
    return task(client->cluster(), std::move(held)..., deadline);
  });
}

std::vector<client::OffsetQuery> queries(const std::vector<TopicPartition>& partitions,
                                         int64_t timestamp_ms) {
  std::vector<client::OffsetQuery> result;
  for (const TopicPartition& id : partitions) result.push_back({id, timestamp_ms});
  return result;
}

using Offsets = std::vector<PartitionOffset>;
using Outcomes = std::vector<Outcome>;

}  // namespace

Admin::Admin(const Client& client) : core_(client.core()) {}

Op<Outcomes> Admin::create_topics(std::vector<NewTopic> topics, Wait wait) {
  return start<Outcomes>(core_, wait, client::create_topics, std::move(topics));
}

Op<Outcomes> Admin::delete_topics(std::vector<std::string> names, Wait wait) {
  return start<Outcomes>(core_, wait, client::delete_topics, std::move(names));
}

Op<Outcomes> Admin::create_partitions(std::map<std::string, int32_t> totals, Wait wait) {
  return start<Outcomes>(core_, wait, client::create_partitions, std::move(totals));
}

Op<std::vector<TopicInfo>> Admin::list_topics(Wait wait) {
  return start<std::vector<TopicInfo>>(core_, wait, client::list_topics);
}

Op<std::vector<TopicInfo>> Admin::describe_topics(std::vector<std::string> names, Wait wait) {
  return start<std::vector<TopicInfo>>(core_, wait, client::describe_topics, std::move(names));
}

Op<ClusterInfo> Admin::describe_cluster(Wait wait) {
  return start<ClusterInfo>(core_, wait, client::describe_cluster);
}

Op<std::vector<ConfigEntry>> Admin::describe_configs(Resource resource, Wait wait) {
  return start<std::vector<ConfigEntry>>(core_, wait, client::describe_configs,
                                         std::move(resource));
}

Op<void> Admin::alter_configs(Resource resource, std::vector<ConfigChange> changes, Wait wait) {
  return start<void>(core_, wait, client::alter_configs, std::move(resource), std::move(changes));
}

Op<std::vector<GroupListing>> Admin::list_groups(Wait wait) {
  return start<std::vector<GroupListing>>(core_, wait, client::list_groups);
}

Op<GroupDescription> Admin::describe_group(std::string group, Wait wait) {
  return start<GroupDescription>(core_, wait, client::describe_group, std::move(group));
}

Op<Outcomes> Admin::delete_groups(std::vector<std::string> groups, Wait wait) {
  return start<Outcomes>(core_, wait, client::delete_groups, std::move(groups));
}

Op<std::vector<CommittedOffset>> Admin::group_offsets(std::string group, Wait wait) {
  client::CommittedQuery query;
  query.group = std::move(group);
  query.all = true;
  return start<std::vector<CommittedOffset>>(core_, wait, client::fetch_committed,
                                             std::move(query));
}

Op<void> Admin::alter_group_offsets(std::string group, std::vector<CommittedOffset> offsets,
                                    Wait wait) {
  GroupMetadata outsider;
  outsider.group = std::move(group);
  client::OffsetMap map;
  for (CommittedOffset& item : offsets) {
    if (item.committed) map[item.partition] = *std::move(item.committed);
  }
  return start<void>(core_, wait, client::commit_offsets, std::move(outsider), std::move(map));
}

Op<void> Admin::delete_group_offsets(std::string group, std::vector<TopicPartition> partitions,
                                     Wait wait) {
  return start<void>(core_, wait, client::delete_group_offsets, std::move(group),
                     std::move(partitions));
}

Op<Offsets> Admin::list_offsets(std::vector<TopicPartition> partitions, OffsetSpec spec,
                                Wait wait) {
  return list_offsets(std::move(partitions), static_cast<int64_t>(spec), wait);
}

Op<Offsets> Admin::list_offsets(std::vector<TopicPartition> partitions, int64_t timestamp_ms,
                                Wait wait) {
  return start<Offsets>(core_, wait, client::list_offsets, queries(partitions, timestamp_ms),
                        Isolation::read_uncommitted);
}

Op<Offsets> Admin::delete_records(std::vector<PartitionOffset> before, Wait wait) {
  return start<Offsets>(core_, wait, client::delete_records, std::move(before));
}

}  // namespace odradek::kafka
