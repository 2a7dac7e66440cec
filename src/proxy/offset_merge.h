#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "proto/messages/offset_fetch_request.h"
#include "proto/messages/offset_fetch_response.h"
#include "proxy/topic_resolver.h"

namespace odradek::proxy {

// The committed offsets a client asks one group for, gathered from the group and its shadows.
// Sans I/O; lives for one request.
class OffsetMerge {
 public:
  using Group = proto::OffsetFetchRequest::OffsetFetchRequestGroup;
  using Topics = proto::OffsetFetchRequest::OffsetFetchRequestTopics;
  using Answer = proto::OffsetFetchResponse::OffsetFetchResponseGroup;
  using FindTopic = std::function<const ResolvedTopic*(std::string_view name)>;

  // `group` outlives the object. `groups_max` bounds the group indexes asked when the client wants
  // all topics.
  OffsetMerge(const Group& group, int32_t groups_max) : group_(&group), groups_max_(groups_max) {}

  bool wants_all() const { return group_->topics.data() == nullptr; }
  // The group indexes to ask, ascending; the group itself (0) always.
  std::vector<GroupIndex> indexes(const FindTopic& find) const;
  // What to ask the group of that index for; null for all. In `arena`.
  std::span<Topics> topics_for(GroupIndex index, const FindTopic& find, Arena& arena) const;

  // The answer of one index. Names and metadata are copied into `arena`.
  void take(GroupIndex index, const Answer& answer, Arena& arena);
  void fail(int16_t error_code) { error_code_ = error_code; }

  // Names of the topics the answers hold, for resolving them when the client wants all.
  std::vector<std::string> answered_topics() const;
  // The client's answer. `find` knows the topics asked, or those of answered_topics().
  Answer merged(const FindTopic& find, Arena& arena) const;

 private:
  using Partition = proto::OffsetFetchResponse::OffsetFetchResponsePartitions;
  using Key = std::pair<GroupIndex, int32_t>;  // and physical partition
  using ByPlace = std::map<Key, Partition>;

  static PhysicalPlace place_of(const ResolvedTopic* topic, int32_t client_partition);
  Answer merged_all(const FindTopic& find, Arena& arena) const;

  const Group* group_;
  int32_t groups_max_;
  int16_t error_code_ = 0;
  std::map<std::string_view, ByPlace> found_;
};

}  // namespace odradek::proxy
