// The sticky assignors: keep what members have, fill up the least loaded, then even out.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "client/consumer/assignor.h"

namespace odradek::client {
namespace {

using kafka::TopicPartition;

class StickyPlan {
 public:
  StickyPlan(const std::vector<Subscriber>& members, const PartitionCounts& counts) {
    for (const Subscriber& member : members) {
      load_[member.member_id];
      for (const std::string& topic : member.topics) {
        if (counts.contains(topic)) takers_[topic].insert(member.member_id);
      }
    }
    for (const auto& [topic, names] : takers_) {
      for (int32_t p = 0; p < counts.at(topic); ++p) owner_[{topic, p}];
    }
    find_previous_owners(members);
  }

  Assignment solve() {
    keep_fair_share();
    for (const TopicPartition* partition : scarcest_first()) {
      std::string& owner = owner_[*partition];
      if (owner.empty()) give(*partition, least_loaded(*partition));
    }
    while (move_one_to_even_out()) continue;
    Assignment assignment;
    for (const auto& [member, partitions] : load_) {
      assignment[member].assign(partitions.begin(), partitions.end());
    }
    return assignment;
  }

  // Who says that it has the partition now; empty for nobody.
  const std::string& previous_owner(const TopicPartition& partition) const {
    const auto found = previous_.find(partition);
    return found == previous_.end() ? nobody_ : found->second;
  }

 private:
  // Of several who claim a partition the one with the newest generation is right; with a tie
  // nobody can be believed.
  void find_previous_owners(const std::vector<Subscriber>& members) {
    std::map<TopicPartition, int32_t> newest;
    for (const Subscriber& member : members) {
      for (const TopicPartition& partition : member.owned) {
        const auto [at, is_first] = newest.emplace(partition, member.generation);
        if (is_first || member.generation > at->second) {
          at->second = member.generation;
          previous_[partition] = member.member_id;
        } else if (member.generation == at->second) {
          previous_[partition].clear();
        }
      }
    }
  }

  bool may_take(const std::string& member, const TopicPartition& partition) const {
    const auto found = takers_.find(partition.topic);
    return found != takers_.end() && found->second.contains(member);
  }

  void give(const TopicPartition& partition, const std::string& member) {
    std::string& owner = owner_[partition];
    if (!owner.empty()) load_[owner].erase(partition);
    owner = member;
    load_[member].insert(partition);
  }

  // Members keep what they have, up to the even share rounded up; how many may have the rounded
  // up share is what the division leaves over.
  void keep_fair_share() {
    std::map<std::string, std::vector<TopicPartition>> kept;
    for (const auto& [partition, member] : previous_) {
      if (!member.empty() && owner_.contains(partition) && may_take(member, partition)) {
        kept[member].push_back(partition);
      }
    }
    const size_t low = owner_.size() / load_.size();
    size_t extras = owner_.size() % load_.size();
    for (const auto& [member, partitions] : kept) {
      size_t share = low;
      if (partitions.size() > low && extras > 0) {
        ++share;
        --extras;
      }
      for (const TopicPartition& partition : partitions) {
        if (load_[member].size() < share) give(partition, member);
      }
    }
  }

  // Partitions few may take come first, so that those members are not full by then.
  std::vector<const TopicPartition*> scarcest_first() const {
    std::vector<const TopicPartition*> order;
    order.reserve(owner_.size());
    for (const auto& [partition, owner] : owner_) order.push_back(&partition);
    std::ranges::sort(order, {}, [this](const TopicPartition* p) {
      return std::pair(takers_.at(p->topic).size(), *p);
    });
    return order;
  }

  // Whoever had the partition before wins among equals.
  const std::string& least_loaded(const TopicPartition& partition) const {
    const std::set<std::string>& takers = takers_.at(partition.topic);
    const std::string& before = previous_owner(partition);
    return *std::ranges::min_element(takers, {}, [&](const std::string& member) {
      return std::pair(load_.at(member).size(), member != before);
    });
  }

  bool move_one_to_even_out() {
    for (const auto& [partition, owner] : owner_) {
      const std::string& lighter = least_loaded(partition);
      if (load_.at(owner).size() > load_.at(lighter).size() + 1) {
        const TopicPartition moved = partition;
        const std::string to = lighter;
        give(moved, to);
        return true;
      }
    }
    return false;
  }

  std::map<std::string, std::set<std::string>> takers_;  // topic -> members
  std::map<TopicPartition, std::string> owner_;          // empty: nobody yet
  std::map<std::string, std::set<TopicPartition>> load_;
  std::map<TopicPartition, std::string> previous_;
  std::string nobody_;
};

}  // namespace

Assignment assign_sticky(const std::vector<Subscriber>& members, const PartitionCounts& counts) {
  return StickyPlan(members, counts).solve();
}

Assignment assign_cooperative_sticky(const std::vector<Subscriber>& members,
                                     const PartitionCounts& counts) {
  StickyPlan plan(members, counts);
  Assignment assignment = plan.solve();
  std::map<TopicPartition, std::set<std::string>> claimed_by;
  for (const Subscriber& member : members) {
    for (const TopicPartition& partition : member.owned) {
      claimed_by[partition].insert(member.member_id);
    }
  }
  for (auto& [member, partitions] : assignment) {
    std::erase_if(partitions, [&, id = member](const TopicPartition& partition) {
      const auto claims = claimed_by.find(partition);
      if (claims == claimed_by.end()) return false;
      return claims->second.size() > 1 || !claims->second.contains(id);
    });
  }
  return assignment;
}

}  // namespace odradek::client
