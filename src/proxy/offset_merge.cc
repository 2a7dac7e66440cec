#include "proxy/offset_merge.h"

#include <functional>
#include <set>

#include "proxy/remap/shadow_groups.h"

namespace odradek::proxy {

using proto::OffsetFetchResponse;

// Partitions of topics that are unknown, or beyond those of the topic, are asked of the group as
// they are: it has no offset for them, as the client then learns.
PhysicalPlace OffsetMerge::place_of(const ResolvedTopic* topic, int32_t client_partition) {
  if (topic != nullptr && topic->ok()) {
    if (const auto place = topic->place(client_partition)) return *place;
  }
  return {PartitionId(client_partition), GroupIndex(0)};
}

std::vector<GroupIndex> OffsetMerge::indexes(const FindTopic& find) const {
  std::set<GroupIndex> used = {GroupIndex(0)};
  if (wants_all()) {
    for (int32_t index = 0; index < groups_max_; ++index) used.insert(GroupIndex(index));
  }
  for (const Topics& topic : group_->topics) {
    const ResolvedTopic* resolved = find(topic.name);
    for (const int32_t partition : topic.partition_indexes) {
      used.insert(place_of(resolved, partition).group);
    }
  }
  return {used.begin(), used.end()};
}

std::span<OffsetMerge::Topics> OffsetMerge::topics_for(GroupIndex index, const FindTopic& find,
                                                       Arena& arena) const {
  if (wants_all()) return {};
  const std::span<Topics> topics = arena.array<Topics>(group_->topics.size());
  size_t count = 0;
  for (const Topics& asked : group_->topics) {
    const ResolvedTopic* resolved = find(asked.name);
    const auto partitions = arena.array<int32_t>(asked.partition_indexes.size());
    size_t n = 0;
    for (const int32_t partition : asked.partition_indexes) {
      const PhysicalPlace place = place_of(resolved, partition);
      if (place.group == index) partitions[n++] = place.partition.value();
    }
    if (n == 0) continue;
    topics[count].name = asked.name;
    topics[count++].partition_indexes = partitions.first(n);
  }
  return topics.first(count);
}

void OffsetMerge::take(GroupIndex index, const Answer& answer, Arena& arena) {
  if (answer.error_code != 0) {
    if (error_code_ == 0) error_code_ = answer.error_code;
    return;
  }
  for (const auto& topic : answer.topics) {
    auto known = found_.find(topic.name);
    if (known == found_.end()) known = found_.try_emplace(arena.copy(topic.name)).first;
    for (const Partition& partition : topic.partitions) {
      Partition kept = partition;
      kept.unknown_tags = {};
      kept.metadata = arena.copy(partition.metadata);
      if (index != GroupIndex(0)) {
        const CommitNote note = unpack_commit_note(kept.metadata);
        kept.committed_leader_epoch = note.leader_epoch;
        kept.metadata = note.metadata;
      }
      known->second[{index, partition.partition_index}] = kept;
    }
  }
}

std::vector<std::string> OffsetMerge::answered_topics() const {
  std::vector<std::string> names;
  names.reserve(found_.size());
  for (const auto& [name, places] : found_) names.emplace_back(name);
  return names;
}

OffsetMerge::Answer OffsetMerge::merged_all(const FindTopic& find, Arena& arena) const {
  Answer answer;
  const auto topics = arena.array<OffsetFetchResponse::OffsetFetchResponseTopics>(found_.size());
  size_t count = 0;
  for (const auto& [name, places] : found_) {
    const ResolvedTopic* resolved = find(name);
    const bool is_known = resolved != nullptr && resolved->ok();
    const auto partitions = arena.array<Partition>(places.size());
    size_t n = 0;
    for (const auto& [key, partition] : places) {
      const PhysicalPlace place = {PartitionId(key.second), key.first};
      int32_t client_partition = key.second;
      if (is_known && resolved->remapper != nullptr) {
        const bool exists = resolved->remapper->contains(place.partition) &&
                            place.group.value() < resolved->remapper->compression_ratio();
        if (!exists) continue;
        client_partition = resolved->client_partition(place);
      } else if (place.group != GroupIndex(0)) {
        continue;  // of a mapping the topic does not have (any more)
      }
      partitions[n] = partition;
      if (is_known) {
        partitions[n].committed_offset = resolved->client_offset(place, partition.committed_offset);
      }
      partitions[n++].partition_index = client_partition;
    }
    if (n == 0) continue;
    topics[count].name = name;
    topics[count++].partitions = partitions.first(n);
  }
  answer.topics = topics.first(count);
  return answer;
}

OffsetMerge::Answer OffsetMerge::merged(const FindTopic& find, Arena& arena) const {
  Answer answer;
  if (error_code_ == 0 && wants_all()) answer = merged_all(find, arena);
  answer.group_id = group_->group_id;
  answer.error_code = error_code_;
  if (error_code_ != 0 || wants_all()) return answer;
  const auto topics =
      arena.array<OffsetFetchResponse::OffsetFetchResponseTopics>(group_->topics.size());
  for (size_t t = 0; t < topics.size(); ++t) {
    const Topics& asked = group_->topics[t];
    const ResolvedTopic* resolved = find(asked.name);
    const auto partitions = arena.array<Partition>(asked.partition_indexes.size());
    const auto known = found_.find(asked.name);
    for (size_t i = 0; i < partitions.size(); ++i) {
      const PhysicalPlace place = place_of(resolved, asked.partition_indexes[i]);
      partitions[i].committed_offset = -1;
      if (known != found_.end()) {
        const auto found = known->second.find({place.group, place.partition.value()});
        if (found != known->second.end()) partitions[i] = found->second;
      }
      partitions[i].partition_index = asked.partition_indexes[i];
      if (resolved == nullptr || !resolved->ok()) continue;
      partitions[i].committed_offset =
          resolved->client_offset(place, partitions[i].committed_offset);
    }
    topics[t].name = asked.name;
    topics[t].partitions = partitions;
  }
  answer.topics = topics;
  return answer;
}

}  // namespace odradek::proxy
