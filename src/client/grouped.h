#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proto/array_of.h"

namespace odradek::client {

namespace detail {

template <class Topic>
void set_name(Topic& topic, std::string_view name) {
  if constexpr (requires { topic.topic; }) {
    topic.topic = name;
  } else {
    topic.name = name;
  }
}

// The list of partitions in a topic's struct is called one of these.
template <class Topic, class Item>
void set_items(Topic& topic, std::vector<Item>& items) {
  if constexpr (requires { topic.partition_indexes; }) {
    topic.partition_indexes = proto::array_of(items);
  } else {
    topic.partitions = proto::array_of(items);
  }
}

}  // namespace detail

// Per-partition parts of a request, collected one by one and grouped by topic as most requests
// want them. Owns the parts: keep it until the request is encoded.
template <class Item>
class Grouped {
 public:
  // A new part for a partition of `topic`, to be filled in before the next add().
  Item& add(std::string_view topic) {
    const auto found = items_.find(topic);
    std::vector<Item>& items = found != items_.end() ? found->second : items_[std::string(topic)];
    return items.emplace_back();
  }

  // The parts by topic, as the request's topic struct.
  template <class Topic>
  std::vector<Topic> topics() {
    std::vector<Topic> topics;
    topics.reserve(items_.size());
    for (auto& [name, items] : items_) {
      Topic& topic = topics.emplace_back();
      detail::set_name(topic, name);
      detail::set_items(topic, items);
    }
    return topics;
  }

 private:
  std::map<std::string, std::vector<Item>, std::less<>> items_;
};

// Offsets to commit, as the partitions of OffsetCommit and TxnOffsetCommit. The offsets outlive
// them.
template <class Partition, class Offsets>
Grouped<Partition> grouped_offsets(const Offsets& offsets) {
  Grouped<Partition> grouped;
  for (const auto& [id, offset] : offsets) {
    Partition& partition = grouped.add(id.topic);
    partition.partition_index = id.partition;
    partition.committed_offset = offset.offset;
    partition.committed_leader_epoch = offset.leader_epoch;
    partition.committed_metadata = offset.metadata;
  }
  return grouped;
}

}  // namespace odradek::client
