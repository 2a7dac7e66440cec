#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "broker/group/groups.h"

// What the tests of this folder share: groups driven by hand under a clock turned by hand.
namespace odradek::broker::testing {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Code = proto::ErrorCode;

struct JoinSpec {
  std::string group = "g";
  std::string member;
  std::optional<std::string> instance;
  std::vector<std::pair<std::string, std::string>> protocols{{"range", "meta"}};
  std::string protocol_type = "consumer";
  milliseconds session{10'000};
  milliseconds rebalance{30'000};
  bool id_required = false;
  bool can_skip = false;
};

// A world of made-up topics that keeps what is written, and can refuse to.
class FakeEnvironment : public GroupEnvironment {
 public:
  struct Topic {
    Uuid id;
    int32_t partitions;
  };
  struct Written {
    GroupRecord record;
    TransactionOwner owner;
    std::optional<bool> committed;  // the marker that ends the owner's transaction
  };

  Code append(std::string_view /*group_id*/, std::span<const GroupRecord> records,
              TransactionOwner owner) override {
    if (failure != Code::kNone) return failure;
    for (const GroupRecord& record : records) {
      EXPECT_TRUE(record.is_writable());
      written.push_back({record, owner, {}});
    }
    return Code::kNone;
  }
  int32_t partition_of(std::string_view /*group_id*/) const override { return 0; }
  std::optional<GroupTopic> topic(std::string_view name) const override {
    const auto found = topics.find(name);
    if (found == topics.end()) return std::nullopt;
    return GroupTopic{found->first, found->second.id, found->second.partitions};
  }
  std::optional<GroupTopic> topic(const Uuid& id) const override {
    for (const auto& [name, topic] : topics) {
      if (topic.id == id) return GroupTopic{name, id, topic.partitions};
    }
    return std::nullopt;
  }
  void for_each_topic(const std::function<void(const GroupTopic&)>& visit) const override {
    for (const auto& [name, topic] : topics) visit({name, topic.id, topic.partitions});
  }
  ConsumerTimes consumer_times(std::string_view /*group_id*/) const override { return times; }

  std::map<std::string, Topic, std::less<>> topics;
  std::vector<Written> written;
  Code failure = Code::kNone;
  ConsumerTimes times;
};

// What a broker does with the log when it starts.
inline void replay(const FakeEnvironment& environment, Groups& groups, Groups::Now now) {
  for (const auto& [record, owner, committed] : environment.written) {
    if (committed) {
      groups.end_transaction(0, owner.producer_id, *committed);
      continue;
    }
    const Bytes value = record.value ? as_bytes(*record.value) : Bytes();
    const Result<void> read = groups.replay(0, as_bytes(record.key), value, owner, now);
    EXPECT_TRUE(read) << read.error().to_string();
  }
}

class GroupDriver {
 public:
  explicit GroupDriver(GroupConfig config = quick()) : groups(config, environment) {}

  static GroupConfig quick() {
    GroupConfig config;
    config.initial_rebalance_delay = Duration::zero();
    config.pending_member_grace = Duration::zero();
    return config;
  }

  Ticket join(const JoinSpec& spec) {
    std::vector<ProtocolView> protocols;
    for (const auto& [name, metadata] : spec.protocols) {
      protocols.push_back({name, as_bytes(metadata)});
    }
    JoinInput input;
    input.ticket = next_ticket++;
    input.group_id = spec.group;
    input.member_id = spec.member;
    if (spec.instance) input.instance_id = *spec.instance;
    input.client_id = "client";
    input.client_host = "/127.0.0.1";
    input.protocol_type = spec.protocol_type;
    input.protocols = protocols;
    input.session_timeout = spec.session;
    input.rebalance_timeout = spec.rebalance;
    input.member_id_required = spec.id_required;
    input.can_skip_assignment = spec.can_skip;
    groups.join(input, now(), replies);
    collect();
    return input.ticket;
  }

  Ticket sync(const std::string& member, int32_t generation,
              std::vector<std::pair<std::string, std::string>> assignments = {},
              const std::string& group = "g") {
    std::vector<std::pair<std::string_view, Bytes>> views;
    for (const auto& [id, bytes] : assignments) views.emplace_back(id, as_bytes(bytes));
    SyncInput input;
    input.ticket = next_ticket++;
    input.member.group_id = group;
    input.member.member_id = member;
    input.member.generation = generation;
    input.assignments = views;
    groups.sync(input, now(), replies);
    collect();
    return input.ticket;
  }

  Code heartbeat(const std::string& member, int32_t generation, const std::string& group = "g") {
    return groups.heartbeat(ref(member, generation, group), now());
  }
  Code check_commit(const std::string& member, int32_t generation, const std::string& group = "g") {
    CommitRules rules;
    rules.knows_epochs = true;
    return groups.begin_commit(ref(member, generation, group), rules, now());
  }
  Code commit(const std::string& topic, int32_t partition, CommittedOffset offset,
              TransactionOwner owner = {}, const std::string& group = "g") {
    OffsetToCommit one{topic, partition, std::move(offset)};
    return groups.commit(group, {&one, 1}, owner);
  }
  Code leave(const std::string& member, const std::string& group = "g") {
    std::vector<LeavingMember> members{{member, {}, Code::kNone}};
    const Code error = groups.leave(group, members, now(), replies);
    collect();
    return error == Code::kNone ? members[0].error : error;
  }

  // Lets time pass, waking the groups when they ask for it.
  void pass(Duration duration) {
    const MonotonicTime end = clock.now() + duration;
    while (true) {
      const std::optional<MonotonicTime> wake = groups.wake_at();
      if (!wake || *wake > end) break;
      if (*wake > clock.now()) clock.advance(*wake - clock.now());
      groups.tick(now(), replies);
      collect();
    }
    if (end > clock.now()) clock.advance(end - clock.now());
  }

  // The answer to a join or sync; nothing while it waits.
  std::optional<JoinReply> joined(Ticket ticket) const { return find(joins, ticket); }
  std::optional<SyncReply> synced(Ticket ticket) const { return find(syncs, ticket); }

  GroupState state(const std::string& group = "g") const { return groups.find(group)->state(); }
  Groups::Now now() const { return {clock.now(), clock.wall_ms()}; }

  // A group whose members have all joined and synced; their ids.
  std::vector<std::string> stable(const std::vector<JoinSpec>& specs) {
    std::vector<Ticket> tickets;
    for (const JoinSpec& spec : specs) tickets.push_back(join(spec));
    pass(Duration::zero());
    std::vector<std::string> members;
    for (const Ticket ticket : tickets) members.push_back(joined(ticket)->member_id);
    const JoinReply reply = *joined(tickets[0]);
    std::vector<std::pair<std::string, std::string>> assignments;
    for (const std::string& member : members) assignments.emplace_back(member, "of " + member);
    for (const std::string& member : members) {
      sync(member, reply.generation,
           member == reply.leader ? assignments
                                  : std::vector<std::pair<std::string, std::string>>{});
    }
    return members;
  }

  // The groups of a broker that starts with what this one wrote.
  std::unique_ptr<Groups> restarted(GroupConfig config = quick()) {
    auto made = std::make_unique<Groups>(config, environment);
    replay(environment, *made, now());
    return made;
  }

  ManualClock clock;
  FakeEnvironment environment;
  Groups groups;
  GroupReplies replies;
  std::map<Ticket, JoinReply> joins;
  std::map<Ticket, SyncReply> syncs;
  std::vector<Ticket> dropped;
  Ticket next_ticket = 1;

 private:
  template <class Reply>
  static std::optional<Reply> find(const std::map<Ticket, Reply>& replies, Ticket ticket) {
    const auto found = replies.find(ticket);
    if (found == replies.end()) return std::nullopt;
    return found->second;
  }
  static MemberRef ref(const std::string& member, int32_t generation, const std::string& group) {
    MemberRef made;
    made.group_id = group;
    made.member_id = member;
    made.generation = generation;
    return made;
  }

 protected:
  void collect() {
    for (auto& [ticket, reply] : replies.joins) joins[ticket] = std::move(reply);
    for (auto& [ticket, reply] : replies.syncs) syncs[ticket] = std::move(reply);
    dropped.insert(dropped.end(), replies.dropped.begin(), replies.dropped.end());
    replies.clear();
  }
};

}  // namespace odradek::broker::testing
