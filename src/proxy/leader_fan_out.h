#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "proto/error_code.h"
#include "proxy/topic_resolver.h"

namespace odradek::proxy {

// The partitions of a client's request as questions to the leaders of physical partitions. Equal
// questions about one physical partition are asked once; different ones go into different upstream
// requests, since brokers take a partition once per request. A client that asks different things
// about one partition of its own gets INVALID_REQUEST for all but the first, as at a broker: it
// could else make as many upstream requests as it likes. Sans I/O.
class LeaderFanOut {
 public:
  // What is asked besides the partition, for comparison: a timestamp, an epoch.
  using Question = std::pair<int64_t, int64_t>;

  struct Target {
    std::string_view name;
    size_t topic = 0;  // in the client's request
    size_t index = 0;  // of the first client partition that asks, in its topic
    PartitionId partition{-1};
    int32_t leader = -1;
    int32_t round = 0;
  };
  // One upstream request.
  struct Batch {
    int32_t leader = -1;
    int32_t round = 0;
    std::vector<size_t> targets;
    std::map<std::pair<std::string_view, int32_t>, size_t> by_name{};  // topic, partition
  };
  // Where one partition of the client's request went; without an error it has a target.
  struct Place {
    size_t topic = 0;
    size_t index = 0;
    int32_t client_partition = 0;
    proto::ErrorCode error{};
    size_t target = 0;
    PhysicalPlace physical{};
  };

  // `name` outlives the object.
  void add(size_t topic, std::string_view name, size_t index, const ResolvedTopic& resolved,
           int32_t client_partition, Question question);

  std::vector<Batch> batches() const;
  const Target& target(size_t at) const { return targets_[at]; }
  size_t target_count() const { return targets_.size(); }
  const std::vector<Place>& places() const { return places_; }  // in request order

  // The target of a batch that an answer belongs to; nothing when it was not asked.
  static std::optional<size_t> find(const Batch& batch, std::string_view topic, int32_t partition);

 private:
  using Key = std::tuple<const cluster::Topic*, int32_t, Question>;

  std::vector<Target> targets_;
  std::vector<Place> places_;
  std::map<Key, size_t> known_;
  std::map<std::pair<const cluster::Topic*, int32_t>, int32_t> rounds_;
  std::map<std::pair<const cluster::Topic*, int32_t>, Question> asked_;  // by client partition
};

// Arrays of upstream topics with their partitions for `items`, neighbours of one topic together:
// `topic_of(item)` is a number, `set_topic(Topic&, number)` and `set_partition(Partition&, item)`
// fill in.
template <class Topic, class Partition, class Item, class TopicOf, class SetTopic,
          class SetPartition>
std::span<Topic> group_topics(Arena& arena, std::span<const Item> items, TopicOf topic_of,
                              SetTopic set_topic, SetPartition set_partition) {
  const std::span<Topic> topics = arena.array<Topic>(items.size());
  const std::span<Partition> partitions = arena.array<Partition>(items.size());
  size_t count = 0;
  for (size_t first = 0, at = 0; first < items.size(); first = at) {
    const size_t topic = topic_of(items[first]);
    for (; at < items.size() && topic_of(items[at]) == topic; ++at) {
      set_partition(partitions[at], items[at]);
    }
    set_topic(topics[count], topic);
    topics[count++].partitions = partitions.subspan(first, at - first);
  }
  return topics.first(count);
}

}  // namespace odradek::proxy
