// Members of the classic protocol in a consumer group: they learn of every step by a rebalance.

#include <algorithm>

#include "broker/group/consumer_group.h"
#include "broker/group/member_id.h"
#include "broker/group/subscription.h"

namespace odradek::broker {
namespace {

constexpr std::string_view kConsumerType = "consumer";

JoinReply join_refused(proto::ErrorCode error, std::string_view member_id) {
  JoinReply reply;
  reply.error = error;
  reply.member_id = member_id;
  return reply;
}

SyncReply sync_refused(proto::ErrorCode error) {
  SyncReply reply;
  reply.error = error;
  return reply;
}

bool names(const ClassicPart& part, std::string_view protocol) {
  return std::ranges::any_of(part.protocols,
                             [&](const auto& each) { return each.first == protocol; });
}

// What the member wants from now on.
void apply(const JoinInput& input, const ConsumerSubscription& wants, ConsumerMember& member) {
  if (!is_null(input.instance_id)) member.instance_id = input.instance_id;
  if (wants.rack_id) member.rack_id = wants.rack_id;
  member.rebalance_timeout = input.rebalance_timeout;
  member.topics = wants.topics;
  member.regex.clear();
  member.client_id = input.client_id;
  member.client_host = input.client_host;
  ClassicPart& classic = member.classic.emplace();
  classic.session_timeout = input.session_timeout;
  for (const ProtocolView& protocol : input.protocols) {
    classic.protocols.emplace_back(protocol.name, as_text(protocol.metadata));
  }
}

}  // namespace

// Is there a protocol of the joiner's that all classic members but itself know?
bool ConsumerGroup::supports(const JoinInput& input) const {
  if (input.protocol_type != kConsumerType) return false;
  return std::ranges::any_of(input.protocols, [&](const ProtocolView& protocol) {
    return std::ranges::all_of(members_, [&](const auto& item) {
      const ConsumerMember& member = item.second;
      return !member.classic || member.id == input.member_id ||
             names(*member.classic, protocol.name);
    });
  });
}

JoinReply ConsumerGroup::join_classic(const JoinInput& input, Now now) {
  const bool is_unknown = input.member_id.empty();
  const std::string id =
      is_unknown ? make_member_id(is_null(input.instance_id) ? input.client_id : input.instance_id)
                 : std::string(input.member_id);
  if (members_.size() >= config_.consumer_members_max && find(id) == nullptr) {
    return join_refused(ErrorCode::kGroupMaxSizeReached, input.member_id);
  }
  if (!supports(input)) {
    return join_refused(ErrorCode::kInconsistentGroupProtocol, input.member_id);
  }
  if (is_unknown && is_null(input.instance_id) && input.member_id_required) {
    return join_refused(ErrorCode::kMemberIdRequired, id);
  }
  const std::optional<ConsumerSubscription> wants =
      read_subscription(input.protocols.front().metadata);
  if (!wants) return join_refused(ErrorCode::kUnknownServerError, input.member_id);

  ConsumerMember member;
  member.id = id;
  const ConsumerMember* known =
      is_null(input.instance_id) ? find(id) : find_static(input.instance_id);
  if (known == nullptr && !is_null(input.instance_id) && !is_unknown) {
    return join_refused(ErrorCode::kUnknownMemberId, id);
  }
  if (known != nullptr && known->id != id) {
    if (!is_unknown) return join_refused(ErrorCode::kFencedInstanceId, id);
    const ConsumerMember old_member = *known;
    member = old_member;
    member.id = id;
    member.epoch = 0;
    member.previous_epoch = 0;
    replace(old_member, member);
  } else if (known != nullptr) {
    member = *known;
  }
  const ConsumerMember before = member;
  apply(input, *wants, member);
  PartitionSet owned;
  for (const auto& [name, partitions] : wants->owned) {
    if (const std::optional<GroupTopic> topic = environment_.topic(name)) {
      owned[topic->id] = partitions;
    }
  }
  update(before, member, &owned, now);
  if (const ErrorCode error = write_changes(); error != ErrorCode::kNone) {
    resume_sessions(id, now);
    return join_refused(error, input.member_id);
  }
  // Now it has to send SyncGroup.
  timers_[id].rebalance = now.at + member.rebalance_timeout;
  restart_session(member, now);
  JoinReply reply;
  reply.member_id = id;
  reply.generation = member.epoch;
  reply.protocol_type = kConsumerType;
  reply.protocol_name = member.classic->protocols.front().first;
  return reply;
}

proto::ErrorCode ConsumerGroup::check_classic(std::string_view member_id,
                                              std::string_view instance_id, int32_t generation,
                                              const ConsumerMember*& member) const {
  if (!is_null(instance_id)) {
    const ConsumerMember* known = find_static(instance_id);
    if (known == nullptr) return ErrorCode::kUnknownMemberId;
    if (known->id != member_id) return ErrorCode::kFencedInstanceId;
  }
  member = find(member_id);
  if (member == nullptr || !member->is_classic()) return ErrorCode::kUnknownMemberId;
  return member->epoch == generation ? ErrorCode::kNone : ErrorCode::kIllegalGeneration;
}

SyncReply ConsumerGroup::sync_classic(const SyncInput& input, Now now) {
  const ConsumerMember* member = nullptr;
  const ErrorCode error = check_classic(input.member.member_id, input.member.instance_id,
                                        input.member.generation, member);
  if (error != ErrorCode::kNone) return sync_refused(error);
  const std::string& protocol = member->classic->protocols.front().first;
  const bool differs = (!is_null(input.protocol_type) && input.protocol_type != kConsumerType) ||
                       (!is_null(input.protocol_name) && input.protocol_name != protocol);
  if (differs) return sync_refused(ErrorCode::kInconsistentGroupProtocol);
  if (target_epoch() > member->epoch && member->state != MemberState::kUnrevoked) {
    Timers& timers = timers_[member->id];
    if (!timers.rebalance) timers.rebalance = now.at + member->rebalance_timeout;
    arm(*timers.rebalance);
    return sync_refused(ErrorCode::kRebalanceInProgress);
  }
  timers_[member->id].rebalance.reset();
  restart_session(*member, now);
  SyncReply reply;
  if (!is_null(input.protocol_type)) reply.protocol_type = input.protocol_type;
  if (!is_null(input.protocol_name)) reply.protocol_name = input.protocol_name;
  reply.assignment = classic_assignment(*member, partitions_of(member->assigned));
  return reply;
}

// As the members of the classic protocol read it.
std::string ConsumerGroup::classic_assignment(const ConsumerMember& member,
                                              const PartitionSet& partitions) const {
  NamedPartitions named;
  for (const auto& [id, numbers] : partitions) {
    if (const std::optional<GroupTopic> topic = environment_.topic(id)) {
      named[std::string(topic->name)] = numbers;
    }
  }
  const std::optional<ConsumerSubscription> said =
      read_subscription(as_bytes(member.classic->protocols.front().second));
  return write_assignment(said ? said->version : int16_t{0}, named);
}

// Whether something of its target is still another's.
bool ConsumerGroup::waits_for_others(const ConsumerMember& member) const {
  const NextAssignment next = next_assignment(member, target(member.id));
  return std::ranges::any_of(next.missing, [this](const auto& item) {
    return std::ranges::any_of(item.second,
                               [&](int32_t partition) { return is_owned(item.first, partition); });
  });
}

proto::ErrorCode ConsumerGroup::heartbeat_classic(const MemberRef& ref, Now now) {
  const ConsumerMember* member = nullptr;
  const ErrorCode error = check_classic(ref.member_id, ref.instance_id, ref.generation, member);
  if (error != ErrorCode::kNone) return error;
  const bool must_join = member->epoch < target_epoch() ||
                         member->state == MemberState::kUnrevoked ||
                         (member->state == MemberState::kUnreleased && !waits_for_others(*member));
  Timers& timers = timers_[member->id];
  if (must_join && !timers.rebalance) timers.rebalance = now.at + member->rebalance_timeout;
  restart_session(*member, now);
  return must_join ? ErrorCode::kRebalanceInProgress : ErrorCode::kNone;
}

proto::ErrorCode ConsumerGroup::find_leaving(const LeavingMember& leaving,
                                             std::string& member_id) const {
  const ConsumerMember* member =
      is_null(leaving.instance_id) ? find(leaving.member_id) : find_static(leaving.instance_id);
  if (member == nullptr) return ErrorCode::kUnknownMemberId;
  // An administrator names the instance alone.
  if (!leaving.member_id.empty() && member->id != leaving.member_id) {
    return ErrorCode::kFencedInstanceId;
  }
  member_id = member->id;
  return ErrorCode::kNone;
}

}  // namespace odradek::broker
