#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/consumer/assignor.h"
#include "client/consumer/group_member.h"
#include "proto/messages/join_group_response.h"

namespace odradek::client {

// A member of a group of the classic protocol: joins, shares the partitions out when it is the
// leader, keeps the session alive, gives partitions back when others want some.
// Two tasks: run() goes through join, sync and stay; beat() sends the heartbeats meanwhile.
class ClassicMember final : public GroupMember {
 public:
  ClassicMember(kafka::ClientCore& core, ConsumerState& state, std::function<void()> on_change);

  void start() override;
  io::Task<void> leave(MonotonicTime deadline) override;

 private:
  const kafka::GroupMetadata& identity() const override { return membership_.identity(); }
  bool is_member() const override { return membership_.is_member(); }
  void on_commit_refused(proto::ErrorCode code, const kafka::GroupMetadata& committer) override;

  io::Task<void> run();
  io::Task<void> beat();

  // joining: classic_join.cc
  io::Task<GroupStep> join();
  io::Task<GroupStep> sync(std::map<std::string, Slice> assignments, std::string protocol);
  io::Task<Result<std::map<std::string, Slice>>> share_out(
      const proto::JoinGroupResponse& response);
  Result<std::vector<Slice>> own_subscriptions();
  Result<kafka::Assignor> assignor_named(std::string_view name) const;

  // Finds the topics of a pattern; true at once without one. False when they cannot be known now.
  io::Task<bool> match_topics();
  io::Task<bool> has_other_matches();
  io::Task<bool> prepare_to_join();
  io::Task<void> adopt();
  io::Task<void> stay();
  io::Task<bool> has_new_partitions();
  io::Task<void> act(GroupStep step);
  io::Task<bool> beat_once();
  io::Task<void> leave_group(MonotonicTime deadline);

  Membership membership_;
  bool is_cooperative_;
  std::vector<kafka::TopicPartition> assignment_;  // of the last sync
  int32_t assignment_generation_ = -1;
  MonotonicTime next_match_{};  // of the pattern with the cluster's topics
  PartitionCounts counts_;  // what the leader shared out
  Error failure_{Errc::kInternal};  // why the last step was kFail
  bool is_leader_ = false;
  bool is_started_ = false;
  bool is_joining_ = false;  // no heartbeats now
  bool needs_join_ = false;
};

}  // namespace odradek::client
