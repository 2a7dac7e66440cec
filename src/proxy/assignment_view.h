#pragma once

#include <algorithm>
#include <set>
#include <span>
#include <vector>

#include "base/arena.h"
#include "proxy/topic_resolver.h"

namespace odradek::proxy {

// Assignments of the KIP-848 group protocol: a broker assigns physical partitions, each of which
// stands for all its virtual ones. Both directions keep what is not mapped, and what does not exist
// (any more). topics[i] resolves assigned[i].

// False while it cannot be told whether a topic is mapped: its partitions mean nothing then.
inline bool is_settled(std::span<const ResolvedTopic> topics) {
  return std::ranges::all_of(topics, [](const ResolvedTopic& topic) {
    return topic.ok() || topic.error == proto::ErrorCode::kUnknownTopicOrPartition ||
           topic.error == proto::ErrorCode::kInvalidTopicException;
  });
}

// v -> p, each once. A member that still owns one virtual partition owns the physical one.
template <class TopicPartitions>
std::span<TopicPartitions> physical_assignment(std::span<const TopicPartitions> assigned,
                                               std::span<const ResolvedTopic> topics,
                                               Arena& arena) {
  const auto all = arena.array<TopicPartitions>(assigned.size());
  std::ranges::copy(assigned, all.begin());
  for (size_t i = 0; i < all.size(); ++i) {
    const PartitionRemapper* remapper = topics[i].ok() ? topics[i].remapper : nullptr;
    if (remapper == nullptr) continue;
    std::set<int32_t> physical;
    for (const int32_t partition : assigned[i].partitions) {
      const VirtualPartitionId v(partition);
      if (remapper->contains(v)) physical.insert(remapper->physical_of(v).value());
    }
    all[i].partitions = arena.array<int32_t>(physical.size());
    std::ranges::copy(physical, all[i].partitions.begin());
  }
  return all;
}

// p -> p, p + P, ..., ascending.
template <class TopicPartitions>
std::span<TopicPartitions> virtual_assignment(std::span<const TopicPartitions> assigned,
                                              std::span<const ResolvedTopic> topics, Arena& arena) {
  const auto all = arena.array<TopicPartitions>(assigned.size());
  std::ranges::copy(assigned, all.begin());
  for (size_t i = 0; i < all.size(); ++i) {
    const PartitionRemapper* remapper = topics[i].ok() ? topics[i].remapper : nullptr;
    if (remapper == nullptr) continue;
    std::vector<int32_t> shown;
    for (const int32_t partition : assigned[i].partitions) {
      for (const VirtualPartitionId v :
           remapper->virtual_partitions_for_physical(PartitionId(partition))) {
        shown.push_back(v.value());
      }
    }
    std::ranges::sort(shown);
    all[i].partitions = arena.array<int32_t>(shown.size());
    std::ranges::copy(shown, all[i].partitions.begin());
  }
  return all;
}

}  // namespace odradek::proxy
