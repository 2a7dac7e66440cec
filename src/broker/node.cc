#include "broker/node.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "broker/flusher.h"
#include "broker/pending_fetch.h"
#include "broker/security/security.h"
#include "broker/storage.h"
#include "proto/messages/remove_topic_record.h"

namespace odradek::broker {
namespace {

constexpr Duration kHousekeepingInterval = std::chrono::seconds(1);
constexpr Duration kProducersCheckInterval = std::chrono::minutes(10);
constexpr Duration kEvictionToldInterval = std::chrono::minutes(1);

// Producer ids begin at the second the broker started, with room for a thousand a second: ids of a
// broker that was here before are not given out again, and stay below 2^42 for a century, as a
// partition proxy needs them (docs/formats/batch-marks.md).
int64_t first_producer_id(TimestampMs now_ms) {
  constexpr TimestampMs kEpochMs = 1'700'000'000'000;
  return std::max<TimestampMs>(now_ms - kEpochMs, 0) / 1000 * 1'000;
}

}  // namespace

NodeOptions::NodeOptions() = default;
NodeOptions::NodeOptions(NodeOptions&&) noexcept = default;
NodeOptions::~NodeOptions() = default;

Node::Node(io::Loop& loop, NodeOptions options)
    : loop_(loop),
      options_(std::move(options)),
      topics_(options_.settings, pool_),
      groups_(loop, options_.settings.group_config(), group_environment_),
      txns_(*this, txn_config(options_.settings)),
      sessions_(static_cast<size_t>(
          options_.settings.get_long("max.incremental.fetch.session.cache.slots"))),
      fetch_bytes_max_(static_cast<size_t>(options_.settings.get_long("fetch.max.bytes"))),
      next_producer_id_(first_producer_id(wall_ms())),
      retention_checked_at_(loop.now()),
      producers_checked_at_(loop.now()),
      offsets_checked_at_(loop.now()),
      txn_ids_checked_at_(loop.now()) {
  if (options_.storage == nullptr) return;
  topics_.set_place(*options_.storage);
  flusher_ =
      std::make_unique<Flusher>(*this, options_.storage->flush_policy(), options_.flush_threads);
}

Node::~Node() {
  if (housekeeping_ != 0) loop_.cancel(housekeeping_);
  if (waking_ != 0) loop_.cancel(waking_);
}

StateLog* Node::state_log(std::string_view topic) {
  if (topic == kOffsetsTopic) return &offsets_log_;
  return topic == kTransactionsTopic ? &transactions_log_ : nullptr;
}

void Node::appended(Partition& partition, size_t bytes) {
  if (flusher_ != nullptr) {
    flusher_->appended();
    if (flusher_->holds_back()) return;
  }
  partition.waiters.bytes_arrived(static_cast<int64_t>(bytes), fetches_.ready());
}

void Node::records_appended(Partition& partition, size_t bytes) {
  appended(partition, bytes);
  wake_soon();
}

void Node::wake_soon() {
  if (fetches_.ready().empty() || waking_ != 0) return;
  waking_ = loop_.call_at(loop_.now(), [this] {
    waking_ = 0;
    fetches_.complete_ready();
  });
}

Result<void> Node::load_state() {
  // Groups first: a transaction that goes on may end what they have pending.
  ODK_TRY_VOID(groups_.load(offsets_log_));
  return txns_.load();
}

bool Node::make_room(size_t bytes) {
  if (options_.memory_bytes_max == 0) return true;
  while (pool_->used_bytes() + bytes > options_.memory_bytes_max) {
    if (options_.refuse_when_full || !evict_one()) return false;
  }
  return true;
}

// The oldest segment of the partition that holds the most.
bool Node::evict_one() {
  Partition* largest = nullptr;
  const Topic* owner = nullptr;
  for (const auto& [name, topic] : topics_.all()) {
    for (const auto& partition : topic->partitions) {
      if (largest != nullptr && partition->log.size_bytes() <= largest->log.size_bytes()) continue;
      largest = partition.get();
      owner = topic.get();
    }
  }
  const size_t before = pool_->used_bytes();
  if (largest == nullptr || !largest->log.evict_oldest()) return false;
  if (eviction_told_at_ == MonotonicTime{} ||
      loop_.now() - eviction_told_at_ > kEvictionToldInterval) {
    eviction_told_at_ = loop_.now();
    ODK_LOG(warn, "memory is full, the oldest records go", kv("topic", owner->name),
            kv("partition", largest->index), kv("limit_bytes", options_.memory_bytes_max));
  }
  // Readers may still hold the memory; then more must go, or the append is refused.
  return pool_->used_bytes() < before || largest->log.size_bytes() > 0;
}

ApiError Node::delete_topic(Topic& topic) {
  MetadataBatch removal;
  proto::RemoveTopicRecord record;
  record.topic_id = topic.id;
  removal.add(record);
  removal.frees_space();
  ApiError error = commit(removal);
  if (!error.ok()) return error;
  ODK_LOG(info, "topic deleted", kv("topic", topic.name));
  const std::string name = topic.name;
  topics_.remove(topic, fetches_.ready());
  if (name == kOffsetsTopic) {
    groups_.clear(proto::ErrorCode::kNotCoordinator);
  } else {
    groups_.groups().topic_deleted(name);
  }
  groups_.groups().topics_changed();
  return {};
}

void Node::settings_changed() { topics_.configs_changed(); }

void Node::start_housekeeping() {
  housekeeping_ = loop_.call_after(kHousekeepingInterval, [this] {
    housekeep();
    start_housekeeping();
  });
}

void Node::housekeep() {
  const TimestampMs now_ms = wall_ms();
  const auto retention_interval =
      std::chrono::milliseconds(options_.settings.get_long("log.retention.check.interval.ms"));
  if (loop_.now() - retention_checked_at_ >= retention_interval) {
    retention_checked_at_ = loop_.now();
    for (const auto& [name, topic] : topics_.all()) {
      for (const auto& partition : topic->partitions) partition->log.apply_retention(now_ms);
    }
  }
  compactor_.tick();
  if (storage() != nullptr) {
    flusher_->flush_full_segments();
    storage()->tidy(topics_, now_ms);
  }
  if (loop_.now() - producers_checked_at_ >= kProducersCheckInterval) {
    producers_checked_at_ = loop_.now();
    const int64_t expiration_ms = options_.settings.get_long("producer.id.expiration.ms");
    for (const auto& [name, topic] : topics_.all()) {
      for (const auto& partition : topic->partitions) {
        partition->log.expire_producers(now_ms, expiration_ms);
      }
    }
  }
  const auto offsets_interval =
      std::chrono::milliseconds(options_.settings.get_long("offsets.retention.check.interval.ms"));
  if (loop_.now() - offsets_checked_at_ >= offsets_interval) {
    offsets_checked_at_ = loop_.now();
    groups_.groups().expire_offsets(now_ms);
  }
  const auto ids_interval = std::chrono::milliseconds(
      options_.settings.get_long("transaction.remove.expired.transaction.cleanup.interval.ms"));
  if (loop_.now() - txn_ids_checked_at_ >= ids_interval) {
    txn_ids_checked_at_ = loop_.now();
    txns_.expire_ids();
  }
}

void Node::reset() {
  groups_.clear(proto::ErrorCode::kUnknownMemberId);
  txns_.clear();
  topics_.clear(fetches_.ready());
  fetches_.ready().clear();
  fetches_.complete_all();
  sessions_.clear();
  options_.settings.clear_dynamic();
  options_.security->reset();
  metadata_.clear();
  if (const Result<void> again = register_start(); !again) {
    ODK_LOG(error, "metadata cannot be written", kv("reason", again.error().message()));
  }
  ODK_LOG(info, "everything forgotten");
}

}  // namespace odradek::broker
