#pragma once

#include <chrono>
#include <map>
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

class GroupDriver {
 public:
  explicit GroupDriver(GroupConfig config = quick()) : groups(config) {}

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
    return groups.begin_commit(ref(member, generation, group), true, now());
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

  ManualClock clock;
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
  void collect() {
    for (auto& [ticket, reply] : replies.joins) joins[ticket] = std::move(reply);
    for (auto& [ticket, reply] : replies.syncs) syncs[ticket] = std::move(reply);
    dropped.insert(dropped.end(), replies.dropped.begin(), replies.dropped.end());
    replies.clear();
  }
};

}  // namespace odradek::broker::testing
