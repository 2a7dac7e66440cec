#include "client/consumer/classic_member.h"

#include <algorithm>

#include "base/log.h"
#include "client/consumer/topic_filter.h"
#include "proto/messages/heartbeat_request.h"
#include "proto/messages/heartbeat_response.h"
#include "proto/messages/leave_group_request.h"
#include "proto/messages/leave_group_response.h"

namespace odradek::client {
namespace {

constexpr Duration kPause = std::chrono::milliseconds(100);
constexpr Duration kLeaveMax = std::chrono::seconds(1);
constexpr Duration kPartitionCheckInterval = std::chrono::seconds(1);

}  // namespace

ClassicMember::ClassicMember(kafka::ClientCore& core, ConsumerState& state,
                             std::function<void()> on_change)
    : GroupMember(core, state, std::move(on_change)),
      membership_(state.options.group, state.options.instance_id),
      is_cooperative_(std::ranges::all_of(state.options.assignors, is_cooperative)) {}

void ClassicMember::start() {
  if (is_stopped_) return;
  needs_join_ = true;
  changed_.notify_all();
  if (is_started_) return;
  is_started_ = true;
  if (is_subscribed()) {
    tasks_.spawn(run());
    tasks_.spawn(beat());
  }
  if (state_->options.auto_commit) tasks_.spawn(commit_now_and_then());
}

// --- the life of a member

io::Task<void> ClassicMember::run() {
  while (!is_over()) {
    const bool is_polled = co_await wait_for_poll();
    if (!is_polled) break;
    const bool is_matched = co_await match_topics();
    if (is_over()) break;
    if (!is_matched) {
      co_await act(GroupStep::kPause);
      continue;
    }
    const bool is_ready = co_await prepare_to_join();
    if (!is_ready) continue;
    needs_join_ = false;
    is_joining_ = true;
    const GroupStep step = co_await join();
    is_joining_ = false;
    publish_identity();
    changed_.notify_all();
    if (is_over()) break;
    if (step != GroupStep::kGoOn) {
      needs_join_ = true;
      co_await act(step);
      continue;
    }
    co_await adopt();
    co_await stay();
  }
}

io::Task<bool> ClassicMember::match_topics() {
  const std::string expression = pattern();
  if (expression.empty()) co_return true;
  const Result<TopicFilter> filter = TopicFilter::create(expression);
  auto metadata = co_await cluster_->refresh_all_topics(cluster_->request_deadline());
  if (!filter || !metadata) {
    const Error error = filter ? metadata.error() : filter.error();
    ODK_LOG(debug, "topics cannot be matched", kv("error", error.to_string()));
    co_return false;
  }
  std::vector<std::string> matches;
  for (const cluster::Topic& topic : (*metadata)->topics) {
    const bool is_readable = !topic.is_internal && topic.error == proto::ErrorCode::kNone;
    if (is_readable && filter->matches(topic.name)) matches.push_back(topic.name);
  }
  next_match_ = loop_->now() + cluster_->options().metadata_max_age;
  const MutexLock lock(state_->mutex);
  if (state_->pattern == expression) state_->topics = std::move(matches);  // sorted, as topics are
  co_return true;
}

io::Task<bool> ClassicMember::has_other_matches() {
  if (loop_->now() < next_match_ || pattern().empty()) co_return false;
  const std::vector<std::string> before = topics();
  const bool is_matched = co_await match_topics();
  co_return is_matched&& topics() != before;
}

// Eager members come to the table with empty hands; cooperative ones only give up topics they
// are not subscribed to any more.
io::Task<bool> ClassicMember::prepare_to_join() {
  std::vector<kafka::TopicPartition> given_up;
  {
    const MutexLock lock(state_->mutex);
    given_up = state_->table.ids();
    if (is_cooperative_) {
      std::erase_if(given_up, [this](const kafka::TopicPartition& id) ODK_THREAD_ANNOTATION(
                                  requires_capability(state_->mutex)) {
        return std::ranges::find(state_->topics, id.topic) != state_->topics.end();
      });
    }
  }
  if (given_up.empty()) co_return true;
  co_return co_await revoke(std::move(given_up));
}

io::Task<void> ClassicMember::adopt() {
  const std::vector<kafka::TopicPartition> before = owned();
  const std::vector<kafka::TopicPartition> assigned = assignment_;
  const std::vector<kafka::TopicPartition> revoked = difference(before, assigned);
  const std::vector<kafka::TopicPartition> added = difference(assigned, before);
  ODK_LOG(info, "group assignment", kv("group", state_->options.group),
          kv("generation", membership_.identity().generation), kv("partitions", assigned.size()),
          kv("added", added.size()), kv("revoked", revoked.size()));
  if (!revoked.empty()) {
    const bool is_revoked = co_await revoke(revoked);
    needs_join_ = true;  // what we gave up can be given to its new owner
    if (!is_revoked) co_return;
  }
  give(added);
}

io::Task<void> ClassicMember::stay() {
  while (!needs_join_ && !is_over() && membership_.is_member()) {
    const Result<void> woken = co_await changed_.wait(loop_->now() + kPartitionCheckInterval);
    if (!woken && woken.error().code() != Errc::kTimedOut) co_return;
    if (woken || needs_join_) continue;
    const bool is_other = co_await has_other_matches();
    if (is_other) needs_join_ = true;
    if (needs_join_ || !is_leader_) continue;
    const bool is_new = co_await has_new_partitions();
    if (is_new) needs_join_ = true;
  }
  needs_join_ = true;
}

// The leader shares out again when topics grew, came or went.
io::Task<bool> ClassicMember::has_new_partitions() {
  std::vector<std::string> names;
  for (const auto& [topic, count] : counts_) names.push_back(topic);
  for (const std::string& topic : topics()) {
    if (!counts_.contains(topic)) names.push_back(topic);
  }
  auto metadata = co_await cluster_->metadata(names, cluster_->request_deadline());
  if (!metadata) co_return false;
  for (const std::string& name : names) {
    const cluster::Topic* topic = (*metadata)->topic(std::string_view(name));
    const bool exists = topic != nullptr && topic->error == proto::ErrorCode::kNone;
    const auto count = exists ? static_cast<int32_t>(topic->partitions.size()) : 0;
    const auto known = counts_.find(name);
    if (count != (known == counts_.end() ? 0 : known->second)) co_return true;
  }
  co_return false;
}

io::Task<void> ClassicMember::act(GroupStep step) {
  switch (step) {
    case GroupStep::kGoOn:
    case GroupStep::kJoinAgain: co_return;
    case GroupStep::kJoinAsStranger: lose_everything(); co_return;
    case GroupStep::kFindCoordinator: forget_coordinator(); break;
    case GroupStep::kPause: break;
    case GroupStep::kFail: fail(failure_); co_return;
  }
  const Result<void> paused = co_await changed_.wait(loop_->now() + kPause);
  (void)paused;
}

// --- heartbeats

io::Task<void> ClassicMember::beat() {
  while (!is_over()) {
    const MonotonicTime next = loop_->now() + Duration(state_->options.heartbeat_interval);
    while (!is_stopped_ && loop_->now() < next) {
      const Result<void> woken = co_await changed_.wait(next);
      if (!woken && woken.error().code() != Errc::kTimedOut) co_return;
    }
    if (is_over() || is_joining_ || !membership_.is_member()) continue;
    if (is_too_slow()) {
      ODK_LOG(warn, "the program did not ask for records in max_poll_interval: leaving the group",
              kv("group", state_->options.group));
      needs_poll_ = true;
      needs_join_ = true;
      (void)want_poll();
      lose_everything();
      co_await leave_group(loop_->now() + kLeaveMax);
      changed_.notify_all();
      continue;
    }
    const bool is_fine = co_await beat_once();
    if (!is_fine) changed_.notify_all();
  }
}

io::Task<bool> ClassicMember::beat_once() {
  const MonotonicTime deadline = loop_->now() + Duration(state_->options.session_timeout);
  auto connected = co_await coordinator(deadline);
  if (!connected) co_return true;
  const kafka::GroupMetadata identity = membership_.identity();
  proto::HeartbeatRequest request;
  request.group_id = identity.group;
  request.generation_id = identity.generation;
  request.member_id = identity.member_id;
  if (membership_.is_static()) request.group_instance_id = identity.instance_id;
  auto response = co_await cluster_->call(*std::move(connected), request, deadline);
  // An answer about another generation, or while we join, is stale.
  if (is_joining_ || identity.generation != membership_.identity().generation) co_return true;
  if (!response) {
    forget_coordinator();
    co_return true;
  }
  const proto::ErrorCode code = proto::error_code(response->message.error_code);
  const GroupStep step = membership_.on_heartbeat(code);
  if (step == GroupStep::kGoOn) co_return true;
  if (step == GroupStep::kFail) failure_ = proto::to_error(code, "heartbeat");
  if (step == GroupStep::kJoinAgain || step == GroupStep::kJoinAsStranger) needs_join_ = true;
  co_await act(step);
  co_return false;
}

// --- the end

io::Task<void> ClassicMember::leave(MonotonicTime deadline) {
  has_left_ = true;
  changed_.notify_all();
  co_await leave_group(deadline);
}

io::Task<void> ClassicMember::leave_group(MonotonicTime deadline) {
  const kafka::GroupMetadata identity = membership_.identity();
  membership_.forget();
  if (identity.member_id.empty() || membership_.is_static()) co_return;
  auto connected = co_await coordinator(deadline);
  if (!connected) co_return;
  proto::LeaveGroupRequest request;
  proto::LeaveGroupRequest::MemberIdentity members[1];
  ODK_LOG(debug, "leaving the group", kv("group", identity.group));
  const Result<int16_t> version = (*connected)->version_for(proto::LeaveGroupRequest::kApiKey);
  if (!version) co_return;
  constexpr int16_t kFirstWithList = 3;
  request.group_id = identity.group;
  if (*version < kFirstWithList) {
    request.member_id = identity.member_id;
  } else {
    members[0].member_id = identity.member_id;
    members[0].reason = "the consumer is closed";
    request.members = proto::array_of(members);
  }
  auto left = co_await (*connected)->call(request, *version, deadline);
  if (!left) ODK_LOG(debug, "leave failed", kv("error", left.error().to_string()));
}

void ClassicMember::on_commit_refused(proto::ErrorCode code,
                                      const kafka::GroupMetadata& committer) {
  const GroupStep step = membership_.on_commit(code, committer.generation);
  if (step == GroupStep::kJoinAsStranger) lose_everything();
  if (step == GroupStep::kGoOn) return;
  needs_join_ = true;
  changed_.notify_all();
}

}  // namespace odradek::client
