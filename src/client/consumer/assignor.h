#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "odradek/consumer.h"
#include "odradek/types.h"

namespace odradek::client {

// A member of a group as its leader sees it.
struct Subscriber {
  std::string member_id;
  std::string instance_id;
  std::vector<std::string> topics;
  std::vector<kafka::TopicPartition> owned;  // what it says it has
  int32_t generation = -1;                   // when it got that; -1: does not say
  std::string user_data;                     // of the assignor
};

using PartitionCounts = std::map<std::string, int32_t>;  // topic -> partitions
// Member id -> partitions, sorted. Has an entry for every member.
using Assignment = std::map<std::string, std::vector<kafka::TopicPartition>>;

// The assignors of the classic protocol: pure, deterministic, the same result whatever the order
// of `members`. Each partition of a topic somebody subscribes to goes to exactly one of its
// subscribers, unless said otherwise. Topics without an entry in `counts` are left out.

// Each topic by itself, in runs. Source: KIP-54 history; RangeAssignor.
Assignment assign_range(const std::vector<Subscriber>& members, const PartitionCounts& counts);
// All partitions in turn. Source: RoundRobinAssignor.
Assignment assign_round_robin(const std::vector<Subscriber>& members,
                              const PartitionCounts& counts);
// As even as possible, and of those the one that moves few partitions.
Assignment assign_sticky(const std::vector<Subscriber>& members, const PartitionCounts& counts);
// As assign_sticky, but a partition that has to move goes to nobody now: its owner gives it up
// first, then the group assigns again. Source: KIP-429.
Assignment assign_cooperative_sticky(const std::vector<Subscriber>& members,
                                     const PartitionCounts& counts);

// The names on the wire.
std::string_view assignor_name(kafka::Assignor assignor);
// Whether members keep their partitions during a rebalance.
bool is_cooperative(kafka::Assignor assignor);
Assignment assign(kafka::Assignor assignor, const std::vector<Subscriber>& members,
                  const PartitionCounts& counts);

}  // namespace odradek::client
