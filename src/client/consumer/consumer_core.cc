#include "client/consumer/consumer_core.h"

#include <algorithm>

#include "base/log.h"
#include "client/client_thread.h"
#include "client/consumer/classic_member.h"
#include "client/consumer/consumer_member.h"
#include "client/consumer/topic_filter.h"

namespace odradek::kafka {

using client::GroupMember;
using client::PositionNeed;
using client::RebalanceKind;
using odradek::Errc;
using odradek::Error;

ConsumerCore::ConsumerCore(std::shared_ptr<ClientCore> client, ConsumerOptions options)
    : client_(std::move(client)),
      state_(options),
      decoder_(client::DecodeOptions{.check_crc = options.check_crc}) {}

void ConsumerCore::start() {
  const bool is_open = client_->post([self = shared_from_this()] {
    io::Loop& loop = self->client_->loop();
    ConsumerCore* const core = self.get();  // which owns what calls it
    self->changed_ = std::make_unique<io::Event>(loop);
    self->retiring_ = std::make_unique<io::TaskGroup>(loop);
    const auto on_fetched = [core] { core->serve_on_loop(); };
    self->fetcher_ = std::make_unique<client::Fetcher>(*self->client_, self->state_, on_fetched);
    if (self->has_group()) {
      self->group_ = self->new_member();
    }
    self->client_->add(self);
  });
  if (!is_open) state_.report(Error(Errc::kClosed, "the client is closed"), true);
}

void ConsumerCore::pump_soon() {
  client_->post([self = shared_from_this()] {
    self->fetcher_->pump();
    self->serve_on_loop();
  });
}

// --- what to read

Result<void> ConsumerCore::subscribe(std::vector<std::string> topics, RebalanceHandler handler) {
  std::ranges::sort(topics);
  const auto repeated = std::ranges::unique(topics);
  topics.erase(repeated.begin(), repeated.end());
  if (topics.empty()) return KafkaError(ErrorKind::invalid_argument, "subscribe to no topic");
  return subscribe_to(std::move(topics), {}, std::move(handler));
}

Result<void> ConsumerCore::subscribe_pattern(std::string expression, RebalanceHandler handler) {
  if (expression.empty()) {
    return KafkaError(ErrorKind::invalid_argument, "subscribe to an empty expression");
  }
  // The coordinator reads the expression itself, and is the judge of it.
  if (state_.options.protocol == GroupProtocol::classic) {
    const auto filter = client::TopicFilter::create(expression);
    if (!filter) return client::to_public(filter.error());
  }
  return subscribe_to({}, std::move(expression), std::move(handler));
}

Result<void> ConsumerCore::subscribe_to(std::vector<std::string> topics, std::string pattern,
                                        RebalanceHandler handler) {
  if (!has_group()) {
    return KafkaError(ErrorKind::state, "subscribe needs ConsumerOptions::group");
  }
  {
    const MutexLock lock(state_.mutex);
    if (!is_subscribed_ && !state_.table.empty()) {
      return KafkaError(ErrorKind::state, "subscribe after assign: call unsubscribe first");
    }
    state_.topics = std::move(topics);
    state_.pattern = std::move(pattern);
  }
  is_subscribed_ = true;
  handler_ = std::move(handler);
  client_->post([self = shared_from_this()] { self->group_->start(); });
  return {};
}

Result<void> ConsumerCore::assign(Partitions partitions) {
  if (is_subscribed_) {
    return KafkaError(ErrorKind::state, "assign after subscribe: call unsubscribe first");
  }
  std::ranges::sort(partitions);
  {
    const MutexLock lock(state_.mutex);
    Partitions gone;
    std::ranges::set_difference(state_.table.ids(), partitions, std::back_inserter(gone));
    state_.table.remove(gone);
    state_.table.add(partitions, PositionNeed::kCommitted);
    state_.drop_void_chunks();
  }
  client_->post([self = shared_from_this()] {
    if (self->group_ != nullptr) self->group_->start();
    self->fetcher_->pump();
  });
  return {};
}

void ConsumerCore::unsubscribe() {
  Partitions owned;
  {
    const MutexLock lock(state_.mutex);
    owned = state_.table.ids();
  }
  if (is_subscribed_ && !owned.empty() && handler_.on_revoked) {
    Op<void> revoked = call_handler({.kind = RebalanceKind::kRevoked, .partitions = owned});
    if (!on_client_thread()) (void)revoked.get();
  }
  {
    const MutexLock lock(state_.mutex);
    state_.topics.clear();
    state_.pattern.clear();
    state_.table.clear();
    state_.drop_void_chunks();
    state_.events.clear();
    state_.handled_event_id = state_.last_event_id;
  }
  is_subscribed_ = false;
  client_->post([self = shared_from_this()] {
    if (self->group_ == nullptr) return;
    self->retiring_->spawn(self->retire(std::move(self->group_)));
    self->group_ = self->new_member();
  });
}

std::shared_ptr<GroupMember> ConsumerCore::new_member() {
  const auto on_assigned = [this] { fetcher_->pump(); };
  if (state_.options.protocol == GroupProtocol::consumer) {
    return std::make_shared<client::ConsumerMember>(*client_, state_, on_assigned);
  }
  return std::make_shared<client::ClassicMember>(*client_, state_, on_assigned);
}

io::Task<void> ConsumerCore::retire(std::shared_ptr<GroupMember> group) {
  co_await group->leave(client_->cluster().request_deadline());
  co_await group->stop();
}

// --- next()

Op<RecordBatch> ConsumerCore::next(std::chrono::milliseconds wait) {
  const MonotonicTime now = client_->loop().now();
  bool is_poll_wanted = false;
  std::optional<client::ConsumerState::Waiting> replaced;
  {
    const MutexLock lock(state_.mutex);
    if (state_.is_closed) {
      return Op<RecordBatch>::ready(KafkaError(ErrorKind::closed, "the consumer is closed"));
    }
    state_.last_poll = now;
    state_.table.mark_consumed();
    is_poll_wanted = std::exchange(state_.is_poll_wanted, false);
    replaced = std::exchange(state_.waiting, std::nullopt);
  }
  if (replaced) replaced->promise.set(Result<RecordBatch>(RecordBatch()));
  if (is_poll_wanted) {
    client_->post([self = shared_from_this()] {
      if (self->group_ != nullptr) self->group_->notice();
    });
  }
  run_events();
  while (true) {
    uint64_t seen = 0;
    if (auto found = try_next(seen)) return Op<RecordBatch>::ready(*std::move(found));
    const MutexLock lock(state_.mutex);
    if (state_.changes != seen) continue;
    if (state_.events.empty() && !state_.is_event_running) state_.told_identity = state_.identity;
    if (wait.count() <= 0 || state_.take_wake()) {
      return Op<RecordBatch>::ready(Result<RecordBatch>(RecordBatch()));
    }
    client::ConsumerState::Waiting& waiting = state_.waiting.emplace();
    waiting.deadline = now + wait;
    // The group may have asked since this call began.
    is_poll_wanted = std::exchange(state_.is_poll_wanted, false);
    client_->post([self = shared_from_this(), is_poll_wanted] {
      if (is_poll_wanted && self->group_ != nullptr) self->group_->notice();
      self->watch_deadline_on_loop();
    });
    return waiting.promise.op();
  }
}

std::optional<Result<RecordBatch>> ConsumerCore::try_next(uint64_t& seen) {
  while (true) {
    std::optional<client::FetchedChunk> chunk;
    bool has_made_room = false;
    {
      const MutexLock lock(state_.mutex);
      seen = state_.changes;
      if (state_.error) {
        const Error error = *state_.error;
        if (!state_.is_error_final) state_.error.reset();
        return Result<RecordBatch>(client::to_consumer_error(error));
      }
      if (state_.is_event_running || !state_.events.empty()) return std::nullopt;
      chunk = state_.take_chunk();
      if (!chunk) return std::nullopt;
      has_made_room = std::exchange(state_.is_fetch_blocked, false);
    }
    if (has_made_room) pump_soon();
    const TopicPartition id{*chunk->topic, chunk->partition};
    const int64_t first_offset = chunk->first_offset;
    const size_t bytes = chunk->batches.size();
    const uint64_t epoch = chunk->assignment_epoch;
    odradek::Result<RecordBatch> decoded(Errc::kInternal);
    {
      const MutexLock lock(decode_mutex_);
      decoded = decoder_.decode(*std::move(chunk));
    }
    if (!decoded) {
      state_.refuse_chunk(id, first_offset, epoch);
      pump_soon();
      return Result<RecordBatch>(client::to_public(decoded.error()));
    }
    {
      const MutexLock lock(state_.mutex);
      client::AssignedPartition* entry = state_.table.find(id);
      if (entry == nullptr || entry->epoch != epoch) continue;  // taken away meanwhile
      entry->leader_epoch = decoded->leader_epoch();
    }
    if (decoded->empty()) continue;
    note_handed_out(*decoded, bytes);
    return Result<RecordBatch>(*std::move(decoded));
  }
}

// A chunk, an error or an event came: whoever waits in next() gets it.
void ConsumerCore::serve_on_loop() {
  changed_->notify_all();
  std::optional<client::ConsumerState::Waiting> waiting;
  uint64_t seen = 0;
  while (true) {
    {
      const MutexLock lock(state_.mutex);
      if (!waiting) waiting = std::exchange(state_.waiting, std::nullopt);
      if (!waiting) return;
    }
    if (auto found = try_next(seen)) {
      waiting->promise.set(*std::move(found));
      return;
    }
    {
      const MutexLock lock(state_.mutex);
      const bool has_events = !state_.events.empty() && !state_.is_event_running;
      if (!has_events && !state_.is_closed && !state_.take_wake()) {
        if (state_.changes != seen) continue;
        state_.waiting = std::move(waiting);
        return;
      }
    }
    waiting->promise.set(Result<RecordBatch>(RecordBatch()));
    return;
  }
}

void ConsumerCore::watch_deadline_on_loop() {
  io::Loop& loop = client_->loop();
  std::optional<client::ConsumerState::Waiting> late;
  {
    const MutexLock lock(state_.mutex);
    if (!state_.waiting) return;
    const MonotonicTime deadline = state_.waiting->deadline;
    if (deadline > loop.now()) {
      if (deadline_timer_ != 0) loop.cancel(deadline_timer_);
      deadline_timer_ = loop.call_at(deadline, [self = shared_from_this()] {
        self->deadline_timer_ = 0;
        self->watch_deadline_on_loop();
      });
      return;
    }
    late = std::exchange(state_.waiting, std::nullopt);
  }
  late->promise.set(Result<RecordBatch>(RecordBatch()));
}

// --- rebalance events

void ConsumerCore::run_events() {
  while (true) {
    client::RebalanceEvent event;
    {
      const MutexLock lock(state_.mutex);
      if (state_.events.empty() || state_.is_event_running) return;
      event = std::move(state_.events.front());
      state_.events.pop_front();
      state_.is_event_running = true;
    }
    Op<void> handled = call_handler(event);
    if (handled.is_done()) {
      finish_event(event.id);
      continue;
    }
    std::move(handled).then([self = shared_from_this(), id = event.id](const Result<void>&) {
      self->finish_event(id);
      self->pump_soon();
    });
    return;
  }
}

Op<void> ConsumerCore::call_handler(const client::RebalanceEvent& event) {
  const RebalanceCallback& on_lost = handler_.on_lost ? handler_.on_lost : handler_.on_revoked;
  const RebalanceCallback& callback = event.kind == RebalanceKind::kAssigned  ? handler_.on_assigned
                                      : event.kind == RebalanceKind::kRevoked ? handler_.on_revoked
                                                                              : on_lost;
  Op<void> done = Op<void>::ready(Result<void>{});
  const auto call = [&] { done = callback(event.partitions); };
  UniqueFunction<void()> guarded;
  if (callback) guarded = call;
  client::run_user_code(guarded);
  return done;
}

void ConsumerCore::finish_event(uint64_t id) {
  {
    const MutexLock lock(state_.mutex);
    state_.handled_event_id = std::max(state_.handled_event_id, id);
    state_.is_event_running = false;
    ++state_.changes;
  }
  client_->post([self = shared_from_this()] {
    if (self->group_ != nullptr) self->group_->notice();
  });
}

// --- the end

Op<void> ConsumerCore::close(std::chrono::milliseconds wait) {
  Partitions owned;
  std::optional<client::ConsumerState::Waiting> waiting;
  {
    const MutexLock lock(state_.mutex);
    if (state_.is_closed) return Op<void>::ready(Result<void>{});
    state_.is_closed = true;
    state_.table.mark_consumed();
    owned = state_.table.ids();
    waiting = std::exchange(state_.waiting, std::nullopt);
  }
  if (waiting) waiting->promise.set(Result<RecordBatch>(RecordBatch()));
  run_events();
  const MonotonicTime deadline = client_->loop().now() + wait;
  client::Promise<void> promise;
  Op<void> closed = promise.op();
  Op<void> revoked = Op<void>::ready(Result<void>{});
  if (is_subscribed_ && !owned.empty()) {
    revoked = call_handler({.kind = RebalanceKind::kRevoked, .partitions = std::move(owned)});
  }
  std::move(revoked).then([self = shared_from_this(), deadline,
                           promise = std::move(promise)](const Result<void>&) mutable {
    ClientCore& client = *self->client_;
    client.run<void>([self = std::move(self), deadline] { return close_on_loop(self, deadline); })
        .then([promise = std::move(promise)](Result<void> result) mutable {
          promise.set(std::move(result));
        });
  });
  return closed;
}

io::Task<odradek::Result<void>> ConsumerCore::close_on_loop(std::shared_ptr<ConsumerCore> self,
                                                            MonotonicTime deadline) {
  if (const std::shared_ptr<GroupMember> group = self->group_) {
    co_await group->commit_consumed(deadline);
    co_await group->leave(deadline);
  }
  self->client_->remove(self);
  co_return odradek::Result<void>{};
}

void ConsumerCore::abandon() {
  std::optional<client::ConsumerState::Waiting> waiting;
  {
    const MutexLock lock(state_.mutex);
    state_.is_closed = true;
    waiting = std::exchange(state_.waiting, std::nullopt);
  }
  if (waiting) {
    waiting->promise.set(
        Result<RecordBatch>(KafkaError(ErrorKind::closed, "the consumer was destroyed")));
  }
  client_->post([self = shared_from_this()] { self->client_->remove(self); });
}

io::Task<void> ConsumerCore::stop() {
  state_.report(Error(Errc::kClosed, "the client is closed"), true);
  if (deadline_timer_ != 0) client_->loop().cancel(deadline_timer_);
  changed_->notify_all();
  if (group_ != nullptr) co_await group_->stop();
  retiring_->cancel();
  co_await retiring_->join();
  co_await fetcher_->stop();
}

}  // namespace odradek::kafka
