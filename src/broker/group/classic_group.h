#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "broker/group/group_environment.h"
#include "broker/group/group_types.h"

namespace odradek::broker {

enum class GroupState : uint8_t {
  kEmpty,                // no members; maybe offsets
  kPreparingRebalance,   // waiting until every member has joined again
  kCompletingRebalance,  // waiting for the leader's assignment
  kStable,
  kDead,                 // removed
};
std::string_view group_state_name(GroupState state);  // as Kafka spells it

// That there is no such group any more.
GroupRecord classic_group_tombstone(std::string_view group_id);

// One member of a classic group.
struct GroupMember {
  std::string member_id;
  std::optional<std::string> instance_id;
  std::string client_id;
  std::string client_host;
  Duration session_timeout{};
  Duration rebalance_timeout{};
  std::vector<std::pair<std::string, std::string>> protocols;  // name, metadata; best first
  std::string assignment;
  bool is_new = true;  // has not been in a generation yet
  std::optional<Ticket> join;  // a JoinGroup that waits
  std::optional<Ticket> sync;  // a SyncGroup that waits
  std::optional<MonotonicTime> session_deadline;

  bool has_protocol(std::string_view name) const;
  const std::string& metadata(std::string_view protocol) const;  // empty for an unknown one
  bool same_protocols(std::span<const ProtocolView> other) const;
};

// A group of the classic protocol: who is in, which generation, who waits for what. Sans I/O: the
// inputs carry the time, the answers go to GroupReplies, and wake_at() says when to call tick().
// Split by what happens: joining (group_join.cc), the rebalance itself (group_rebalance.cc), sync,
// heartbeat and leave (group_member_calls.cc), time (group_timers.cc).
// Source: KIP-345, KIP-394, KIP-559, KIP-814; GroupMetadataManager and ClassicGroup of Kafka 4.
class ClassicGroup {
 public:
  ClassicGroup(std::string id, const GroupConfig& config, GroupEnvironment& environment,
               TimestampMs now_ms)
      : id_(std::move(id)), config_(config), environment_(environment), state_since_ms_(now_ms) {}
  ClassicGroup(const ClassicGroup&) = delete;
  ClassicGroup& operator=(const ClassicGroup&) = delete;

  using Now = GroupNow;

  void join(const JoinInput& input, Now now, GroupReplies& out);
  void sync(const SyncInput& input, Now now, GroupReplies& out);
  proto::ErrorCode heartbeat(const MemberRef& member, Now now);
  void leave(std::span<LeavingMember> members, Now now, GroupReplies& out);
  // May this caller commit offsets now? Keeps its session alive when it is a member.
  proto::ErrorCode check_commit(const MemberRef& member, CommitRules rules, Now now);
  // Answers everything that waits with `error` and ends the group.
  void kill(proto::ErrorCode error, GroupReplies& out);

  // Does what is due. Afterwards wake_at() is later than now.
  void tick(Now now, GroupReplies& out);
  // When tick() has something to do; never when empty.
  std::optional<MonotonicTime> wake_at() const { return wake_at_; }

  const std::string& id() const { return id_; }
  GroupState state() const { return state_; }
  int32_t generation() const { return generation_; }
  const std::string& leader() const { return leader_; }
  const std::optional<std::string>& protocol_type() const { return protocol_type_; }
  const std::optional<std::string>& protocol_name() const { return protocol_name_; }
  const std::map<std::string, GroupMember, std::less<>>& members() const { return members_; }
  TimestampMs state_since_ms() const { return state_since_ms_; }
  bool uses_consumer_protocol() const { return protocol_type_ == "consumer"; }
  // Whether a member's subscription names the topic; true when a group of consumers has
  // subscriptions nobody can read.
  bool is_subscribed_to(std::string_view topic) const;
  // Empty, and nobody on the way: may be removed with its last offset.
  bool is_removable() const { return state_ == GroupState::kEmpty && pending_.empty(); }

  // Goes on with members that were in a consumer group; `now` begins their sessions.
  void adopt(std::vector<GroupMember> members, int32_t generation, Now now);
  // Asks all members to join again.
  void rebalance(Now now, GroupReplies& out);
  // Everything that waits is answered with `error`; the group is given up for another.
  void end_waiting(proto::ErrorCode error, GroupReplies& out);
  // Whether members may be served by a consumer group from now on.
  bool may_become_consumer_group() const { return uses_consumer_protocol() && !members_.empty(); }

  // The group as its record says it: members, generation and assignments.
  GroupRecord record() const;
  // Takes the group's state from a record's value, whose sessions begin now. kMalformed.
  Result<void> restore(Bytes value, Now now);

 private:
  using Members = std::map<std::string, GroupMember, std::less<>>;
  using ErrorCode = proto::ErrorCode;

  // group_join.cc
  bool accepts(std::string_view member_id) const;
  bool supports(std::string_view protocol_type, std::span<const ProtocolView> protocols) const;
  void join_new(const JoinInput& input, Now now, GroupReplies& out);
  void join_known(const JoinInput& input, Now now, GroupReplies& out);
  void add_member(const JoinInput& input, std::string member_id, Now now, GroupReplies& out);
  void update_member(GroupMember& member, const JoinInput& input, GroupReplies& out);
  void replace_static(const JoinInput& input, const std::string& old_id, Now now,
                      GroupReplies& out);
  void reply_current(const JoinInput& input, const GroupMember& member, bool with_members,
                     GroupReplies& out) const;

  // group_rebalance.cc
  void rebalance_or_complete(Now now, GroupReplies& out);
  void prepare_rebalance(Now now, GroupReplies& out);
  void maybe_complete_join(Now now, GroupReplies& out);
  void complete_join(Now now, GroupReplies& out);
  bool elect_joined_leader();
  void next_generation(Now now);
  std::string select_protocol() const;
  std::vector<JoinMember> joined_members() const;
  void end_sync(ErrorCode error, Now now, GroupReplies& out);
  void read_subscriptions();
  bool all_joined() const;
  Duration rebalance_timeout() const;
  void transition(GroupState next, Now now);

  // classic_group_record.cc
  ErrorCode write() const;

  // group_member_calls.cc
  void assign(const SyncInput& input, Now now, GroupReplies& out);
  ErrorCode check_member(std::string_view member_id, std::string_view instance_id) const;
  void synced(const std::string& member_id);

  // group_timers.cc
  void arm(MonotonicTime when);
  void restart_session(GroupMember& member, Now now);
  void restart_session(GroupMember& member, Duration timeout, Now now);
  void initial_delay_over(Now now, GroupReplies& out);
  void sync_timed_out(Now now, GroupReplies& out);
  void expire_sessions(Now now, GroupReplies& out);
  void recompute_wake();

  void remove_member(const std::string& member_id);
  void answer_join(GroupMember& member, JoinReply reply, GroupReplies& out);
  bool answer_sync(GroupMember& member, SyncReply reply, GroupReplies& out);

  std::string id_;
  const GroupConfig& config_;
  GroupEnvironment& environment_;
  GroupState state_ = GroupState::kEmpty;
  TimestampMs state_since_ms_;
  int32_t generation_ = 0;
  std::optional<std::string> protocol_type_;
  std::optional<std::string> protocol_name_;
  std::string leader_;  // member id; empty: none
  Members members_;
  std::map<std::string, std::string, std::less<>> static_ids_;  // instance id -> member id
  std::map<std::string, MonotonicTime, std::less<>> pending_;   // id given, not joined; deadline
  std::set<std::string, std::less<>> pending_sync_;
  std::optional<std::set<std::string, std::less<>>> subscriptions_;

  std::optional<MonotonicTime> join_deadline_;  // of the rebalance, or of the initial delay
  std::optional<MonotonicTime> sync_deadline_;
  std::optional<MonotonicTime> wake_at_;
  Duration initial_left_{};        // by how much the initial delay may still be extended
  MonotonicTime last_pending_at_;  // when an id was last given out
  bool initial_ = false;           // join_deadline_ ends an initial delay
  bool new_member_added_ = false;  // since the initial delay began
};

}  // namespace odradek::broker
