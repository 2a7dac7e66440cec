#pragma once

#include <string>
#include <unordered_map>

#include "broker/group/groups.h"
#include "broker/state_log.h"
#include "io/loop.h"
#include "rpc/request.h"

namespace odradek::broker {

// Connects the groups with the world: keeps the JoinGroup and SyncGroup requests that wait,
// answers them, and lets time pass for the groups by one timer of the loop. One loop.
class GroupService {
 public:
  GroupService(io::Loop& loop, const GroupConfig& config, GroupEnvironment& environment)
      : loop_(loop), groups_(config, environment) {}
  GroupService(const GroupService&) = delete;
  GroupService& operator=(const GroupService&) = delete;
  ~GroupService();

  // Take over the request; it is answered now or later.
  void join(rpc::Request request, JoinInput input);
  void sync(rpc::Request request, SyncInput input);
  proto::ErrorCode heartbeat(const MemberRef& member);
  proto::ErrorCode leave(std::string_view group_id, std::span<LeavingMember> members);
  ConsumerReply consumer_heartbeat(const ConsumerHeartbeat& input);
  proto::ErrorCode begin_commit(const MemberRef& member, CommitRules rules);

  // Takes back what was written before a restart. Errors: StateLog::replay, kMalformed.
  Result<void> load(const StateLog& log);

  // For what needs no time.
  Groups& groups() { return groups_; }
  const Groups& groups() const { return groups_; }

  // Answers everything that waits with `error` and forgets all groups.
  void clear(proto::ErrorCode error);
  size_t waiting() const { return waiting_.size(); }

 private:
  Groups::Now now() const { return {loop_.now(), loop_.clock().wall_ms()}; }
  // Sends the replies and sets the timer anew: the end of every event.
  void settle();
  void send_join(rpc::Request request, const JoinReply& reply);
  void send_sync(rpc::Request request, const SyncReply& reply);
  void arm();

  io::Loop& loop_;
  Groups groups_;
  GroupReplies replies_;
  std::unordered_map<Ticket, rpc::Request> waiting_;
  Ticket next_ticket_ = 1;
  io::TimerId timer_ = 0;
  MonotonicTime timer_at_;
};

}  // namespace odradek::broker
