#include "client/consumer/consumer_member.h"

#include <algorithm>

#include "base/log.h"
#include "client/coordinator_errors.h"

namespace odradek::client {
namespace {

constexpr Duration kPause = std::chrono::milliseconds(100);
constexpr Duration kGoodbyeMax = std::chrono::seconds(1);
constexpr int16_t kFirstWithPatterns = 1;
constexpr Duration kFirstInterval = std::chrono::seconds(3);  // until the coordinator says one

using Request = proto::ConsumerGroupHeartbeatRequest;

// A heartbeat that says nothing but who is alive.
Request request_of(const kafka::GroupMetadata& identity, int32_t epoch) {
  Request request;
  request.group_id = identity.group;
  request.member_id = identity.member_id;
  request.member_epoch = epoch;
  request.instance_id = {};
  request.rack_id = {};
  request.subscribed_topic_names = {};
  request.subscribed_topic_regex = {};
  request.server_assignor = {};
  request.topic_partitions = {};
  if (!identity.instance_id.empty()) request.instance_id = identity.instance_id;
  return request;
}

}  // namespace

ConsumerMember::ConsumerMember(kafka::ClientCore& core, ConsumerState& state,
                               std::function<void()> on_change)
    : GroupMember(core, state, std::move(on_change)),
      membership_(state.options.group, state.options.instance_id),
      interval_(kFirstInterval) {}

void ConsumerMember::start() {
  if (is_stopped_) return;
  is_beat_due_ = true;
  changed_.notify_all();
  if (is_started_) return;
  is_started_ = true;
  if (is_subscribed()) {
    tasks_.spawn(beat());
    tasks_.spawn(reconcile());
  }
  if (state_->options.auto_commit) tasks_.spawn(commit_now_and_then());
}

// --- heartbeats

io::Task<void> ConsumerMember::beat() {
  while (!is_over()) {
    const bool is_polled = co_await wait_for_poll();
    if (!is_polled) break;
    is_beat_due_ = false;
    const GroupStep step = co_await beat_once();
    if (is_over()) break;
    if (step != GroupStep::kGoOn) {
      co_await act(step);
      continue;
    }
    co_await wait_for_next_beat();
    if (!is_over() && membership_.is_member() && is_too_slow()) co_await leave_as_too_slow();
  }
}

io::Task<void> ConsumerMember::wait_for_next_beat() {
  const MonotonicTime next = loop_->now() + interval_;
  while (!is_beat_due_ && !is_over() && loop_->now() < next) {
    const Result<void> woken = co_await changed_.wait(next);
    if (!woken && woken.error().code() != Errc::kTimedOut) co_return;
  }
}

// Those subscribed to, and those a pattern brought.
std::vector<std::string> ConsumerMember::topics_in_use() const {
  std::vector<std::string> names = topics();
  for (const kafka::TopicPartition& id : owned()) {
    if (std::ranges::find(names, id.topic) == names.end()) names.push_back(id.topic);
  }
  return names;
}

// What did not change since the last heartbeat is left out; a member that joins says everything.
io::Task<GroupStep> ConsumerMember::beat_once() {
  const MonotonicTime deadline = loop_->now() + Duration(state_->options.session_timeout);
  auto connected = co_await coordinator(deadline);
  if (!connected) {
    failure_ = connected.error();
    co_return is_refused(failure_) ? GroupStep::kFail : GroupStep::kPause;
  }
  auto metadata = co_await cluster_->metadata(topics_in_use(), deadline);
  if (!metadata) co_return GroupStep::kPause;
  const int32_t epoch = membership_.epoch();
  if (epoch == HeartbeatMembership::kJoining) sent_owned_.reset();
  const bool says_all = !sent_owned_.has_value();

  TopicIds owned_now;
  for (const kafka::TopicPartition& id : owned()) {
    const cluster::Topic* topic = (*metadata)->topic(std::string_view(id.topic));
    if (topic != nullptr) owned_now[topic->id].push_back(id.partition);
  }
  std::vector<Request::TopicPartitions> partitions;
  for (auto& [id, numbers] : owned_now) {
    auto& topic = partitions.emplace_back();
    topic.topic_id = id;
    topic.partitions = proto::array_of(numbers);
  }
  const std::vector<std::string> names = topics();
  std::vector<std::string_view> name_views(names.begin(), names.end());
  const std::string expression = pattern();

  Request request = request_of(identity(), epoch);
  if (says_all) {
    request.rebalance_timeout_ms = static_cast<int32_t>(state_->options.max_poll_interval.count());
    if (!state_->options.rack.empty()) request.rack_id = state_->options.rack;
    if (!state_->options.remote_assignor.empty()) {
      request.server_assignor = state_->options.remote_assignor;
    }
  }
  if (says_all || names != sent_topics_) {
    request.subscribed_topic_names =
        names.empty() ? proto::empty_array<std::string_view>() : proto::array_of(name_views);
  }
  if (expression != sent_pattern_ || (says_all && !expression.empty())) {
    request.subscribed_topic_regex = expression.empty() ? std::string_view("") : expression;
  }
  const Result<int16_t> version = (*connected)->version_for(Request::kApiKey);
  if (version && !expression.empty() && *version < kFirstWithPatterns) {
    failure_ = Error(Errc::kUnsupported, "the broker matches no topics with an expression");
    co_return GroupStep::kFail;
  }
  if (says_all || owned_now != *sent_owned_) {
    request.topic_partitions = partitions.empty() ? proto::empty_array<Request::TopicPartitions>()
                                                  : proto::array_of(partitions);
  }
  auto response = co_await cluster_->call(*std::move(connected), request, deadline);
  if (!response) {
    failure_ = response.error();
    sent_owned_.reset();  // what of it arrived is not known
    co_return failure_.code() == Errc::kUnsupported ? GroupStep::kFail
                                                    : GroupStep::kFindCoordinator;
  }
  const GroupStep step = on_answer(response->message);
  if (step == GroupStep::kGoOn) {
    sent_topics_ = names;
    sent_pattern_ = expression;
    sent_owned_ = std::move(owned_now);
  }
  co_return step;
}

GroupStep ConsumerMember::on_answer(const proto::ConsumerGroupHeartbeatResponse& answer) {
  const proto::ErrorCode code = proto::error_code(answer.error_code);
  const GroupStep step = membership_.on_heartbeat(code, answer.member_epoch);
  if (step == GroupStep::kFail) {
    failure_ = proto::to_error(code, "group " + identity().group, answer.error_message);
  }
  if (step != GroupStep::kGoOn) {
    ODK_LOG(debug, "heartbeat was refused", kv("group", identity().group),
            kv("error", proto::error_name(code)));
    return step;
  }
  publish_identity();
  changed_.notify_all();
  if (answer.heartbeat_interval_ms > 0) {
    interval_ = std::chrono::milliseconds(answer.heartbeat_interval_ms);
  }
  if (answer.assignment != nullptr) {
    target_.clear();
    for (const auto& topic : answer.assignment->topic_partitions) {
      target_[topic.topic_id].assign(topic.partitions.begin(), topic.partitions.end());
    }
    is_target_new_ = true;
  }
  return step;
}

io::Task<void> ConsumerMember::act(GroupStep step) {
  switch (step) {
    case GroupStep::kGoOn:
    case GroupStep::kJoinAgain: co_return;
    case GroupStep::kJoinAsStranger:
      target_.clear();
      is_target_new_ = false;
      lose_everything();
      co_return;
    case GroupStep::kFindCoordinator: forget_coordinator(); break;
    case GroupStep::kPause: break;
    case GroupStep::kFail: fail(failure_); co_return;
  }
  const Result<void> paused = co_await changed_.wait(loop_->now() + kPause);
  (void)paused;
}

io::Task<void> ConsumerMember::leave_as_too_slow() {
  ODK_LOG(warn, "the program did not ask for records in max_poll_interval: leaving the group",
          kv("group", identity().group));
  needs_poll_ = true;
  (void)want_poll();
  const int32_t epoch = membership_.leave_epoch();
  membership_.forget();
  target_.clear();
  is_target_new_ = false;
  lose_everything();
  changed_.notify_all();
  co_await say_goodbye(epoch, loop_->now() + kGoodbyeMax);
}

// --- what is owned follows what is assigned

io::Task<void> ConsumerMember::reconcile() {
  while (!is_over()) {
    if (!is_target_new_) {
      const Result<void> woken = co_await changed_.wait();
      if (!woken) co_return;
      continue;
    }
    is_target_new_ = false;
    auto target = co_await resolve_target();
    if (is_over()) co_return;
    if (!target) {
      is_target_new_ = true;
      const Result<void> paused = co_await changed_.wait(loop_->now() + kPause);
      if (!paused && paused.error().code() != Errc::kTimedOut) co_return;
      continue;
    }
    if (is_target_new_ || !membership_.is_member()) continue;
    const std::vector<kafka::TopicPartition> before = owned();
    std::vector<kafka::TopicPartition> revoked = difference(before, *target);
    std::vector<kafka::TopicPartition> added = difference(*target, before);
    ODK_LOG(info, "group assignment", kv("group", identity().group),
            kv("epoch", identity().generation), kv("partitions", target->size()),
            kv("added", added.size()), kv("revoked", revoked.size()));
    if (!revoked.empty()) {
      const bool is_revoked = co_await revoke(std::move(revoked));
      if (!is_revoked) continue;
    }
    if (!membership_.is_member()) continue;
    if (!added.empty() || before.empty()) give(std::move(added));
    is_beat_due_ = true;  // says what we own now
    changed_.notify_all();
  }
}

io::Task<std::optional<std::vector<kafka::TopicPartition>>> ConsumerMember::resolve_target() {
  const TopicIds target = target_;
  cluster::MetadataPtr metadata = cluster_->cached_metadata();
  const auto is_known = [&metadata](const auto& entry) {
    return metadata->topic(entry.first) != nullptr;
  };
  if (!std::ranges::all_of(target, is_known)) {
    const MonotonicTime deadline = cluster_->request_deadline();
    auto asking = pattern().empty() ? cluster_->refresh(topics(), deadline)
                                    : cluster_->refresh_all_topics(deadline);
    auto fresh = co_await std::move(asking);
    if (!fresh) co_return std::nullopt;
    metadata = *fresh;
    if (!std::ranges::all_of(target, is_known)) co_return std::nullopt;
  }
  std::vector<kafka::TopicPartition> partitions;
  for (const auto& [id, numbers] : target) {
    const cluster::Topic* topic = metadata->topic(id);
    for (const int32_t number : numbers) partitions.push_back({topic->name, number});
  }
  std::ranges::sort(partitions);
  co_return partitions;
}

// --- the end

void ConsumerMember::on_commit_refused(proto::ErrorCode code,
                                       const kafka::GroupMetadata& committer) {
  if (committer.generation != identity().generation) return;
  const bool is_about_us =
      code == proto::ErrorCode::kUnknownMemberId || code == proto::ErrorCode::kStaleMemberEpoch;
  if (!is_about_us) return;
  is_beat_due_ = true;  // whose answer tells who we are now
  changed_.notify_all();
}

io::Task<void> ConsumerMember::leave(MonotonicTime deadline) {
  has_left_ = true;
  changed_.notify_all();
  if (!membership_.is_member()) co_return;
  const int32_t epoch = membership_.leave_epoch();
  membership_.forget();
  co_await say_goodbye(epoch, deadline);
}

io::Task<void> ConsumerMember::say_goodbye(int32_t epoch, MonotonicTime deadline) {
  auto connected = co_await coordinator(deadline);
  if (!connected) co_return;
  Request request = request_of(identity(), epoch);
  auto left = co_await cluster_->call(*std::move(connected), request, deadline);
  if (!left) ODK_LOG(debug, "leave failed", kv("error", left.error().to_string()));
}

}  // namespace odradek::client
