#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "broker/group/assignor.h"
#include "broker/group/consumer_member.h"
#include "broker/group/consumer_record.h"
#include "broker/group/group_environment.h"
#include "broker/group/group_types.h"

namespace odradek::broker {

class ClassicGroup;
struct GroupMember;

// ConsumerGroupHeartbeat as it came; null and empty views differ.
struct ConsumerHeartbeat {
  std::string_view group_id;
  std::string_view member_id;
  int32_t epoch = 0;
  std::string_view instance_id;
  std::string_view rack_id;
  std::string_view client_id;
  std::string_view client_host;
  int32_t rebalance_timeout_ms = -1;
  std::optional<std::set<std::string>> topics;
  std::string_view regex;
  std::string_view assignor;
  std::optional<PartitionSet> owned;
  // May the client know of a topic? An expression means only such topics. None: of all.
  std::function<bool(std::string_view)> may_see;
};

struct ConsumerReply {
  proto::ErrorCode error = proto::ErrorCode::kNone;
  std::string message;
  std::string member_id;
  int32_t epoch = 0;
  Duration heartbeat_interval{};
  std::optional<PartitionSet> assignment;  // none: as before
};

// A group whose coordinator assigns the partitions itself (KIP-848). Sans I/O, as ClassicGroup.
// The group's epoch counts changes of what members want; each change leads to a target assignment,
// and every member moves towards it by its own heartbeats, epoch by epoch: no partition is given
// out before its last owner gave it back. A change is made in memory, written, and taken back when
// it cannot be written. Members of the classic protocol may be in the group beside the others.
// Split by what happens: state and records (consumer_group.cc), heartbeats (consumer_heartbeat.cc),
// targets (consumer_target.cc), leaving and time (consumer_leave.cc), members of the classic
// protocol (consumer_classic.cc), from and to a classic group (consumer_convert.cc).
// Source: GroupMetadataManager, ConsumerGroup of Kafka 4.3.
class ConsumerGroup {
 public:
  using ErrorCode = proto::ErrorCode;
  using Now = GroupNow;
  using Members = std::map<std::string, ConsumerMember, std::less<>>;

  ConsumerGroup(std::string id, const GroupConfig& config, GroupEnvironment& environment)
      : id_(std::move(id)), config_(config), environment_(environment) {}
  ConsumerGroup(const ConsumerGroup&) = delete;
  ConsumerGroup& operator=(const ConsumerGroup&) = delete;

  // Joining, and every later heartbeat that does not leave.
  ConsumerReply heartbeat(const ConsumerHeartbeat& input, Now now);
  // The member a leaving heartbeat (epoch -1 or -2) is about. Errors: kUnknownMemberId,
  // kFencedInstanceId.
  ErrorCode find_leaving(const ConsumerHeartbeat& input, std::string& member_id) const;
  // A static member goes and will be back; others do not get its partitions.
  ErrorCode leave_for_now(const std::string& member_id, Now now);
  // Removes members, whose partitions are free from now on.
  ErrorCode remove(std::span<const std::string> member_ids, Now now);

  // The same requests as a classic group has, by members of that protocol.
  JoinReply join_classic(const JoinInput& input, Now now);
  SyncReply sync_classic(const SyncInput& input, Now now);
  ErrorCode heartbeat_classic(const MemberRef& ref, Now now);
  // Whom a LeaveGroup names; members of either protocol.
  ErrorCode find_leaving(const LeavingMember& leaving, std::string& member_id) const;

  // What a refused heartbeat is told beside the code.
  std::string fault_message(ErrorCode fault, const ConsumerHeartbeat& input) const;

  // May this member commit? kStaleMemberEpoch may still be fine for single partitions.
  ErrorCode check_commit(const MemberRef& ref, CommitRules rules) const;
  // Whether the member had the partition in the epoch it names (KIP-1251).
  bool owned_in_epoch(const MemberRef& ref, const Uuid& topic, int32_t partition) const;
  // May this member fetch committed offsets? Nobody is asked when it names none.
  ErrorCode check_fetch(std::string_view member_id, int32_t epoch) const;

  // Members whose time is over, and when to ask again.
  std::vector<std::string> expired(Now now);
  std::optional<MonotonicTime> wake_at() const { return wake_at_; }
  // A topic was created, deleted or grew: with the next heartbeat the group looks at its topics.
  void topics_changed() { topics_changed_ = true; }

  // Begins with a classic group's members; their records are written by the next change.
  // False when their subscriptions or assignments cannot be read.
  bool take_over(const ClassicGroup& classic, Now now);
  // A record to be written with, and before, the next change.
  void write_first(GroupRecord record) { changes_.insert(changes_.begin(), std::move(record)); }
  // Whether only members of the classic protocol stay when `leaving` go, and there are some.
  bool has_only_classic_without(std::span<const std::string> leaving) const;
  // The members, all of the classic protocol, as a classic group has them; `leaving` left out.
  std::vector<GroupMember> classic_members(std::span<const std::string> leaving) const;
  // What ends the group in the log.
  std::vector<GroupRecord> tombstones() const;

  // Takes back what was written: what a record says becomes so. kMalformed.
  Result<void> replay_epoch(Bytes value);
  Result<void> replay_member(std::string_view member_id, Bytes value);
  Result<void> replay_current(std::string_view member_id, Bytes value);
  Result<void> replay_target_epoch(Bytes value);
  Result<void> replay_target(std::string_view member_id, Bytes value);
  Result<void> replay_regex(std::string_view regex, Bytes value);
  // After the last record: sessions begin now.
  void replayed(Now now);

  const std::string& id() const { return id_; }
  int32_t epoch() const { return epoch_.epoch; }
  int32_t target_epoch() const { return target_epoch_.epoch; }
  const Members& members() const { return members_; }
  const PartitionSet& target(std::string_view member_id) const;
  std::string_view state_name() const;  // as Kafka spells it
  // The assignor most members prefer, or the default.
  std::string_view assignor() const;
  bool is_subscribed_to(std::string_view topic) const;
  const ConsumerMember* find(std::string_view member_id) const;
  const ConsumerMember* find_static(std::string_view instance_id) const;

 private:
  struct Timers {
    std::optional<MonotonicTime> session;
    std::optional<MonotonicTime> rebalance;  // to give partitions back, or to join or sync again
  };

  // consumer_group.cc
  void put_member(ConsumerMember member);
  void erase_member(const std::string& member_id);
  void put_target(const std::string& member_id, std::optional<PartitionSet> target);
  void set_target_epoch(TargetEpoch value);
  void set_epoch(EpochValue value);
  void put_regex(const std::string& regex, std::optional<ResolvedRegex> resolved);
  ErrorCode write_changes();
  void undo_changes();
  void index(const ConsumerMember& member);
  void unindex(const ConsumerMember& member);
  bool is_owned(const Uuid& topic, int32_t partition) const;

  // consumer_heartbeat.cc
  ErrorCode check_epoch(const ConsumerMember& member, const ConsumerHeartbeat& input) const;
  ErrorCode member_of(const ConsumerHeartbeat& input, ConsumerMember& member);
  ErrorCode static_member_of(const ConsumerHeartbeat& input, ConsumerMember& member);
  void replace(const ConsumerMember& old_member, const ConsumerMember& new_member);
  // What a change of `before` into `after` means: epoch, target, and the member's next step.
  // `may_see` as in ConsumerHeartbeat; nothing in place of it leaves expressions as they are.
  using TopicFilter = std::function<bool(std::string_view)>;
  void update(const ConsumerMember& before, ConsumerMember& after, const PartitionSet* reported,
              Now now, const TopicFilter* may_see = nullptr);

  // consumer_target.cc
  bool resolve_regex(const std::string& regex, bool again, Now now, const TopicFilter& may_see);
  bool resolve_all(Now now, const TopicFilter& may_see);
  void drop_unused_regexes();
  std::set<std::string> topics_of(const ConsumerMember& member) const;
  int64_t metadata_hash() const;
  void bump_epoch();
  bool is_time_for_target(Now now) const;
  void compute_target(Now now);

  // consumer_leave.cc
  void restart_session(const ConsumerMember& member, Now now);
  // After a change was taken back: who was heard of is alive, whatever can be written.
  void resume_sessions(std::string_view heard_of, Now now);
  void arm(MonotonicTime when);
  void recompute_wake();

  // consumer_classic.cc
  ErrorCode check_classic(std::string_view member_id, std::string_view instance_id,
                          int32_t generation, const ConsumerMember*& member) const;
  bool supports(const JoinInput& input) const;
  bool waits_for_others(const ConsumerMember& member) const;
  std::string classic_assignment(const ConsumerMember& member,
                                 const PartitionSet& partitions) const;

  std::string id_;
  const GroupConfig& config_;
  GroupEnvironment& environment_;

  EpochValue epoch_;
  TargetEpoch target_epoch_;
  Members members_;
  TargetAssignment targets_;
  std::map<std::string, ResolvedRegex, std::less<>> regexes_;

  std::map<std::string, std::string, std::less<>> static_ids_;  // instance id -> member id
  std::map<Uuid, std::map<int32_t, int32_t>> owners_;  // how many members have a partition
  bool topics_changed_ = false;

  std::vector<GroupRecord> changes_;  // made, not yet written
  std::vector<std::function<void()>> undo_;

  std::map<std::string, Timers, std::less<>> timers_;
  std::optional<MonotonicTime> wake_at_;
};

}  // namespace odradek::broker
