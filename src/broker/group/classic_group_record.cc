// The group as a record of __consumer_offsets, and back.

#include "broker/group/classic_group.h"
#include "broker/group/record_coding.h"
#include "proto/array_of.h"
#include "proto/messages/group_metadata_key.h"
#include "proto/messages/group_metadata_value.h"

namespace odradek::broker {
namespace {

using Value = proto::GroupMetadataValue;

constexpr int16_t kVersion = 3;  // the last one that older brokers read too

int32_t ms_of(Duration duration) {
  return static_cast<int32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

std::string_view view_of(const std::optional<std::string>& text) {
  return text ? std::string_view(*text) : std::string_view();
}

std::optional<std::string> text_of(std::string_view view) {
  if (is_null(view)) return std::nullopt;
  return std::string(view);
}

}  // namespace

GroupRecord classic_group_tombstone(std::string_view group_id) {
  proto::GroupMetadataKey key;
  key.group = group_id;
  return {record_key(key), std::nullopt};
}

GroupRecord ClassicGroup::record() const {
  std::vector<Value::MemberMetadata> members;
  members.reserve(members_.size());
  for (const auto& [id, member] : members_) {
    Value::MemberMetadata& each = members.emplace_back();
    each.member_id = id;
    each.group_instance_id = view_of(member.instance_id);
    each.client_id = member.client_id;
    each.client_host = member.client_host;
    each.rebalance_timeout = ms_of(member.rebalance_timeout);
    each.session_timeout = ms_of(member.session_timeout);
    each.subscription = as_bytes(member.metadata(protocol_name_.value_or("")));
    each.assignment = as_bytes(member.assignment);
  }
  Value value;
  value.protocol_type = protocol_type_ ? std::string_view(*protocol_type_) : std::string_view("");
  value.generation = generation_;
  value.protocol = view_of(protocol_name_);
  value.leader = leader_.empty() ? std::string_view() : std::string_view(leader_);
  value.current_state_timestamp = state_since_ms_;
  value.members = proto::array_of(members);
  GroupRecord record = classic_group_tombstone(id_);
  record.value = record_value(kVersion, value);
  return record;
}

proto::ErrorCode ClassicGroup::write() const {
  const GroupRecord written = record();
  return environment_.append(id_, {&written, 1}, {});
}

// Source: ClassicGroup.fromConsumerGroup.
void ClassicGroup::adopt(std::vector<GroupMember> members, int32_t generation, Now now) {
  for (GroupMember& member : members) {
    const std::string id = member.member_id;
    if (member.instance_id) static_ids_[*member.instance_id] = id;
    if (leader_.empty()) leader_ = id;
    member.is_new = false;
    restart_session(members_.insert_or_assign(id, std::move(member)).first->second, now);
  }
  generation_ = generation;
  protocol_type_ = "consumer";
  protocol_name_ = select_protocol();
  transition(GroupState::kStable, now);
  read_subscriptions();
  recompute_wake();
}

void ClassicGroup::rebalance(Now now, GroupReplies& out) {
  prepare_rebalance(now, out);
  recompute_wake();
}

// Source: GroupMetadataManager.replay(GroupMetadataKey, GroupMetadataValue).
Result<void> ClassicGroup::restore(Bytes bytes, Now now) {
  Arena arena(proto::decode_budget_bytes(bytes.size()));
  Value value;
  ODK_TRY_VOID(decode_value(bytes, arena, value));
  members_.clear();
  static_ids_.clear();
  for (const Value::MemberMetadata& each : value.members) {
    GroupMember member;
    member.member_id = each.member_id;
    member.instance_id = text_of(each.group_instance_id);
    member.client_id = each.client_id;
    member.client_host = each.client_host;
    member.session_timeout = std::chrono::milliseconds(each.session_timeout);
    member.rebalance_timeout = std::chrono::milliseconds(
        each.rebalance_timeout >= 0 ? each.rebalance_timeout : each.session_timeout);
    member.protocols.emplace_back(value.protocol, as_text(each.subscription));
    member.assignment = as_text(each.assignment);
    member.is_new = false;
    if (member.instance_id) static_ids_[*member.instance_id] = member.member_id;
    restart_session(members_.insert_or_assign(member.member_id, member).first->second, now);
  }
  protocol_type_.reset();
  if (!value.protocol_type.empty()) protocol_type_ = value.protocol_type;
  protocol_name_ = text_of(value.protocol);
  leader_ = value.leader;
  generation_ = value.generation;
  state_ = members_.empty() ? GroupState::kEmpty : GroupState::kStable;
  state_since_ms_ =
      value.current_state_timestamp >= 0 ? value.current_state_timestamp : now.wall_ms;
  read_subscriptions();
  recompute_wake();
  return {};
}

}  // namespace odradek::broker
