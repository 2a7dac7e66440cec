#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "broker/group/consumer_member.h"

namespace odradek::broker {

// A member as assignors see it.
struct AssignorMember {
  std::string_view instance_id;  // null: dynamic
  std::set<Uuid> topics;         // subscribed ones that exist
  const PartitionSet* target = nullptr;  // what it was to have until now; null: nothing
};

struct AssignorInput {
  std::map<std::string_view, AssignorMember> members;
  std::map<Uuid, int32_t> partition_counts;  // of every subscribed topic
};

using TargetAssignment = std::map<std::string, PartitionSet, std::less<>>;

// Every member gets its share of each topic in one run of partitions, members in the order of
// instance id, then member id. Topics with the same members and counts are divided alike.
// Source: RangeAssignor of Kafka 4.
TargetAssignment assign_range(const AssignorInput& input);

// Members get the same number of partitions, give or take one, and keep what they have where that
// allows it. With different subscriptions as even as these permit.
// Source: UniformAssignor of Kafka 4.
TargetAssignment assign_uniform(const AssignorInput& input);

bool is_assignor(std::string_view name);  // "range" or "uniform"

}  // namespace odradek::broker
