#include <algorithm>
#include <set>

#include "broker/dashboard/group_view.h"

namespace odradek::broker::dashboard {
namespace {

// A partition of a group: committed, assigned, or both.
struct Progress {
  const GroupView::Committed* committed = nullptr;
  const GroupView::Member* member = nullptr;
};
using Key = std::pair<std::string, int32_t>;

std::map<Key, Progress> progress_of(const GroupView& group) {
  std::map<Key, Progress> all;
  for (const auto& [topic, partitions] : group.offsets) {
    for (const auto& [partition, committed] : partitions) {
      all[{topic, partition}].committed = &committed;
    }
  }
  for (const GroupView::Member& member : group.members) {
    for (const auto& [topic, partitions] : member.assigned) {
      for (const int32_t partition : partitions) all[{topic, partition}].member = &member;
    }
  }
  return all;
}

const Partition* find_partition(const Node& node, const Key& key) {
  const Topic* topic = node.topics().find(key.first);
  return topic == nullptr ? nullptr : topic->partition(key.second);
}

// Null where nothing is committed or the partition is gone.
std::optional<int64_t> lag_of(const Partition* partition, const Progress& progress) {
  if (partition == nullptr || progress.committed == nullptr) return std::nullopt;
  return std::max(partition->log.last_stable_offset() - progress.committed->offset, int64_t{0});
}

template <class T>
Json optional_json(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json progress_json(const Node& node, const Key& key, const Progress& progress) {
  const Partition* partition = find_partition(node, key);
  Json json{{"topic", key.first},
            {"partition", key.second},
            {"committed_offset", nullptr},
            {"metadata", nullptr},
            {"start_offset", nullptr},
            {"end_offset", nullptr},
            {"lag", optional_json(lag_of(partition, progress))},
            {"member", nullptr}};
  if (progress.committed != nullptr) {
    json["committed_offset"] = progress.committed->offset;
    json["metadata"] = progress.committed->metadata;
  }
  if (partition != nullptr) {
    json["start_offset"] = partition->log.start_offset();
    json["end_offset"] = partition->log.last_stable_offset();
  }
  if (progress.member != nullptr) json["member"] = progress.member->id;
  return json;
}

Json member_json(const GroupView::Member& member) {
  Json assigned = Json::array();
  size_t count = 0;
  for (const auto& [topic, partitions] : member.assigned) {
    assigned.push_back({{"topic", topic}, {"partitions", partitions}});
    count += partitions.size();
  }
  return {{"id", member.id},
          {"instance_id", optional_json(member.instance_id)},
          {"client_id", member.client_id},
          {"host", member.host},
          {"subscribed", member.subscribed},
          {"regex", member.regex},
          {"epoch", optional_json(member.epoch)},
          {"unreadable", member.unreadable},
          {"assigned_count", count},
          {"assigned", std::move(assigned)}};
}

}  // namespace

Json group_summary_json(const Node& node, const GroupView& group) {
  int64_t lag = 0;
  bool knows_lag = false;
  std::set<std::string> topics;
  for (const auto& [key, progress] : progress_of(group)) {
    topics.insert(key.first);
    const std::optional<int64_t> each = lag_of(find_partition(node, key), progress);
    knows_lag = knows_lag || each.has_value();
    lag += each.value_or(0);
  }
  return {{"id", group.id},
          {"type", group.type},
          {"state", group.state},
          {"protocol", group.protocol},
          {"assignor", group.assignor},
          {"epoch", optional_json(group.epoch)},
          {"member_count", group.members.size()},
          {"topics", topics},
          {"lag", knows_lag ? Json(lag) : Json(nullptr)}};
}

Json group_json(const Node& node, const GroupView& group) {
  Json json = group_summary_json(node, group);
  Json members = Json::array();
  for (const GroupView::Member& member : group.members) members.push_back(member_json(member));
  json["members"] = std::move(members);
  Json partitions = Json::array();
  for (const auto& [key, progress] : progress_of(group)) {
    partitions.push_back(progress_json(node, key, progress));
  }
  json["partitions"] = std::move(partitions);
  return json;
}

}  // namespace odradek::broker::dashboard
