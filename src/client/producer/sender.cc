#include "client/producer/sender.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "client/client_thread.h"
#include "client/coordinator_errors.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"

namespace odradek::client {
namespace {

constexpr Duration kExpiryCheckMin = std::chrono::milliseconds(10);
constexpr Duration kExpiryCheckMax = std::chrono::seconds(1);
constexpr Duration kIdentityPause = std::chrono::milliseconds(100);

}  // namespace

Sender::Sender(kafka::ClientCore& core, SharedAccumulator& shared, const SenderOptions& options)
    : core_(&core),
      loop_(&core.loop()),
      cluster_(&core.cluster()),
      shared_(&shared),
      options_(options),
      lane_(core.new_lane()),
      tasks_(core.loop()),
      landed_(core.loop()) {}

void Sender::pump() {
  shared_->is_pump_posted.store(false);
  if (has_given_up_) return;
  const MonotonicTime now = loop_->now();
  if (now >= next_expiry_check_) expire(now);
  Candidates candidates = find_candidates(now);
  if (!candidates.empty() && options_.idempotent && identity_.id == wire::kNoProducerId) {
    ensure_identity();
  } else {
    for (auto& [broker_id, states] : candidates) send_to(broker_id, states);
  }
  release();
  arm_timer(now);
}

Sender::PartitionState& Sender::state_of(PartitionQueue& queue) {
  if (queue.index >= states_.size()) states_.resize(queue.index + 1);
  std::unique_ptr<PartitionState>& state = states_[queue.index];
  if (state == nullptr) {
    const PartitionSenderOptions options{.idempotent = options_.idempotent,
                                         .transactional = transaction_ != nullptr,
                                         .in_flight_max = options_.in_flight_max};
    state = std::make_unique<PartitionState>(queue, options);
    topics_.insert(queue.topic->name);
  }
  return *state;
}

Sender::Candidates Sender::find_candidates(MonotonicTime now) {
  ready_.clear();
  bool has_unknown = false;
  {
    const MutexLock lock(shared_->mutex);
    next_linger_ = shared_->accumulator.list_ready(now, !shared_->flushes.empty(), ready_);
    has_unknown = shared_->accumulator.has_unrouted();
  }
  Candidates candidates;
  bool is_leader_missing = has_unknown;
  const auto add = [&](PartitionState& state) {
    const int32_t leader = leader_of(state);
    if (leader < 0) {
      is_leader_missing = true;
    } else {
      candidates[leader].push_back(&state);
    }
  };
  for (PartitionQueue* queue : ready_) {
    PartitionState& state = state_of(*queue);
    if (!state.sender.can_start_new()) continue;
    const bool may_send =
        transaction_ == nullptr || transaction_->may_send(queue->topic->name, queue->partition);
    if (may_send) add(state);
  }
  for (const auto& state : states_) {
    if (state != nullptr && state->sender.can_start_retry(now)) add(*state);
  }
  const bool is_old =
      now - cluster_->cached_metadata()->fetched_at >= cluster_->options().metadata_max_age;
  if (is_leader_missing || (is_old && !candidates.empty())) need_metadata();
  return candidates;
}

int32_t Sender::leader_of(const PartitionState& state) const {
  const cluster::MetadataPtr metadata = cluster_->cached_metadata();
  const cluster::Topic* topic = metadata->topic(std::string_view(state.queue->topic->name));
  if (topic == nullptr) return -1;
  const cluster::Partition* partition = topic->partition(state.queue->partition);
  return partition == nullptr ? -1 : partition->leader;
}

void Sender::send_to(int32_t broker_id, std::vector<PartitionState*>& candidates) {
  BrokerState& broker = brokers_[broker_id];
  if (broker.connection == nullptr || !broker.connection->is_open()) {
    ensure_connection(broker_id);
    return;
  }
  // Nobody is always last when not all fit.
  std::ranges::rotate(candidates, candidates.begin() +
                                      static_cast<std::ptrdiff_t>(rotation_++ % candidates.size()));
  const MonotonicTime now = loop_->now();
  while (broker.in_flight < options_.in_flight_max && !candidates.empty()) {
    std::vector<Item> items;
    size_t bytes = 0;
    std::erase_if(candidates, [&](PartitionState* state) {
      if (bytes >= options_.request_bytes_max) return false;
      if (!take_batch(*state, now, items)) return true;
      bytes += items.back().batch->size();
      return false;
    });
    if (items.empty()) return;
    // Batches of one topic side by side: the request groups them.
    std::ranges::sort(items, {}, [](const Item& item) { return item.state->queue->topic; });
    send_request(broker_id, broker, std::move(items));
  }
}

bool Sender::take_batch(PartitionState& state, MonotonicTime now, std::vector<Item>& items) {
  if (state.sender.can_start_retry(now)) {
    items.push_back({&state, &state.sender.start_retry()});
    return true;
  }
  if (!state.sender.can_start_new()) return false;
  OpenBatchPtr open;
  {
    const MutexLock lock(shared_->mutex);
    open = shared_->accumulator.take(*state.queue);
  }
  if (open == nullptr) return false;
  SealedBatch* sealed = seal(state, std::move(open));
  if (sealed == nullptr) return false;
  items.push_back({&state, sealed});
  return true;
}

// Encodes the batch with its place in the sequence. A batch that cannot be is reported on.
SealedBatch* Sender::seal(PartitionState& state, OpenBatchPtr open) {
  const PartitionSender::Numbers numbers = state.sender.next_numbers(identity_);
  wire::BatchOptions& header = open->builder.options();
  header.producer_id = numbers.producer.id;
  header.producer_epoch = numbers.producer.epoch;
  header.base_sequence = numbers.base_sequence;
  header.transactional = transaction_ != nullptr;

  auto sealed = std::make_unique<SealedBatch>();
  sealed->reports = std::move(open->reports);
  sealed->id = open->id;
  sealed->created_at = open->created_at;
  sealed->charged_bytes = open->charged_bytes;
  sealed->record_count = open->builder.record_count();
  sealed->base_sequence = numbers.base_sequence;
  sealed->producer_id = numbers.producer.id;
  sealed->producer_epoch = numbers.producer.epoch;
  Result<Slice> bytes = open->builder.finish(compressor_);
  if (!bytes) {
    fail_batch(state, std::move(sealed), bytes.error());
    return nullptr;
  }
  sealed->pieces[0] = *std::move(bytes);
  return &state.sender.start_new(std::move(sealed));
}

// --- transactions

void Sender::set_identity(const ProducerIdentity& identity) {
  if (identity.id == identity_.id && identity.epoch == identity_.epoch) return;
  identity_ = identity;
  for (const auto& state : states_) {
    if (state != nullptr) state->sender.restart(identity_);
  }
}

void Sender::drop_unsent(const Error& error) {
  dropping_ = error;
  for (const auto& state : states_) {
    if (state == nullptr) continue;
    for (SealedBatchPtr& batch : state->sender.take_waiting()) {
      has_dropped_numbered_ = true;
      fail_batch(*state, std::move(batch), error);
    }
  }
  fail_queued(error);
  release();
}

bool Sender::stop_dropping() {
  dropping_.reset();
  return std::exchange(has_dropped_numbered_, false);
}

// --- connections and identity

void Sender::ensure_connection(int32_t broker_id) {
  BrokerState& broker = brokers_[broker_id];
  if (broker.is_connecting || has_given_up_) return;
  broker.is_connecting = true;
  tasks_.spawn(connect(broker_id));
}

io::Task<void> Sender::connect(int32_t broker_id) {
  const MonotonicTime deadline = loop_->now() + cluster_->options().connection_timeout;
  auto connected = co_await cluster_->connection(broker_id, lane_, deadline);
  if (has_given_up_) co_return;
  BrokerState& broker = brokers_[broker_id];
  broker.is_connecting = false;
  if (connected) {
    broker.connection = *std::move(connected);
  } else {
    for (const auto& state : states_) {
      if (state != nullptr && leader_of(*state) == broker_id) state->last_error = connected.error();
    }
    cluster_->expire_metadata();
    need_metadata();
    if (connected.error().code() == Errc::kAuthentication) give_up(connected.error());
  }
  pump();
}

void Sender::ensure_identity() {
  if (is_getting_identity_ || has_given_up_) return;
  is_getting_identity_ = true;
  tasks_.spawn(get_identity());
}

io::Task<void> Sender::get_identity() {
  while (!has_given_up_) {
    Result<ProducerIdentity> identity = co_await ask_identity();
    if (has_given_up_) co_return;
    if (identity) {
      identity_ = *identity;
      break;
    }
    const Error& error = identity.error();
    ODK_LOG(debug, "no producer id", kv("error", error.to_string()));
    if (is_refused(error) || error.code() == Errc::kUnsupported) {
      give_up(error.with_context("idempotent producer"));
      co_return;
    }
    const Result<void> slept = co_await io::sleep(*loop_, kIdentityPause);
    if (!slept) co_return;
  }
  is_getting_identity_ = false;
  for (const auto& state : states_) {
    if (state != nullptr) (void)state->sender.resolve_gap(identity_);
  }
  pump();
}

io::Task<Result<ProducerIdentity>> Sender::ask_identity() {
  const MonotonicTime deadline = cluster_->request_deadline();
  auto connected = co_await cluster_->any_connection(deadline);
  if (!connected) co_return connected.error();
  proto::InitProducerIdRequest request;
  request.transactional_id = std::string_view();
  request.transaction_timeout_ms = std::numeric_limits<int32_t>::max();
  constexpr int16_t kLastStable = 5;
  auto response = co_await cluster_->call(*std::move(connected), request, deadline, kLastStable);
  if (!response) co_return response.error();
  const proto::ErrorCode code = proto::error_code(response->message.error_code);
  if (code != proto::ErrorCode::kNone) co_return proto::to_error(code, "InitProducerId");
  co_return ProducerIdentity{.id = response->message.producer_id,
                             .epoch = response->message.producer_epoch};
}

// --- time

void Sender::expire(MonotonicTime now) {
  next_expiry_check_ =
      now + std::clamp(options_.delivery_timeout / 50, kExpiryCheckMin, kExpiryCheckMax);
  const MonotonicTime created_before = now - options_.delivery_timeout;
  for (const auto& state : states_) {
    if (state == nullptr) continue;
    for (SealedBatchPtr& batch : state->sender.take_expired(created_before)) {
      fail_batch(*state, std::move(batch), Error(Errc::kTimedOut, "delivery"));
    }
    after_flight(*state);
  }
  std::vector<Accumulator::Expired> expired;
  {
    const MutexLock lock(shared_->mutex);
    expired = shared_->accumulator.take_expired(created_before);
  }
  for (Accumulator::Expired& item : expired) {
    fail_unsent(std::move(item), Error(Errc::kTimedOut, "delivery"));
  }
  expire_flushes(now);
}

void Sender::expire_flushes(MonotonicTime now) {
  std::vector<Promise<void>> late;
  {
    const MutexLock lock(shared_->mutex);
    std::erase_if(shared_->flushes, [&late, now](SharedAccumulator::Flush& flush) {
      if (flush.deadline > now) return false;
      late.push_back(std::move(flush.promise));
      return true;
    });
  }
  for (Promise<void>& promise : late) {
    promise.set(Result<void>(Error(Errc::kTimedOut, "flush: some records are not delivered yet")));
  }
}

void Sender::arm_timer(MonotonicTime now) {
  std::optional<MonotonicTime> next = next_linger_;
  const auto sooner = [&next](MonotonicTime when) {
    if (!next || when < *next) next = when;
  };
  bool is_idle = true;
  {
    const MutexLock lock(shared_->mutex);
    is_idle = shared_->accumulator.is_done_up_to(shared_->accumulator.last_id());
    for (const auto& flush : shared_->flushes) sooner(flush.deadline);
  }
  if (!is_idle) {
    sooner(std::max(next_expiry_check_, now + kExpiryCheckMin));
    for (const auto& state : states_) {
      if (state == nullptr) continue;
      if (const auto retry_at = state->sender.retry_at()) sooner(std::max(*retry_at, now));
    }
    if (next_metadata_check_ > now) sooner(next_metadata_check_);
  }
  if (timer_ != 0) loop_->cancel(timer_);
  timer_ = 0;
  if (!next) return;
  timer_ = loop_->call_at(*next, [this] {
    timer_ = 0;
    expire_flushes(loop_->now());
    pump();
  });
}

// --- the end

void Sender::give_up(const Error& error) {
  if (has_given_up_) return;
  has_given_up_ = true;
  {
    const MutexLock lock(shared_->mutex);
    if (!shared_->refusal) shared_->refusal = error;
  }
  for (const auto& state : states_) {
    if (state == nullptr) continue;
    for (SealedBatchPtr& batch : state->sender.take_all()) {
      fail_batch(*state, std::move(batch), error);
    }
  }
  fail_queued(error);
  release();
}

void Sender::fail_queued(const Error& error) {
  std::vector<Accumulator::Expired> unsent;
  std::vector<UnroutedRecord> unrouted;
  {
    const MutexLock lock(shared_->mutex);
    unsent = shared_->accumulator.take_expired(MonotonicTime::max());
    for (const Accumulator::Unknown& unknown : shared_->accumulator.unknown_topics()) {
      for (UnroutedRecord& record : shared_->accumulator.take_unrouted(unknown.topic)) {
        unrouted.push_back(std::move(record));
      }
    }
  }
  for (Accumulator::Expired& item : unsent) fail_unsent(std::move(item), error);
  fail_unrouted(unrouted, error);
}

io::Task<void> Sender::stop() {
  give_up(Error(Errc::kClosed, "the producer is closed"));
  if (timer_ != 0) loop_->cancel(timer_);
  tasks_.cancel();
  cluster_->close_lane(lane_);
  co_await tasks_.join();
  cluster_->close_lane(lane_);
  brokers_.clear();
  while (flights_ > 0) {
    const Result<void> woken = co_await landed_.wait();
    if (!woken) break;
  }
}

}  // namespace odradek::client
