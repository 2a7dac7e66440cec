#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "proto/error_code.h"
#include "proxy/topic_resolver.h"

namespace odradek::proxy {

// The partitions of a request about committed offsets, sorted by the group that keeps them: the
// client's own group for index 0 (and for topics that are not mapped), its shadow groups else.
// Sans I/O.
class CommitSplit {
 public:
  // One partition of the client's request.
  struct Item {
    size_t topic = 0;
    size_t index = 0;
    int32_t client_partition = 0;
    proto::ErrorCode error{};
    PhysicalPlace place{};
    int64_t broker_offset = -1;  // to be committed
  };

  // `client_offset`: what the client commits.
  void add(size_t topic, size_t index, const ResolvedTopic& resolved, int32_t client_partition,
           int64_t client_offset = -1);

  const std::vector<Item>& items() const { return items_; }  // in request order
  Item& item(size_t at) { return items_[at]; }
  // The items without an error by group index, ascending.
  const std::map<GroupIndex, std::vector<size_t>>& by_group() const { return by_group_; }
  bool has_main() const { return by_group_.contains(GroupIndex(0)); }
  bool has_shadows() const { return by_group_.size() > (has_main() ? 1U : 0U); }
  // The same error for all that has none yet.
  void fail_all(proto::ErrorCode error);

 private:
  std::vector<Item> items_;
  std::map<GroupIndex, std::vector<size_t>> by_group_;
};

}  // namespace odradek::proxy
