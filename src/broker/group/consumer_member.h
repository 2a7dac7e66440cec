#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"

namespace odradek::broker {

// Partitions by topic.
using PartitionSet = std::map<Uuid, std::set<int32_t>>;
// Partitions by topic, each with the epoch in which its owner got it (KIP-1251).
using OwnedPartitions = std::map<Uuid, std::map<int32_t, int32_t>>;

PartitionSet partitions_of(const OwnedPartitions& owned);
bool contains(const PartitionSet& set, const Uuid& topic, int32_t partition);
// Whether the two have a partition in common.
bool overlap(const PartitionSet& set, const OwnedPartitions& owned);
bool is_subset(const PartitionSet& set, const OwnedPartitions& owned);

// Where a member of a consumer group is on its way from one assignment to the next. The numbers
// are those of the records. Source: MemberState.
enum class MemberState : int8_t {
  kStable = 0,
  kUnrevoked = 1,   // has to give partitions back first
  kUnreleased = 2,  // waits for partitions others have to give back
};

// What a member of the classic protocol said when it joined; such members may be in a consumer
// group while a group moves from one protocol to the other.
struct ClassicPart {
  Duration session_timeout{};
  std::vector<std::pair<std::string, std::string>> protocols;  // name, metadata; best first

  bool operator==(const ClassicPart&) const = default;
};

inline constexpr int32_t kLeaveEpoch = -1;
inline constexpr int32_t kStaticLeaveEpoch = -2;  // of a static member that will be back

// One member of a consumer group (KIP-848): what it wants, and what it has.
struct ConsumerMember {
  std::string id;
  // What it wants: ConsumerGroupMemberMetadataValue.
  std::optional<std::string> instance_id;
  std::optional<std::string> rack_id;
  std::string client_id;
  std::string client_host;
  std::set<std::string> topics;
  std::string regex;  // empty: none
  Duration rebalance_timeout = std::chrono::milliseconds(-1);
  std::optional<std::string> assignor;
  std::optional<ClassicPart> classic;
  // What it has: ConsumerGroupCurrentMemberAssignmentValue.
  int32_t epoch = 0;
  int32_t previous_epoch = 0;
  MemberState state = MemberState::kStable;
  OwnedPartitions assigned;
  OwnedPartitions revoking;  // to be given back

  bool is_classic() const { return classic.has_value(); }
  bool is_reconciled_to(int32_t target_epoch) const {
    return state == MemberState::kStable && epoch == target_epoch;
  }
  void set_epoch(int32_t next) {
    if (next != epoch) previous_epoch = epoch;
    epoch = next;
  }
  bool wants_same(const ConsumerMember& other) const;
  bool has_same(const ConsumerMember& other) const;
};

// What a member still has to do and may have now, on its way to its target.
struct Reconciling {
  int32_t target_epoch = 0;
  const PartitionSet* target = nullptr;
  // What the member says it owns; null: it did not say.
  const PartitionSet* reported = nullptr;
};

// Moves the member one step towards its target: gives up what it must, takes what is free.
// `is_owned(topic, partition)` tells whether anybody has a partition, or has not yet given it back.
// Source: CurrentAssignmentBuilder of Kafka 4.
template <class IsOwned>
void reconcile(ConsumerMember& member, const Reconciling& to, IsOwned&& is_owned);

// The part of reconcile() that does not ask who owns what.
struct NextAssignment {
  OwnedPartitions kept;
  OwnedPartitions given_up;
  PartitionSet missing;  // of the target
};
NextAssignment next_assignment(const ConsumerMember& member, const PartitionSet& target);
// Whether the member can move on now; if so with which epoch it begins.
std::optional<int32_t> epoch_to_go_on_from(const ConsumerMember& member, const Reconciling& to);

template <class IsOwned>
void reconcile(ConsumerMember& member, const Reconciling& to, IsOwned&& is_owned) {
  if (member.is_reconciled_to(to.target_epoch)) return;
  const std::optional<int32_t> from = epoch_to_go_on_from(member, to);
  if (!from) return;
  NextAssignment next = next_assignment(member, *to.target);
  member.assigned = std::move(next.kept);
  const bool must_revoke =
      !next.given_up.empty() && (to.reported == nullptr || overlap(*to.reported, next.given_up));
  if (must_revoke) {
    member.set_epoch(*from);
    member.state = MemberState::kUnrevoked;
    member.revoking = std::move(next.given_up);
    return;
  }
  bool unreleased = false;
  for (const auto& [topic, partitions] : next.missing) {
    for (const int32_t partition : partitions) {
      if (is_owned(topic, partition)) {
        unreleased = true;
      } else {
        member.assigned[topic].emplace(partition, to.target_epoch);
      }
    }
  }
  member.set_epoch(to.target_epoch);
  member.state = unreleased ? MemberState::kUnreleased : MemberState::kStable;
  member.revoking.clear();
}

}  // namespace odradek::broker
