#include "client/consumer/assignor.h"

#include <algorithm>

#include "base/assert.h"

namespace odradek::client {
namespace {

// Static members keep their place in the order over restarts.
std::vector<const Subscriber*> in_order(const std::vector<Subscriber>& members) {
  std::vector<const Subscriber*> sorted;
  sorted.reserve(members.size());
  for (const Subscriber& member : members) sorted.push_back(&member);
  std::ranges::sort(sorted, {}, [](const Subscriber* m) {
    return std::tuple(m->instance_id.empty(), m->instance_id, m->member_id);
  });
  return sorted;
}

bool subscribes(const Subscriber& member, const std::string& topic) {
  return std::ranges::find(member.topics, topic) != member.topics.end();
}

Assignment empty_assignment(const std::vector<Subscriber>& members) {
  Assignment assignment;
  for (const Subscriber& member : members) assignment[member.member_id];
  return assignment;
}

void sort_partitions(Assignment& assignment) {
  for (auto& [member, partitions] : assignment) std::ranges::sort(partitions);
}

}  // namespace

Assignment assign_range(const std::vector<Subscriber>& members, const PartitionCounts& counts) {
  Assignment assignment = empty_assignment(members);
  const std::vector<const Subscriber*> sorted = in_order(members);
  for (const auto& [topic, count] : counts) {
    std::vector<const Subscriber*> takers;
    for (const Subscriber* member : sorted) {
      if (subscribes(*member, topic)) takers.push_back(member);
    }
    if (takers.empty()) continue;
    const auto taker_count = static_cast<int32_t>(takers.size());
    int32_t next = 0;
    for (int32_t i = 0; i < taker_count; ++i) {
      const int32_t share = count / taker_count + (i < count % taker_count ? 1 : 0);
      auto& partitions = assignment[takers[static_cast<size_t>(i)]->member_id];
      for (int32_t taken = 0; taken < share; ++taken) partitions.push_back({topic, next++});
    }
  }
  sort_partitions(assignment);
  return assignment;
}

Assignment assign_round_robin(const std::vector<Subscriber>& members,
                              const PartitionCounts& counts) {
  Assignment assignment = empty_assignment(members);
  const std::vector<const Subscriber*> sorted = in_order(members);
  size_t turn = 0;
  for (const auto& [topic, count] : counts) {
    const bool has_taker =
        std::ranges::any_of(sorted, [&](const Subscriber* m) { return subscribes(*m, topic); });
    if (!has_taker) continue;
    for (int32_t partition = 0; partition < count; ++partition) {
      while (!subscribes(*sorted[turn % sorted.size()], topic)) ++turn;
      assignment[sorted[turn++ % sorted.size()]->member_id].push_back({topic, partition});
    }
  }
  sort_partitions(assignment);
  return assignment;
}

std::string_view assignor_name(kafka::Assignor assignor) {
  switch (assignor) {
    case kafka::Assignor::range: return "range";
    case kafka::Assignor::round_robin: return "roundrobin";
    case kafka::Assignor::sticky: return "sticky";
    case kafka::Assignor::cooperative_sticky: return "cooperative-sticky";
  }
  return "range";
}

bool is_cooperative(kafka::Assignor assignor) {
  return assignor == kafka::Assignor::cooperative_sticky;
}

Assignment assign(kafka::Assignor assignor, const std::vector<Subscriber>& members,
                  const PartitionCounts& counts) {
  switch (assignor) {
    case kafka::Assignor::range: return assign_range(members, counts);
    case kafka::Assignor::round_robin: return assign_round_robin(members, counts);
    case kafka::Assignor::sticky: return assign_sticky(members, counts);
    case kafka::Assignor::cooperative_sticky: return assign_cooperative_sticky(members, counts);
  }
  return assign_range(members, counts);
}

}  // namespace odradek::client
