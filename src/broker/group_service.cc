#include "broker/group_service.h"

#include "base/assert.h"
#include "proto/messages/join_group_response.h"
#include "proto/messages/sync_group_response.h"
#include "rpc/message.h"

namespace odradek::broker {
namespace {

// A view that is null when there is no text.
std::string_view view_of(const std::optional<std::string>& text) {
  return text ? std::string_view(*text) : std::string_view();
}

rpc::Request take(std::unordered_map<Ticket, rpc::Request>& waiting, Ticket ticket) {
  auto node = waiting.extract(ticket);
  ODK_ASSERT(!node.empty(), "nobody waits with ticket {}", ticket);
  return std::move(node.mapped());
}

// Gives a log's records to the groups.
class GroupReader final : public StateReader {
 public:
  GroupReader(Groups& groups, Groups::Now now) : groups_(groups), now_(now) {}

  Result<void> on_record(int32_t partition, StateProducer producer,
                         const wire::RecordView& record) override {
    TransactionOwner owner;
    if (producer.id != wire::kNoProducerId) owner = {producer.id, producer.epoch};
    return groups_.replay(partition, record.key, record.value, owner, now_);
  }
  void on_marker(int32_t partition, StateProducer producer, bool committed) override {
    groups_.end_transaction(partition, producer.id, committed);
  }

 private:
  Groups& groups_;
  Groups::Now now_;
};

}  // namespace

GroupService::~GroupService() {
  if (timer_ != 0) loop_.cancel(timer_);
}

void GroupService::join(rpc::Request request, JoinInput input) {
  input.ticket = next_ticket_++;
  waiting_.emplace(input.ticket, std::move(request));
  groups_.join(input, now(), replies_);
  settle();
}

void GroupService::sync(rpc::Request request, SyncInput input) {
  input.ticket = next_ticket_++;
  waiting_.emplace(input.ticket, std::move(request));
  groups_.sync(input, now(), replies_);
  settle();
}

proto::ErrorCode GroupService::heartbeat(const MemberRef& member) {
  const proto::ErrorCode error = groups_.heartbeat(member, now());
  settle();
  return error;
}

proto::ErrorCode GroupService::leave(std::string_view group_id, std::span<LeavingMember> members) {
  const proto::ErrorCode error = groups_.leave(group_id, members, now(), replies_);
  settle();
  return error;
}

ConsumerReply GroupService::consumer_heartbeat(const ConsumerHeartbeat& input) {
  ConsumerReply reply = groups_.consumer_heartbeat(input, now(), replies_);
  settle();
  return reply;
}

proto::ErrorCode GroupService::begin_commit(const MemberRef& member, CommitRules rules) {
  const proto::ErrorCode error = groups_.begin_commit(member, rules, now());
  settle();
  return error;
}

Result<void> GroupService::load(const StateLog& log) {
  GroupReader reader(groups_, now());
  ODK_TRY_VOID(log.replay(reader));
  groups_.replayed(now());
  arm();
  return {};
}

void GroupService::clear(proto::ErrorCode error) {
  groups_.clear(error, replies_);
  settle();
}

void GroupService::settle() {
  // Sending may start the connection's next request, and that may come back here.
  GroupReplies replies = std::exchange(replies_, {});
  arm();
  for (const auto& [ticket, reply] : replies.joins) send_join(take(waiting_, ticket), reply);
  for (const auto& [ticket, reply] : replies.syncs) send_sync(take(waiting_, ticket), reply);
  for (const Ticket ticket : replies.dropped) take(waiting_, ticket);
}

void GroupService::arm() {
  const std::optional<MonotonicTime> wake = groups_.wake_at();
  if (timer_ != 0 && wake && timer_at_ == *wake) return;
  if (timer_ != 0) loop_.cancel(timer_);
  timer_ = 0;
  if (!wake) return;
  timer_at_ = *wake;
  timer_ = loop_.call_at(*wake, [this] {
    timer_ = 0;
    groups_.tick(now(), replies_);
    settle();
  });
}

void GroupService::send_join(rpc::Request request, const JoinReply& reply) {
  proto::JoinGroupResponse response;
  response.error_code = proto::to_number(reply.error);
  response.generation_id = reply.generation;
  response.protocol_type = view_of(reply.protocol_type);
  response.protocol_name = view_of(reply.protocol_name);
  // Null is said from v7 on; before, it is an empty text.
  if (request.version < 7 && !reply.protocol_name) response.protocol_name = "";
  response.leader = reply.leader;
  response.skip_assignment = reply.skip_assignment;
  response.member_id = reply.member_id;
  std::vector<proto::JoinGroupResponse::JoinGroupResponseMember> members;
  members.reserve(reply.members.size());
  for (const JoinMember& member : reply.members) {
    auto& each = members.emplace_back();
    each.member_id = member.member_id;
    each.group_instance_id = view_of(member.instance_id);
    each.metadata = as_bytes(member.metadata);
  }
  response.members = proto::array_of(members);
  rpc::respond(request, response);
}

void GroupService::send_sync(rpc::Request request, const SyncReply& reply) {
  proto::SyncGroupResponse response;
  response.error_code = proto::to_number(reply.error);
  response.protocol_type = view_of(reply.protocol_type);
  response.protocol_name = view_of(reply.protocol_name);
  response.assignment = as_bytes(reply.assignment);
  rpc::respond(request, response);
}

}  // namespace odradek::broker
