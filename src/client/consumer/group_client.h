#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/client_core.h"
#include "client/consumer/assignor.h"
#include "client/consumer/consumer_state.h"
#include "client/consumer/membership.h"
#include "client/offsets.h"
#include "proto/messages/join_group_response.h"

namespace odradek::client {

// A consumer's membership in a group of the classic protocol, on the loop: joins, shares the
// partitions out when it is the leader, keeps the session alive, gives partitions back when others
// want some, commits. Partitions are given up only when the program is between two batches: it is
// told by an event, and has until max_poll_interval to come back to next().
// Two tasks: run() goes through join, sync and stay; beat() sends the heartbeats meanwhile.
class GroupClient {
 public:
  // `on_change` is called after the assignment changed.
  GroupClient(kafka::ClientCore& core, ConsumerState& state, std::function<void()> on_change);
  GroupClient(const GroupClient&) = delete;
  GroupClient& operator=(const GroupClient&) = delete;

  // Begins to work; the topics are in the state. Again after the subscription changed.
  void start();
  // The program handled an event or called next() after a long time.
  void notice() { changed_.notify_all(); }

  // Commits for the consumer, member or not, one commit at a time so that none overtakes another.
  io::Task<Result<void>> commit(OffsetMap offsets, MonotonicTime deadline);
  // Commits what the program is done with, where auto-commit is on.
  io::Task<void> commit_consumed(MonotonicTime deadline);
  // Leaves the group, if a dynamic member of it, until `deadline`.
  io::Task<void> leave(MonotonicTime deadline);
  io::Task<void> stop();

 private:
  io::Task<void> run();
  io::Task<void> beat();
  io::Task<void> commit_now_and_then();

  // joining: group_join.cc
  io::Task<GroupStep> join();
  io::Task<GroupStep> sync(std::map<std::string, Slice> assignments, std::string protocol);
  io::Task<Result<std::map<std::string, Slice>>> share_out(
      const proto::JoinGroupResponse& response);
  Result<Slice> own_subscription();
  Result<kafka::Assignor> assignor_named(std::string_view name) const;
  io::Task<Result<cluster::Cluster::Connection>> coordinator(MonotonicTime deadline);

  io::Task<bool> wait_for_poll();
  io::Task<bool> prepare_to_join();
  io::Task<void> adopt();
  io::Task<void> stay();
  io::Task<bool> has_new_partitions();
  // Waits until the program has handled the event, or was too slow. False then, and on stop.
  io::Task<bool> wait_until_handled(uint64_t event_id);
  io::Task<bool> revoke(std::vector<kafka::TopicPartition> partitions);
  void lose_everything();
  io::Task<void> act(GroupStep step);
  io::Task<bool> beat_once();
  io::Task<void> leave_group(MonotonicTime deadline);
  bool is_too_slow() const;
  bool want_poll();
  void publish_identity();
  std::vector<std::string> topics() const;

  kafka::ClientCore* core_;
  io::Loop* loop_;
  cluster::Cluster* cluster_;
  ConsumerState* state_;
  std::function<void()> on_change_;
  cluster::Lane lane_;
  Membership membership_;
  bool is_cooperative_;
  io::TaskGroup tasks_;
  io::Event changed_;
  io::Event commit_done_;
  std::vector<kafka::TopicPartition> assignment_;  // of the last sync
  PartitionCounts counts_;  // what the leader shared out
  Error failure_{Errc::kInternal};  // why the last step was kFail
  bool is_leader_ = false;
  bool is_started_ = false;
  bool is_joining_ = false;  // no heartbeats now
  bool needs_join_ = false;
  bool needs_poll_ = true;  // join only when the program calls next()
  bool is_committing_ = false;
  bool is_stopped_ = false;
  bool has_left_ = false;
};

}  // namespace odradek::client
