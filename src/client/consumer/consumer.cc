#include "odradek/consumer.h"

#include <fmt/format.h>

#include "client/consumer/consumer_core.h"

namespace odradek::kafka {
namespace {

using client::AssignedPartition;
using client::PartitionTable;
using client::PositionNeed;

KafkaError config_error(std::string_view option, std::string_view reason) {
  return {ErrorKind::config, fmt::format("ConsumerOptions::{}: {}", option, reason)};
}

Result<void> check(const ConsumerOptions& options) {
  if (options.assignors.empty()) return config_error("assignors", "must not be empty");
  if (!options.instance_id.empty() && options.group.empty()) {
    return config_error("instance_id", "needs a group");
  }
  if (options.heartbeat_interval.count() <= 0) {
    return config_error("heartbeat_interval", "must be positive");
  }
  if (options.session_timeout <= options.heartbeat_interval) {
    return config_error("session_timeout", "must be above heartbeat_interval");
  }
  if (options.max_poll_interval.count() <= 0) {
    return config_error("max_poll_interval", "must be positive");
  }
  if (options.auto_commit_interval.count() <= 0) {
    return config_error("auto_commit_interval", "must be positive");
  }
  if (options.fetch_bytes_min < 0) return config_error("fetch_bytes_min", "must not be negative");
  if (options.fetch_wait_max.count() < 0) {
    return config_error("fetch_wait_max", "must not be negative");
  }
  if (options.fetch_bytes_max <= 0) return config_error("fetch_bytes_max", "must be positive");
  if (options.partition_bytes_max <= 0) {
    return config_error("partition_bytes_max", "must be positive");
  }
  if (options.start.duration().value_or(std::chrono::milliseconds(0)).count() < 0) {
    return config_error("start", "must not have a negative duration");
  }
  if (options.prefetch_bytes == 0) return config_error("prefetch_bytes", "must be positive");
  return {};
}

}  // namespace

Result<Consumer> Consumer::create(const Client& client, ConsumerOptions options) {
  if (const Result<void> checked = check(options); !checked) return checked.error();
  auto core = std::make_shared<ConsumerCore>(client.core(), std::move(options));
  core->start();
  return Consumer(std::move(core));
}

Consumer::Consumer(const Client& client, ConsumerOptions options) {
  auto created = create(client, std::move(options));
  if (!created) throw ConfigError(created.error());
  core_ = std::move(created->core_);
}

Consumer::Consumer(std::shared_ptr<ConsumerCore> core) : core_(std::move(core)) {}
Consumer::Consumer(Consumer&& other) noexcept = default;

Consumer& Consumer::operator=(Consumer&& other) noexcept {
  std::swap(core_, other.core_);
  return *this;
}

Consumer::~Consumer() {
  if (core_ != nullptr) core_->abandon();
}

Result<void> Consumer::subscribe(std::vector<std::string> topics, RebalanceHandler handler) {
  return core_->subscribe(std::move(topics), std::move(handler));
}

Result<void> Consumer::subscribe_pattern(std::string expression, RebalanceHandler handler) {
  return core_->subscribe_pattern(std::move(expression), std::move(handler));
}

BatchRange Consumer::batches(std::chrono::milliseconds idle) { return {core_, idle}; }

Result<void> Consumer::assign(std::vector<TopicPartition> partitions) {
  return core_->assign(std::move(partitions));
}

void Consumer::unsubscribe() { core_->unsubscribe(); }
Op<RecordBatch> Consumer::next(std::chrono::milliseconds wait) { return core_->next(wait); }
void Consumer::wake() { core_->wake(); }
Op<void> Consumer::commit() { return core_->commit_positions(); }

Op<void> Consumer::commit(const RecordBatch& batch) {
  client::OffsetMap offsets;
  if (!batch.empty()) {
    offsets[{std::string(batch.topic()), batch.partition()}] = {
        .offset = batch.next_offset(), .metadata = {}, .leader_epoch = batch.leader_epoch()};
  }
  return core_->commit(std::move(offsets));
}

Op<void> Consumer::commit(std::vector<CommittedOffset> offsets) {
  return core_->commit(client::offset_map(std::move(offsets)));
}

std::vector<CommittedOffset> Consumer::positions() const { return core_->positions(); }

Op<std::vector<CommittedOffset>> Consumer::committed(std::vector<TopicPartition> partitions) {
  return core_->committed(std::move(partitions));
}

std::vector<TopicPartition> Consumer::assignment() const {
  const MutexLock lock(core_->state().mutex);
  return core_->state().table.ids();
}

std::vector<std::string> Consumer::subscription() const {
  const MutexLock lock(core_->state().mutex);
  return core_->state().topics;
}

GroupMetadata Consumer::group_metadata() const {
  GroupMetadata identity = core_->state().identity_for_program();
  identity.group = core_->state().options.group;
  identity.instance_id = core_->state().options.instance_id;
  return identity;
}

Op<int64_t> Consumer::position(TopicPartition partition) {
  return core_->position(std::move(partition));
}

Result<void> Consumer::seek(const TopicPartition& partition, int64_t offset) {
  if (offset < 0) return KafkaError(ErrorKind::invalid_argument, "seek to a negative offset");
  return core_->change({partition},
                       [offset](AssignedPartition& entry) { PartitionTable::seek(entry, offset); });
}

Result<void> Consumer::seek(const TopicPartition& partition, const OffsetAndMetadata& offset) {
  if (offset.offset < 0) {
    return KafkaError(ErrorKind::invalid_argument, "seek to a negative offset");
  }
  return core_->change({partition}, [&offset](AssignedPartition& entry) {
    PartitionTable::seek(entry, offset.offset, offset.leader_epoch);
  });
}

Result<void> Consumer::seek_to_beginning(const std::vector<TopicPartition>& partitions) {
  return core_->change(partitions, [](AssignedPartition& entry) {
    PartitionTable::need_position(entry, PositionNeed::kEarliest);
  });
}

Result<void> Consumer::seek_to_end(const std::vector<TopicPartition>& partitions) {
  return core_->change(partitions, [](AssignedPartition& entry) {
    PartitionTable::need_position(entry, PositionNeed::kLatest);
  });
}

Result<void> Consumer::pause(const std::vector<TopicPartition>& partitions) {
  return core_->change(partitions, [](AssignedPartition& entry) { entry.is_paused = true; });
}

Result<void> Consumer::resume(const std::vector<TopicPartition>& partitions) {
  return core_->change(partitions, [](AssignedPartition& entry) { entry.is_paused = false; });
}

std::vector<TopicPartition> Consumer::paused() const {
  const MutexLock lock(core_->state().mutex);
  return core_->state().table.paused();
}

Op<std::vector<PartitionOffset>> Consumer::offsets_for_times(std::vector<TopicPartition> partitions,
                                                             int64_t timestamp_ms) {
  if (timestamp_ms < 0) {
    return Op<std::vector<PartitionOffset>>::ready(
        KafkaError(ErrorKind::invalid_argument, "offsets for a negative time"));
  }
  return core_->list_offsets(partitions, timestamp_ms);
}

Op<std::vector<PartitionOffset>> Consumer::beginning_offsets(
    std::vector<TopicPartition> partitions) {
  return core_->list_offsets(partitions, client::kEarliestTimestamp);
}

Op<std::vector<PartitionOffset>> Consumer::end_offsets(std::vector<TopicPartition> partitions) {
  return core_->list_offsets(partitions, client::kLatestTimestamp);
}

std::optional<int64_t> Consumer::lag(const TopicPartition& partition) const {
  const MutexLock lock(core_->state().mutex);
  const AssignedPartition* entry = core_->state().table.find(partition);
  if (entry == nullptr) return std::nullopt;
  return entry->lag(core_->state().options.isolation == Isolation::read_committed);
}

Op<void> Consumer::close(std::chrono::milliseconds wait) { return core_->close(wait); }

}  // namespace odradek::kafka
