#include "broker/group/assignor.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"

namespace odradek::broker {
namespace {

struct Free {
  Uuid topic;
  int32_t partition;
};

bool same_subscriptions(const AssignorInput& input) {
  const auto& first = input.members.begin()->second.topics;
  return std::ranges::all_of(input.members,
                             [&](const auto& item) { return item.second.topics == first; });
}

std::map<Uuid, std::set<int32_t>> all_partitions(const AssignorInput& input) {
  std::map<Uuid, std::set<int32_t>> all;
  for (const auto& [topic, count] : input.partition_counts) {
    for (int32_t partition = 0; partition < count; ++partition) all[topic].insert(partition);
  }
  return all;
}

size_t count_of(const PartitionSet& set) {
  size_t count = 0;
  for (const auto& [topic, partitions] : set) count += partitions.size();
  return count;
}

// What each member keeps of its old target: subscribed, existing, nobody else's, at most `quota`
// of it where there is one. What is kept leaves `free`.
PartitionSet keep(const AssignorMember& member, size_t quota,
                  std::map<Uuid, std::set<int32_t>>& free) {
  PartitionSet kept;
  if (member.target == nullptr) return kept;
  size_t count = 0;
  for (const auto& [topic, partitions] : *member.target) {
    if (!member.topics.contains(topic)) continue;
    for (const int32_t partition : partitions) {
      if (count == quota) return kept;
      if (free[topic].erase(partition) == 0) continue;
      kept[topic].insert(partition);
      ++count;
    }
  }
  return kept;
}

TargetAssignment assign_evenly(const AssignorInput& input) {
  TargetAssignment result;
  std::map<Uuid, std::set<int32_t>> free = all_partitions(input);
  const size_t total = count_of(free);
  const size_t least = total / input.members.size();
  size_t extra = total % input.members.size();
  // Those that have more than their share keep the extra ones, so that less has to move.
  std::vector<std::pair<std::string_view, size_t>> quotas;
  quotas.reserve(input.members.size());
  for (const auto& [id, member] : input.members) quotas.emplace_back(id, least);
  const auto had = [&](std::string_view id) {
    const AssignorMember& member = input.members.at(id);
    return member.target == nullptr ? size_t{0} : count_of(*member.target);
  };
  for (const bool wants_more : {true, false}) {
    for (auto& [id, quota] : quotas) {
      if (extra == 0 || quota > least || (had(id) > least) != wants_more) continue;
      ++quota;
      --extra;
    }
  }
  for (const auto& [id, quota] : quotas) {
    result[std::string(id)] = keep(input.members.at(id), quota, free);
  }
  std::vector<Free> rest;
  for (const auto& [topic, partitions] : free) {
    for (const int32_t partition : partitions) rest.push_back({topic, partition});
  }
  size_t next = 0;
  for (const auto& [id, quota] : quotas) {
    PartitionSet& mine = result.find(id)->second;
    for (size_t count = count_of(mine); count < quota && next < rest.size(); ++count) {
      mine[rest[next].topic].insert(rest[next].partition);
      ++next;
    }
  }
  return result;
}

// Subscriptions differ: each free partition goes to the subscriber with the least, then single
// partitions move from who has most to who has least, until no move evens things out.
class MixedAssignment {
 public:
  explicit MixedAssignment(const AssignorInput& input) : input_(input) {
    for (const auto& [id, member] : input.members) {
      counts_[id] = 0;
      result_[std::string(id)];
      for (const Uuid& topic : member.topics) subscribers_[topic].push_back(id);
    }
  }

  TargetAssignment build() {
    std::map<Uuid, std::set<int32_t>> free = all_partitions(input_);
    for (const auto& [id, member] : input_.members) {
      PartitionSet kept = keep(member, SIZE_MAX, free);
      counts_[id] = count_of(kept);
      result_.find(id)->second = std::move(kept);
    }
    // Topics with few subscribers first: their partitions have the least choice.
    std::vector<Uuid> topics;
    topics.reserve(free.size());
    for (const auto& [topic, partitions] : free) topics.push_back(topic);
    std::ranges::sort(topics, {}, [this](const Uuid& topic) {
      return std::make_pair(subscribers_[topic].size(), topic);
    });
    for (const Uuid& topic : topics) {
      for (const int32_t partition : free[topic]) give(topic, partition);
    }
    while (move_any()) continue;
    return std::move(result_);
  }

 private:
  std::string_view least_of(const Uuid& topic) {
    return *std::ranges::min_element(subscribers_[topic], {},
                                     [this](std::string_view id) { return counts_[id]; });
  }

  void give(const Uuid& topic, int32_t partition) {
    if (subscribers_[topic].empty()) return;
    const std::string_view to = least_of(topic);
    result_.find(to)->second[topic].insert(partition);
    ++counts_[to];
  }

  bool move_any() {
    bool moved = false;
    for (auto& [from, topics] : result_) {
      for (auto& [topic, partitions] : topics) {
        const std::string_view to = least_of(topic);
        while (counts_[from] > counts_[to] + 1 && !partitions.empty()) {
          result_.find(to)->second[topic].insert(partitions.extract(*partitions.rbegin()));
          --counts_[from];
          ++counts_[to];
          moved = true;
          if (least_of(topic) != to) break;
        }
      }
      std::erase_if(topics, [](const auto& item) { return item.second.empty(); });
    }
    return moved;
  }

  const AssignorInput& input_;
  TargetAssignment result_;
  std::map<std::string_view, size_t> counts_;
  std::map<Uuid, std::vector<std::string_view>> subscribers_;
};

}  // namespace

TargetAssignment assign_uniform(const AssignorInput& input) {
  if (input.members.empty()) return {};
  if (same_subscriptions(input)) return assign_evenly(input);
  return MixedAssignment(input).build();
}

TargetAssignment assign_range(const AssignorInput& input) {
  std::vector<std::string_view> order;
  order.reserve(input.members.size());
  for (const auto& [id, member] : input.members) order.push_back(id);
  std::ranges::sort(order, {}, [&input](std::string_view id) {
    const std::string_view instance = input.members.at(id).instance_id;
    return std::make_pair(is_null(instance), is_null(instance) ? id : instance);
  });
  struct Range {
    int32_t next = 0;
    int32_t least = 0;
    int32_t extra = 0;
  };
  std::map<Uuid, int32_t> members;
  for (const auto& [id, member] : input.members) {
    for (const Uuid& topic : member.topics) ++members[topic];
  }
  std::map<Uuid, Range> ranges;
  for (const auto& [topic, count] : members) {
    const int32_t partitions = input.partition_counts.at(topic);
    ranges[topic] = {0, partitions / count, partitions % count};
  }
  TargetAssignment result;
  for (const std::string_view id : order) {
    PartitionSet& mine = result[std::string(id)];
    for (const Uuid& topic : input.members.at(id).topics) {
      Range& range = ranges[topic];
      const int32_t end = range.next + range.least + (range.extra-- > 0 ? 1 : 0);
      for (; range.next < end; ++range.next) mine[topic].insert(range.next);
    }
  }
  return result;
}

bool is_assignor(std::string_view name) { return name == "range" || name == "uniform"; }

}  // namespace odradek::broker
