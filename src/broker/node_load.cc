// A node's metadata over restarts.

#include "base/log.h"
#include "broker/flusher.h"
#include "broker/node.h"
#include "broker/security/security_records.h"
#include "broker/storage.h"
#include "proto/messages/producer_ids_record.h"
#include "proto/messages/register_broker_record.h"

namespace odradek::broker {
namespace {

// As many as a controller gives a broker at a time. Source: ProducerIdsBlock of Kafka 4.
constexpr int64_t kProducerIdsBlock = 1000;
constexpr int16_t kLogDirsFrom = 3;  // of RegisterBrokerRecord

}  // namespace

ApiError Node::commit(const MetadataBatch& batch) {
  const Result<void> written = metadata_.commit(batch, wall_ms());
  if (written) return {};
  ODK_LOG(error, "metadata cannot be written", kv("reason", written.error().message()));
  return {proto::ErrorCode::kKafkaStorageError, std::string(written.error().message())};
}

TopicFacts Node::facts_of(std::string_view topic, const Uuid& id) const {
  return {topic, id, this->id(), storage() == nullptr ? Uuid() : storage()->directory_id()};
}

Result<int64_t> Node::next_producer_id() {
  if (metadata_.is_open() && next_producer_id_ >= producer_ids_end_) {
    proto::ProducerIdsRecord record;
    record.broker_id = id();
    record.broker_epoch = metadata_.end_offset();
    record.next_producer_id = next_producer_id_ + kProducerIdsBlock;
    MetadataBatch batch;
    batch.add(record);
    ODK_TRY_VOID(metadata_.commit(batch, wall_ms()));
    producer_ids_end_ = record.next_producer_id;
  }
  return next_producer_id_++;
}

// Each start is an election: see TopicReplay.
Result<void> Node::register_start() {
  if (!metadata_.is_open()) return {};
  proto::RegisterBrokerRecord record;
  record.broker_id = id();
  record.incarnation_id = Uuid::random();
  record.broker_epoch = metadata_.end_offset();
  record.fenced = false;
  std::array<Uuid, 1> directory{storage()->directory_id()};
  record.log_dirs = directory;
  MetadataBatch batch;
  batch.add(record, kLogDirsFrom);
  batch.frees_space();  // who can start can delete topics
  return metadata_.commit(batch, wall_ms());
}

Result<void> Node::load() {
  if (storage() != nullptr) {
    TopicReplay replay(metadata_);
    replay_security(metadata_, security());
    ODK_TRY_VOID(storage()->open_metadata(metadata_, wall_ms()));
    if (replay.next_producer_id() > 0) {
      next_producer_id_ = producer_ids_end_ = replay.next_producer_id();
    }
    for (const auto& [broker, values] : replay.brokers()) {
      const bool cluster_wide = broker.empty();
      if (!cluster_wide && broker != std::to_string(id())) continue;
      for (const auto& [name, value] : values) settings().set_dynamic(name, value, cluster_wide);
    }
    for (const auto& [group, values] : replay.groups()) {
      settings().set_group_overrides(group, values);
    }
    ODK_TRY_VOID(load_topics(replay));
    // What survived is safe from here on, and may be read.
    ODK_TRY_VOID(flusher_->flush_here());
    ODK_TRY_VOID(register_start());
  }
  ODK_TRY_VOID(load_state());
  is_loaded_ = true;
  if (flusher_ != nullptr) flusher_->start();
  return {};
}

Result<void> Node::load_topics(const TopicReplay& replay) {
  const TimestampMs now_ms = wall_ms();
  for (const auto& [topic_id, saved] : replay.topics()) {
    Topic& topic = topics_.create(saved.name, 0, saved.overrides, topic_id);
    int32_t expected = 0;
    for (const auto& [index, epoch] : saved.leader_epochs) {
      if (index != expected++) return Error(Errc::kMalformed, "a topic lacks a partition");
      // This start is an epoch of its own.
      topics_.restore_partition(topic, epoch + 1, now_ms);
    }
  }
  return {};
}

void Node::storage_failed(const Error& error) {
  ODK_LOG(error, "the data directory is offline", kv("reason", error.message()));
  storage()->fail(error);
  metadata_.fail(error);
  for (const auto& [name, topic] : topics_.all()) {
    for (const auto& partition : topic->partitions) {
      if (!partition->log.fault()) partition->log.take_offline(error);
      partition->waiters.wake_all(fetches_.ready());
    }
  }
  wake_soon();
}

io::Task<void> Node::stop() {
  co_await compactor_.stop();
  if (flusher_ != nullptr) co_await flusher_->stop();
}

io::Task<Result<void>> Node::run_off_loop(std::function<Result<void>()> work) {
  if (flusher_ == nullptr) co_return work();
  co_return co_await flusher_->run_off_loop(std::move(work));
}

void Node::close() {
  // What was not read whole must not be written down as all there is.
  if (storage() != nullptr && is_loaded_) storage()->close(topics_, metadata_);
}

}  // namespace odradek::broker
