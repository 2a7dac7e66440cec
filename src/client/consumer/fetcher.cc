#include "client/consumer/fetcher.h"

#include <algorithm>

#include "base/log.h"
#include "client/grouped.h"
#include "proto/messages/fetch_request.h"

namespace odradek::client {
namespace {

constexpr int16_t kFirstWithTopicIds = 13;  // of Fetch, KIP-516
constexpr int16_t kFirstWithDivergingEpoch = 12;  // KIP-595
constexpr int16_t kLastWithNames = kFirstWithTopicIds - 1;
constexpr Duration kIdleWaitMin = std::chrono::milliseconds(5);

using FetchTopic = proto::FetchRequest::FetchTopic;
using FetchPartition = proto::FetchRequest::FetchPartition;
using ForgottenTopic = proto::FetchRequest::ForgottenTopic;

// Where to read the partition: a replica the leader told us of, as long as that may be trusted.
int32_t reader_of(const AssignedPartition& entry, const cluster::Metadata& metadata, int32_t leader,
                  MonotonicTime now) {
  const bool is_near = entry.read_replica >= 0 && now < entry.read_replica_until &&
                       metadata.broker(entry.read_replica) != nullptr;
  return is_near ? entry.read_replica : leader;
}

}  // namespace

Fetcher::Fetcher(kafka::ClientCore& core, ConsumerState& state, std::function<void()> on_change)
    : core_(&core),
      loop_(&core.loop()),
      cluster_(&core.cluster()),
      state_(&state),
      on_change_(std::move(on_change)),
      lane_(core.new_lane()),
      tasks_(core.loop()),
      landed_(core.loop()),
      metadata_backoff_(cluster_->options().retry_backoff_min,
                        cluster_->options().retry_backoff_max, lane_),
      idle_wait_(kIdleWaitMin) {}

void Fetcher::pump() {
  if (is_stopped_) return;
  is_leader_missing_ = false;
  Plan plan = make_plan(loop_->now());
  ensure_positions();
  if (!is_leader_missing_) vain_updates_ = 0;
  for (auto& [broker_id, wanted] : plan) fetch_from(broker_id, std::move(wanted));
}

// The partitions that may be fetched now, by broker. Those with enough in the buffer are left out;
// then the others' fetch must not wait long, since a left out one may want to join it.
Fetcher::Plan Fetcher::make_plan(MonotonicTime now) {
  Plan plan;
  const cluster::MetadataPtr metadata = cluster_->cached_metadata();
  std::optional<MonotonicTime> retry_at;
  bool is_leader_missing = now - metadata->fetched_at >= cluster_->options().metadata_max_age;
  const MutexLock lock(state_->mutex);
  PartitionTable& table = state_->table;
  if (table.empty()) return plan;
  const kafka::ConsumerOptions& options = state_->options;
  const size_t enough = std::max(2 * static_cast<size_t>(options.partition_bytes_max),
                                 options.prefetch_bytes / table.size());
  state_->is_fetch_blocked = false;
  for (auto& [id, entry] : table) {
    if (entry->need != PositionNeed::kNothing || entry->is_paused || entry->is_leaving) continue;
    if (entry->is_fetching) continue;
    if (state_->buffered_bytes >= options.prefetch_bytes || entry->buffered_bytes >= enough) {
      state_->is_fetch_blocked = true;
      continue;
    }
    if (entry->retry_at > now) {
      retry_at = std::min(retry_at.value_or(entry->retry_at), entry->retry_at);
      continue;
    }
    const cluster::Topic* topic = metadata->topic(std::string_view(id.topic));
    const cluster::Partition* partition =
        topic == nullptr ? nullptr : topic->partition(id.partition);
    if (partition == nullptr || partition->leader < 0) {
      is_leader_missing = true;
      continue;
    }
    if (needs_check(*entry, partition->leader_epoch)) continue;
    const int32_t reader = reader_of(*entry, *metadata, partition->leader, now);
    plan[reader].push_back({.id = id,
                            .topic_id = topic->id,
                            .epoch = entry->epoch,
                            .offset = entry->fetch_offset,
                            .leader_epoch = partition->leader_epoch,
                            .last_fetched_epoch = entry->fetch_epoch});
  }
  if (retry_at) wake_at(*retry_at);
  if (is_leader_missing) need_leaders();
  return plan;
}

void Fetcher::fetch_from(int32_t broker_id, std::vector<Wanted> wanted) {
  BrokerState& broker = brokers_[broker_id];
  if (broker.is_fetching) return;
  if (broker.connection == nullptr || !broker.connection->is_open()) {
    ensure_connection(broker_id);
    return;
  }
  const bool has_ids =
      std::ranges::none_of(wanted, [](const Wanted& item) { return item.topic_id.is_zero(); });
  const Result<int16_t> version = broker.connection->version_for(
      proto::FetchRequest::kApiKey, has_ids ? INT16_MAX : kLastWithNames);
  const Limits limits = next_limits();
  Result<SliceChain> body = version ? encode_request(wanted, broker.session, limits, *version)
                                    : Result<SliceChain>(version.error());
  if (!body) {
    state_->report(body.error(), true);
    return;
  }
  {
    const MutexLock lock(state_->mutex);
    for (const Wanted& item : wanted) {
      if (AssignedPartition* entry = state_->table.find(item.id)) entry->is_fetching = true;
    }
  }
  Flight flight{.broker_id = broker_id, .version = *version, .wanted = std::move(wanted)};
  broker.is_fetching = true;
  ++flights_;
  const MonotonicTime deadline = loop_->now() + limits.wait + cluster_->options().request_timeout;
  broker.connection->send(proto::FetchRequest::kApiKey, *version, *std::move(body), deadline,
                          [this, flight = std::move(flight)](Result<rpc::RawResponse> raw) mutable {
                            on_answer(std::move(flight), std::move(raw));
                          });
}

// How much the buffer takes, and how long the broker may wait. While partitions are left out for
// lack of room, waits are short: a little longer each time, so that a slow program costs little.
Fetcher::Limits Fetcher::next_limits() {
  const kafka::ConsumerOptions& options = state_->options;
  const MutexLock lock(state_->mutex);
  Limits limits;
  if (state_->is_fetch_blocked) {
    idle_wait_ = std::min<Duration>(2 * idle_wait_, options.fetch_wait_max);
    limits.wait = idle_wait_;
  } else {
    idle_wait_ = kIdleWaitMin;
    limits.wait = options.fetch_wait_max;
  }
  const size_t room =
      options.prefetch_bytes - std::min(options.prefetch_bytes, state_->buffered_bytes);
  limits.bytes = std::clamp<size_t>(room, 1, static_cast<size_t>(options.fetch_bytes_max));
  return limits;
}

Result<SliceChain> Fetcher::encode_request(const std::vector<Wanted>& wanted, FetchSession& session,
                                           const Limits& limits, int16_t version) const {
  FetchSession::Parts parts;
  for (const Wanted& item : wanted) {
    parts[item.id] = {.offset = item.offset,
                      .leader_epoch = item.leader_epoch,
                      .last_fetched_epoch = item.last_fetched_epoch,
                      .topic_id = item.topic_id};
  }
  const FetchSession::Request step = session.next(std::move(parts));
  Grouped<FetchPartition> grouped;
  for (const Wanted& item : wanted) {
    if (!std::ranges::binary_search(step.named, item.id)) continue;
    FetchPartition& partition = grouped.add(item.id.topic);
    partition.partition = item.id.partition;
    partition.current_leader_epoch = item.leader_epoch;
    partition.fetch_offset = item.offset;
    if (version >= kFirstWithDivergingEpoch) {
      partition.last_fetched_epoch = item.last_fetched_epoch;
    }
    partition.partition_max_bytes = state_->options.partition_bytes_max;
  }
  Grouped<int32_t> forgotten;
  for (const kafka::TopicPartition& id : step.forgotten) forgotten.add(id.topic) = id.partition;
  std::vector<FetchTopic> topics = grouped.topics<FetchTopic>();
  std::vector<ForgottenTopic> forgotten_topics = forgotten.topics<ForgottenTopic>();
  if (version >= kFirstWithTopicIds) {
    const cluster::MetadataPtr metadata = cluster_->cached_metadata();
    const auto set_id = [&metadata](auto& topic) {
      if (const cluster::Topic* known = metadata->topic(topic.topic)) topic.topic_id = known->id;
    };
    std::ranges::for_each(topics, set_id);
    std::ranges::for_each(forgotten_topics, set_id);
  }
  proto::FetchRequest request;
  request.session_id = step.session_id;
  request.session_epoch = step.session_epoch;
  request.forgotten_topics_data = proto::array_of(forgotten_topics);
  request.rack_id = state_->options.rack;
  request.max_wait_ms = static_cast<int32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(limits.wait).count());
  request.min_bytes = state_->options.fetch_bytes_min;
  request.max_bytes = static_cast<int32_t>(limits.bytes);
  request.isolation_level = static_cast<int8_t>(state_->options.isolation);
  request.topics = proto::array_of(topics);
  wire::Writer writer(512);
  encode(writer, version, request);
  return writer.finish();
}

void Fetcher::ensure_connection(int32_t broker_id) {
  BrokerState& broker = brokers_[broker_id];
  if (broker.is_connecting || is_stopped_) return;
  broker.is_connecting = true;
  tasks_.spawn(connect(broker_id));
}

io::Task<void> Fetcher::connect(int32_t broker_id) {
  const MonotonicTime deadline = loop_->now() + cluster_->options().connection_timeout;
  auto connected = co_await cluster_->connection(broker_id, lane_, deadline);
  if (is_stopped_) co_return;
  BrokerState& broker = brokers_[broker_id];
  broker.is_connecting = false;
  if (connected) {
    broker.connection = *std::move(connected);
    pump();
    co_return;
  }
  ODK_LOG(debug, "no connection for fetching", kv("error", connected.error().to_string()));
  if (connected.error().code() == Errc::kAuthentication) state_->report(connected.error(), true);
  cluster_->expire_metadata();
  need_metadata();
  wake_at(loop_->now() + cluster_->options().retry_backoff_min);
}

// What we have knows no leader for some partition: newer metadata may. The longer it does not, the
// less often it is asked for.
void Fetcher::need_leaders() {
  is_leader_missing_ = true;
  if (!is_updating_metadata_ && loop_->now() >= next_metadata_check_) cluster_->expire_metadata();
  update_metadata_when_due();
}

// What we have was wrong.
void Fetcher::need_metadata() {
  const MonotonicTime soon = loop_->now() + cluster_->options().retry_backoff_min;
  next_metadata_check_ = std::min(next_metadata_check_, soon);
  update_metadata_when_due();
}

void Fetcher::update_metadata_when_due() {
  if (is_updating_metadata_ || is_stopped_) return;
  if (loop_->now() < next_metadata_check_) {
    wake_at(next_metadata_check_);
    return;
  }
  is_updating_metadata_ = true;
  tasks_.spawn(update_metadata());
}

io::Task<void> Fetcher::update_metadata() {
  std::set<std::string> names;
  {
    const MutexLock lock(state_->mutex);
    for (const auto& [id, entry] : state_->table) names.insert(id.topic);
  }
  std::vector<std::string> topics(names.begin(), names.end());
  auto metadata = co_await cluster_->metadata(std::move(topics), cluster_->request_deadline());
  is_updating_metadata_ = false;
  if (is_stopped_) co_return;
  next_metadata_check_ = loop_->now() + metadata_backoff_.after(++vain_updates_);
  if (!metadata && metadata.error().code() == Errc::kAuthentication) {
    state_->report(metadata.error(), true);
  }
  if (metadata) report_topics(**metadata, names);
  pump();
}

// What waiting does not mend: the program may not read a topic, or its name is none.
void Fetcher::report_topics(const cluster::Metadata& metadata, const std::set<std::string>& names) {
  for (const std::string& name : names) {
    const cluster::Topic* topic = metadata.topic(std::string_view(name));
    if (topic == nullptr || topic->error == proto::ErrorCode::kNone) continue;
    if (!proto::is_retriable(topic->error)) {
      state_->report(proto::to_error(topic->error, "topic " + name), false);
    }
  }
}

void Fetcher::wake_at(MonotonicTime when) {
  if (timer_ != 0 && timer_at_ <= when) return;
  if (timer_ != 0) loop_->cancel(timer_);
  timer_at_ = when;
  timer_ = loop_->call_at(when, [this] {
    timer_ = 0;
    pump();
  });
}

io::Task<void> Fetcher::stop() {
  is_stopped_ = true;
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
