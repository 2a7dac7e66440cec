#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/client_core.h"
#include "client/consumer/consumer_state.h"
#include "client/consumer/membership.h"
#include "client/offsets.h"

namespace odradek::client {

// What a consumer's membership in a group is in either protocol, on the loop: partitions come and
// go, offsets are committed. Partitions are given up only when the program is between two
// batches: it is told by an event, and has until max_poll_interval to come back to next().
class GroupMember {
 public:
  // `on_change` is called after the assignment changed.
  GroupMember(kafka::ClientCore& core, ConsumerState& state, std::function<void()> on_change);
  GroupMember(const GroupMember&) = delete;
  GroupMember& operator=(const GroupMember&) = delete;
  virtual ~GroupMember() = default;

  // Begins to work; the topics are in the state. Again after the subscription changed.
  virtual void start() = 0;
  // Leaves the group, if a dynamic member of it, until `deadline`.
  virtual io::Task<void> leave(MonotonicTime deadline) = 0;

  // The program handled an event or called next() after a long time.
  void notice() { changed_.notify_all(); }
  // Commits for the consumer, member or not, one commit at a time so that none overtakes another.
  io::Task<Result<void>> commit(OffsetMap offsets, MonotonicTime deadline);
  // Commits what the program is done with, where auto-commit is on.
  io::Task<void> commit_consumed(MonotonicTime deadline);
  io::Task<void> stop();

 protected:
  virtual const kafka::GroupMetadata& identity() const = 0;
  virtual bool is_member() const = 0;
  // A commit of that identity was refused; who has to join again does.
  virtual void on_commit_refused(proto::ErrorCode code, const kafka::GroupMetadata& committer) = 0;

  // group_commit.cc
  io::Task<void> commit_now_and_then();

  // Waits until the program calls next(), where needs_poll_. False when stopped.
  io::Task<bool> wait_for_poll();
  // False when the program was too slow, or we were stopped: the partitions are not given up.
  io::Task<bool> revoke(std::vector<kafka::TopicPartition> partitions);
  void give(std::vector<kafka::TopicPartition> added);
  void lose_everything();
  // Ends the membership for good; next() fails with it.
  void fail(const Error& error);
  bool is_too_slow() const;
  bool want_poll();
  void publish_identity();
  std::vector<std::string> topics() const;
  std::string pattern() const;  // empty: topics are subscribed to by name
  bool is_subscribed() const;  // or only commits for who reads what it was assigned
  std::vector<kafka::TopicPartition> owned() const;
  io::Task<Result<cluster::Cluster::Connection>> coordinator(MonotonicTime deadline);
  void forget_coordinator();
  bool is_over() const { return is_stopped_ || has_left_; }

  io::Loop* loop_;
  cluster::Cluster* cluster_;
  ConsumerState* state_;
  io::TaskGroup tasks_;
  io::Event changed_;
  bool needs_poll_ = true;  // join only when the program calls next()
  bool is_stopped_ = false;
  bool has_left_ = false;

 private:
  void tell_interceptor(const OffsetMap& offsets, const Result<void>& committed);
  io::Task<Result<void>> commit_as_member(const OffsetMap& offsets, MonotonicTime deadline);
  // Waits until the program has handled the event, or was too slow. False then, and on stop.
  io::Task<bool> wait_until_handled(uint64_t event_id);

  std::function<void()> on_change_;
  cluster::Lane lane_;
  io::Event commit_done_;
  bool is_committing_ = false;
};

// Sorted partitions of `from` that are not in `without`, which is sorted, too.
std::vector<kafka::TopicPartition> difference(const std::vector<kafka::TopicPartition>& from,
                                              const std::vector<kafka::TopicPartition>& without);

}  // namespace odradek::client
