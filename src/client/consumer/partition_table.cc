#include "client/consumer/partition_table.h"

namespace odradek::client {

void PartitionTable::add(const Partitions& partitions, PositionNeed need) {
  std::shared_ptr<const std::string> topic;
  for (const kafka::TopicPartition& id : partitions) {
    std::unique_ptr<AssignedPartition>& entry = entries_[id];
    if (entry != nullptr) continue;
    if (topic == nullptr || *topic != id.topic) topic = std::make_shared<std::string>(id.topic);
    entry = std::make_unique<AssignedPartition>();
    entry->topic = topic;
    entry->partition = id.partition;
    // High bits tell incarnations of a partition apart, low bits its seeks.
    constexpr unsigned kSeekBits = 24;
    entry->epoch = next_epoch_++ << kSeekBits;
    entry->need = need;
  }
}

void PartitionTable::remove(const Partitions& partitions) {
  for (const kafka::TopicPartition& id : partitions) entries_.erase(id);
}

AssignedPartition* PartitionTable::find(const kafka::TopicPartition& id) {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second.get();
}

const AssignedPartition* PartitionTable::find(const kafka::TopicPartition& id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second.get();
}

PartitionTable::Partitions PartitionTable::ids() const {
  Partitions ids;
  for (const auto& [id, entry] : entries_) ids.push_back(id);
  return ids;
}

PartitionTable::Partitions PartitionTable::paused() const {
  Partitions ids;
  for (const auto& [id, entry] : entries_) {
    if (entry->is_paused) ids.push_back(id);
  }
  return ids;
}

PositionNeed need_of(const kafka::Start& start) {
  if (start == kafka::Start::earliest) return PositionNeed::kEarliest;
  return start == kafka::Start::latest ? PositionNeed::kLatest : PositionNeed::kDuration;
}

void PartitionTable::set_position(AssignedPartition& entry, int64_t offset, int32_t leader_epoch) {
  entry.need = PositionNeed::kNothing;
  entry.leader_epoch = leader_epoch;
  entry.fetch_epoch = leader_epoch;
  entry.checked_epoch = -1;
  entry.fetch_offset = offset;
  entry.position = offset;
  entry.consumed = offset;
}

void PartitionTable::seek(AssignedPartition& entry, int64_t offset, int32_t leader_epoch) {
  ++entry.epoch;
  entry.retry_at = {};
  set_position(entry, offset, leader_epoch);
}

void PartitionTable::rewind(AssignedPartition& entry) {
  ++entry.epoch;
  entry.need = PositionNeed::kNothing;
  entry.fetch_offset = entry.position;
  entry.fetch_epoch = entry.leader_epoch;
}

void PartitionTable::need_position(AssignedPartition& entry, PositionNeed need) {
  ++entry.epoch;
  entry.retry_at = {};
  entry.need = need;
  entry.fetch_offset = -1;
  entry.position = -1;
  entry.consumed = -1;
}

void PartitionTable::mark_consumed() {
  for (auto& [id, entry] : entries_) entry->consumed = entry->position;
}

std::map<kafka::TopicPartition, kafka::OffsetAndMetadata> PartitionTable::uncommitted() const {
  std::map<kafka::TopicPartition, kafka::OffsetAndMetadata> offsets;
  for (const auto& [id, entry] : entries_) {
    if (entry->consumed < 0 || entry->consumed == entry->committed) continue;
    offsets[id] = {.offset = entry->consumed, .metadata = {}, .leader_epoch = entry->leader_epoch};
  }
  return offsets;
}

void PartitionTable::note_committed(
    const std::map<kafka::TopicPartition, kafka::OffsetAndMetadata>& offsets) {
  for (const auto& [id, offset] : offsets) {
    if (AssignedPartition* entry = find(id)) entry->committed = offset.offset;
  }
}

std::map<kafka::TopicPartition, kafka::OffsetAndMetadata> PartitionTable::positions() const {
  std::map<kafka::TopicPartition, kafka::OffsetAndMetadata> offsets;
  for (const auto& [id, entry] : entries_) {
    if (entry->position < 0) continue;
    offsets[id] = {.offset = entry->position, .metadata = {}, .leader_epoch = entry->leader_epoch};
  }
  return offsets;
}

}  // namespace odradek::client
