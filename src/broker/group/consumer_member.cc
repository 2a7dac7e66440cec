#include "broker/group/consumer_member.h"

#include <algorithm>
#include <tuple>

namespace odradek::broker {

PartitionSet partitions_of(const OwnedPartitions& owned) {
  PartitionSet set;
  for (const auto& [topic, partitions] : owned) {
    std::set<int32_t>& into = set[topic];
    for (const auto& [partition, epoch] : partitions) into.insert(partition);
  }
  return set;
}

bool contains(const PartitionSet& set, const Uuid& topic, int32_t partition) {
  const auto found = set.find(topic);
  return found != set.end() && found->second.contains(partition);
}

bool overlap(const PartitionSet& set, const OwnedPartitions& owned) {
  return std::ranges::any_of(owned, [&set](const auto& item) {
    return std::ranges::any_of(item.second, [&](const auto& partition) {
      return contains(set, item.first, partition.first);
    });
  });
}

bool is_subset(const PartitionSet& set, const OwnedPartitions& owned) {
  return std::ranges::all_of(set, [&owned](const auto& item) {
    const auto found = owned.find(item.first);
    return std::ranges::all_of(item.second, [&](int32_t partition) {
      return found != owned.end() && found->second.contains(partition);
    });
  });
}

bool ConsumerMember::wants_same(const ConsumerMember& other) const {
  const auto wants = [](const ConsumerMember& m) {
    return std::tie(m.instance_id, m.rack_id, m.client_id, m.client_host, m.topics, m.regex,
                    m.rebalance_timeout, m.assignor, m.classic);
  };
  return wants(*this) == wants(other);
}

bool ConsumerMember::has_same(const ConsumerMember& other) const {
  const auto has = [](const ConsumerMember& m) {
    return std::tie(m.epoch, m.previous_epoch, m.state, m.assigned, m.revoking);
  };
  return has(*this) == has(other);
}

NextAssignment next_assignment(const ConsumerMember& member, const PartitionSet& target) {
  NextAssignment next;
  for (const auto& [topic, partitions] : member.assigned) {
    for (const auto& [partition, epoch] : partitions) {
      OwnedPartitions& into = contains(target, topic, partition) ? next.kept : next.given_up;
      into[topic].emplace(partition, epoch);
    }
  }
  for (const auto& [topic, partitions] : target) {
    const auto kept = next.kept.find(topic);
    for (const int32_t partition : partitions) {
      if (kept == next.kept.end() || !kept->second.contains(partition)) {
        next.missing[topic].insert(partition);
      }
    }
  }
  return next;
}

std::optional<int32_t> epoch_to_go_on_from(const ConsumerMember& member, const Reconciling& to) {
  if (member.state != MemberState::kUnrevoked) return member.epoch;
  // It goes on when it says that it gave everything back.
  if (to.reported == nullptr || overlap(*to.reported, member.revoking)) return std::nullopt;
  return member.epoch + 1;
}

}  // namespace odradek::broker
