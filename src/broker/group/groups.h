#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "broker/group/classic_group.h"
#include "broker/group/consumer_group.h"
#include "broker/group/group_types.h"
#include "broker/group/offset_table.h"

namespace odradek::broker {

// All groups of the broker and their committed offsets: the group coordinator without sockets.
// Inputs carry the time; answers to waiting requests come out in GroupReplies, from any call that
// takes one. Call tick() at wake_at(). What changes is written to the environment first, and comes
// back by replay(). Belongs to one loop.
class Groups {
 public:
  using Now = GroupNow;
  using ErrorCode = proto::ErrorCode;

  Groups(const GroupConfig& config, GroupEnvironment& environment)
      : config_(config), environment_(environment) {}

  void join(const JoinInput& input, Now now, GroupReplies& out);
  void sync(const SyncInput& input, Now now, GroupReplies& out);
  ErrorCode heartbeat(const MemberRef& member, Now now);
  // kNone: the members' own codes are set. Otherwise the whole request failed.
  ErrorCode leave(std::string_view group_id, std::span<LeavingMember> members, Now now,
                  GroupReplies& out);

  // ConsumerGroupHeartbeat (KIP-848), its fields checked. May turn a classic group into a consumer
  // group, or back when the last member of the new protocol leaves.
  ConsumerReply consumer_heartbeat(const ConsumerHeartbeat& input, Now now, GroupReplies& out);

  void tick(Now now, GroupReplies& out);
  std::optional<MonotonicTime> wake_at() const;

  // Whether `member` may commit. A commit without a generation makes the group when there is none.
  ErrorCode begin_commit(const MemberRef& member, CommitRules rules, Now now);
  bool accepts_metadata(std::string_view metadata) const {
    return metadata.size() <= config_.offset_metadata_bytes_max;
  }
  // After begin_commit(), for each partition: a member of a consumer group that moved on may still
  // commit what it had in the epoch it names. kStaleMemberEpoch otherwise.
  ErrorCode check_partition(const MemberRef& member, const Uuid& topic, int32_t partition) const;
  // After begin_commit(): writes all of them, or none and gives an error. Those of a transaction
  // wait for its end.
  ErrorCode commit(std::string_view group_id, std::span<OffsetToCommit> offsets,
                   TransactionOwner owner = {});
  // A marker was written to a partition of __consumer_offsets.
  void end_transaction(int32_t log_partition, int64_t producer_id, bool committed);
  const OffsetTable& offsets() const { return offsets_; }
  // May a member, if one is named, fetch offsets? kUnknownMemberId, kStaleMemberEpoch.
  ErrorCode check_fetch(std::string_view group_id, std::string_view member_id, int32_t epoch) const;

  // Null when there is no such group of this kind.
  const ClassicGroup* find(std::string_view group_id) const;
  const ConsumerGroup* find_consumer(std::string_view group_id) const;
  bool contains(std::string_view group_id) const { return groups_.contains(group_id); }
  // Calls visit(const ClassicGroup*, const ConsumerGroup*) for each group; one of them is null.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [id, entry] : groups_) visit(entry.group.get(), entry.consumer.get());
  }

  // DeleteGroups: kGroupIdNotFound, kNonEmptyGroup, kInvalidGroupId.
  ErrorCode remove(std::string_view group_id);
  // OffsetDelete of the whole group; kNone: go on with each partition.
  ErrorCode check_offset_delete(std::string_view group_id) const;
  // kGroupSubscribedToTopic; deleting what is not there is fine.
  ErrorCode delete_offset(std::string_view group_id, std::string_view topic, int32_t partition);
  // A topic was created or grew, or will be gone: consumer groups look again.
  void topics_changed();
  // The topic is gone, and with it what was committed for it.
  void topic_deleted(std::string_view topic);
  // Drops offsets past their retention, and empty groups without any.
  void expire_offsets(TimestampMs now_ms);
  // Takes back what was written before a restart, record by record. Errors: kMalformed.
  Result<void> replay(int32_t log_partition, Bytes key, Bytes value, TransactionOwner owner,
                      Now now);
  // After the last record.
  void replayed(Now now);

  // Forgets everything; who waits is answered with `error`.
  void clear(proto::ErrorCode error, GroupReplies& out);

  size_t size() const { return groups_.size(); }
  const GroupConfig& config() const { return config_; }

 private:
  using Wakes = std::multimap<MonotonicTime, std::string>;
  struct Entry {
    // One of the two.
    std::unique_ptr<ClassicGroup> group;
    std::unique_ptr<ConsumerGroup> consumer;
    std::optional<Wakes::iterator> scheduled;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  // No room for a group that does not exist yet?
  bool is_full(std::string_view new_group_id) const;
  Entry& find_or_create(std::string_view group_id, Now now);
  std::unique_ptr<ClassicGroup> make_classic(std::string_view group_id, Now now);
  std::unique_ptr<ConsumerGroup> make_consumer(std::string_view group_id);
  // groups_consumer.cc
  ConsumerReply consumer_join(const ConsumerHeartbeat& input, Now now, GroupReplies& out);
  ConsumerReply consumer_leave(const ConsumerHeartbeat& input, Now now, GroupReplies& out);
  void join_consumer_group(Entry& entry, const JoinInput& input, Now now, GroupReplies& out);
  void leave_consumer_group(Entry& entry, std::span<LeavingMember> members, Now now,
                            GroupReplies& out);
  ErrorCode remove_members(Entry& entry, std::span<const std::string> member_ids, Now now,
                           GroupReplies& out);
  bool may_downgrade(const Entry& entry, std::span<const std::string> leaving) const;
  ErrorCode downgrade(Entry& entry, std::span<const std::string> leaving, Now now);
  void reschedule(Entry& entry);
  Entries::iterator erase(Entries::iterator entry);

  Result<void> replay_offset(int32_t log_partition, Bytes key, Bytes value, TransactionOwner owner,
                             Now now);
  Result<void> replay_classic(Bytes key, Bytes value, Now now);
  ErrorCode write(std::string_view group_id, std::span<const GroupRecord> records);
  Result<void> replay_consumer(int16_t type, Bytes key, Bytes value, Now now);
  void expire_offsets_of(const std::string& group_id, const Entry& entry, TimestampMs now_ms);

  GroupConfig config_;
  GroupEnvironment& environment_;
  OffsetTable offsets_;
  Entries groups_;
  Wakes wakes_;
};

}  // namespace odradek::broker
