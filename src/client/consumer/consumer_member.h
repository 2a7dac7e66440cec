#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/consumer/group_member.h"
#include "client/consumer/heartbeat_membership.h"
#include "proto/messages/consumer_group_heartbeat_request.h"
#include "proto/messages/consumer_group_heartbeat_response.h"

namespace odradek::client {

// A member of a group of the consumer protocol (KIP-848): heartbeats say what changed here, their
// answers what to own; the coordinator shares out, and gives a partition to its new owner when the
// old one said that it gave it up. Two tasks: beat() talks to the coordinator, reconcile() goes
// from what is owned to what is assigned, in the program's pace.
class ConsumerMember final : public GroupMember {
 public:
  ConsumerMember(kafka::ClientCore& core, ConsumerState& state, std::function<void()> on_change);

  void start() override;
  io::Task<void> leave(MonotonicTime deadline) override;

 private:
  const kafka::GroupMetadata& identity() const override { return membership_.identity(); }
  bool is_member() const override { return membership_.is_member(); }
  void on_commit_refused(proto::ErrorCode code, const kafka::GroupMetadata& committer) override;

  std::vector<std::string> topics_in_use() const;
  io::Task<void> beat();
  io::Task<GroupStep> beat_once();
  GroupStep on_answer(const proto::ConsumerGroupHeartbeatResponse& answer);
  io::Task<void> act(GroupStep step);
  io::Task<void> wait_for_next_beat();
  io::Task<void> leave_as_too_slow();
  io::Task<void> say_goodbye(int32_t epoch, MonotonicTime deadline);

  io::Task<void> reconcile();
  // The assignment by topic name; none as long as a topic's name is not known.
  io::Task<std::optional<std::vector<kafka::TopicPartition>>> resolve_target();

  using TopicIds = std::map<Uuid, std::vector<int32_t>>;

  HeartbeatMembership membership_;
  TopicIds target_;  // of the latest answer that had one
  std::vector<std::string> sent_topics_;
  std::string sent_pattern_;
  std::optional<TopicIds> sent_owned_;  // none: everything has to be said
  Duration interval_;  // between heartbeats, as the coordinator wants it
  Error failure_{Errc::kInternal};  // why the last step was kFail
  bool is_started_ = false;
  bool is_beat_due_ = false;
  bool is_target_new_ = false;
};

}  // namespace odradek::client
