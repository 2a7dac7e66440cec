#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/commit_split.h"
#include "proxy/handlers/coordinator.h"
#include "proxy/leader_fan_out.h"
#include "proxy/remap/shadow_groups.h"

// What the handlers of committed offsets (OffsetCommit, TxnOffsetCommit, OffsetDelete) share: the
// parts of a request for the groups that keep them, and the answer made of theirs.
namespace odradek::proxy {

// Whether an answer without an error of its own says for a partition that the group is elsewhere.
template <class Response>
bool names_moved_coordinator(const Response& response) {
  return std::ranges::any_of(response.topics, [](const auto& topic) {
    return std::ranges::any_of(topic.partitions, [](const auto& partition) {
      return is_moved_coordinator(partition.error_code);
    });
  });
}

// The client's partitions, where each is kept.
template <class Request, class Partitions>
void split_partitions(const Request& request, const ResolvedTopics& resolved, CommitSplit& split,
                      Partitions offset_of) {
  for (size_t t = 0; t < request.topics.size(); ++t) {
    const auto& partitions = request.topics[t].partitions;
    for (size_t i = 0; i < partitions.size(); ++i) {
      split.add(t, i, resolved.topics[t], partitions[i].partition_index, offset_of(partitions[i]));
    }
  }
}

// The topics to commit for one group; in a shadow group's, the leader epoch goes into the metadata,
// which `notes` holds for as long as the request is used.
template <class Topic, class Partition, class Request>
std::span<Topic> committed_topics(const Request& request, const CommitSplit& split,
                                  const std::vector<size_t>& items, bool is_shadow, Arena& arena,
                                  std::deque<std::string>& notes) {
  return group_topics<Topic, Partition>(
      arena, std::span<const size_t>(items), [&](size_t at) { return split.items()[at].topic; },
      [&](Topic& topic, size_t t) { topic.name = request.topics[t].name; },
      [&](Partition& partition, size_t at) {
        const CommitSplit::Item& item = split.items()[at];
        partition = request.topics[item.topic].partitions[item.index];
        partition.partition_index = item.place.partition.value();
        partition.committed_offset = item.broker_offset;
        if (!is_shadow) return;
        const CommitNote note = {.leader_epoch = partition.committed_leader_epoch,
                                 .metadata = partition.committed_metadata};
        partition.committed_metadata = pack_commit_note(note, notes.emplace_back());
        partition.committed_leader_epoch = -1;
      });
}

// Puts a group's answer to its items; those it does not name get `otherwise`.
template <class Request>
void take_codes(const Request& request, const std::vector<size_t>& items,
                const GroupAnswer<Request>& answer, proto::ErrorCode otherwise,
                CommitSplit& split) {
  std::map<std::pair<std::string_view, int32_t>, proto::ErrorCode> codes;
  if (answer) {
    for (const auto& topic : answer->message.topics) {
      for (const auto& partition : topic.partitions) {
        codes[{topic.name, partition.partition_index}] = proto::error_code(partition.error_code);
      }
    }
  }
  for (const size_t at : items) {
    CommitSplit::Item& item = split.item(at);
    const std::string_view name = request.topics[item.topic].name;
    const auto found = codes.find({name, item.place.partition.value()});
    item.error = found == codes.end() ? otherwise : found->second;
  }
}

// The client's topics with the codes of their partitions.
template <class Topic, class Partition, class Request>
std::span<Topic> answered_topics(const Request& request, const CommitSplit& split, Arena& arena) {
  const auto topics = arena.array<Topic>(request.topics.size());
  const auto partitions = arena.array<Partition>(split.items().size());
  size_t at = 0;
  for (size_t t = 0; t < topics.size(); ++t) {
    const size_t first = at;
    for (size_t i = 0; i < request.topics[t].partitions.size(); ++i, ++at) {
      const CommitSplit::Item& item = split.items()[at];
      partitions[at].partition_index = item.client_partition;
      partitions[at].error_code = proto::to_number(item.error);
    }
    topics[t].name = request.topics[t].name;
    topics[t].partitions = partitions.subspan(first, at - first);
  }
  return topics;
}

}  // namespace odradek::proxy
