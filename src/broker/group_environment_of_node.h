#pragma once

#include "broker/group/group_environment.h"

namespace odradek::broker {

class Node;

// The groups' world in a real broker: records go to __consumer_offsets, topics are the node's.
class NodeGroupEnvironment final : public GroupEnvironment {
 public:
  explicit NodeGroupEnvironment(Node& node) : node_(node) {}

  proto::ErrorCode append(std::string_view group_id, std::span<const GroupRecord> records,
                          TransactionOwner owner) override;
  int32_t partition_of(std::string_view group_id) const override;
  std::optional<GroupTopic> topic(std::string_view name) const override;
  std::optional<GroupTopic> topic(const Uuid& id) const override;
  void for_each_topic(const std::function<void(const GroupTopic&)>& visit) const override;
  ConsumerTimes consumer_times(std::string_view group_id) const override;

 private:
  Node& node_;
};

}  // namespace odradek::broker
