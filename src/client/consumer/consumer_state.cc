#include "client/consumer/consumer_state.h"

#include <algorithm>

namespace odradek::client {

kafka::KafkaError to_consumer_error(const Error& error) {
  const std::string message(error.message());
  if (error.code() == Errc::kNotFound) return {kafka::ErrorKind::no_offset, message};
  if (error.code() == Errc::kPrecondition) return {kafka::ErrorKind::log_truncated, message};
  return to_public(error);
}

bool ConsumerState::is_valid(const FetchedChunk& chunk) {
  const AssignedPartition* entry = table.find({*chunk.topic, chunk.partition});
  return entry != nullptr && entry->epoch == chunk.assignment_epoch;
}

void ConsumerState::put(FetchedChunk chunk) {
  const MutexLock lock(mutex);
  AssignedPartition* entry = table.find({*chunk.topic, chunk.partition});
  if (entry == nullptr || entry->epoch != chunk.assignment_epoch) return;
  buffered_bytes += chunk.batches.size();
  entry->buffered_bytes += chunk.batches.size();
  chunks.push_back(std::move(chunk));
  ++changes;
}

std::optional<FetchedChunk> ConsumerState::take_chunk() {
  for (auto at = chunks.begin(); at != chunks.end();) {
    const kafka::TopicPartition id{*at->topic, at->partition};
    AssignedPartition* entry = table.find(id);
    if (entry == nullptr || entry->epoch != at->assignment_epoch) {
      buffered_bytes -= at->batches.size();
      if (entry != nullptr) entry->buffered_bytes -= at->batches.size();
      at = chunks.erase(at);
      continue;
    }
    if (entry->is_paused || entry->is_leaving) {
      ++at;
      continue;
    }
    FetchedChunk chunk = std::move(*at);
    chunks.erase(at);
    buffered_bytes -= chunk.batches.size();
    entry->buffered_bytes -= chunk.batches.size();
    entry->position = chunk.next_offset;
    entry->high_watermark = chunk.high_watermark;
    told_identity = identity;
    return chunk;
  }
  return std::nullopt;
}

kafka::GroupMetadata ConsumerState::identity_for_program() {
  const MutexLock lock(mutex);
  return told_identity.member_id.empty() ? identity : told_identity;
}

void ConsumerState::refuse_chunk(const kafka::TopicPartition& id, int64_t offset, uint64_t epoch) {
  const MutexLock lock(mutex);
  AssignedPartition* entry = table.find(id);
  if (entry == nullptr || entry->epoch != epoch) return;
  const int64_t consumed = entry->consumed;
  PartitionTable::seek(*entry, offset, entry->leader_epoch);
  entry->consumed = consumed;
  drop_void_chunks();
}

void ConsumerState::drop_void_chunks() {
  std::erase_if(
      chunks, [this](const FetchedChunk& chunk) ODK_THREAD_ANNOTATION(requires_capability(mutex)) {
        if (is_valid(chunk)) return false;
        buffered_bytes -= chunk.batches.size();
        AssignedPartition* entry = table.find({*chunk.topic, chunk.partition});
        if (entry != nullptr) entry->buffered_bytes -= chunk.batches.size();
        return true;
      });
}

uint64_t ConsumerState::announce(RebalanceKind kind,
                                 std::vector<kafka::TopicPartition> partitions) {
  uint64_t id = 0;
  {
    const MutexLock lock(mutex);
    id = ++last_event_id;
    if (kind == RebalanceKind::kAssigned) ++counts.rebalances;
    events.push_back({.kind = kind, .partitions = std::move(partitions), .id = id});
  }
  end_waiting(false);
  return id;
}

bool ConsumerState::is_handled(uint64_t event_id) {
  const MutexLock lock(mutex);
  return handled_event_id >= event_id;
}

void ConsumerState::report(const Error& reported, bool for_good) {
  std::optional<Waiting> woken;
  {
    const MutexLock lock(mutex);
    if (is_error_final) return;
    ++changes;
    woken = std::exchange(waiting, std::nullopt);
    if (!woken || for_good) error = reported;
    is_error_final = for_good;
  }
  if (woken) woken->promise.set(kafka::Result<kafka::RecordBatch>(to_consumer_error(reported)));
}

void ConsumerState::wake() { end_waiting(true); }

bool ConsumerState::take_wake() {
  if (!std::exchange(is_woken, false)) return false;
  ++wake_count;
  return true;
}

uint64_t ConsumerState::wakes() {
  const MutexLock lock(mutex);
  return wake_count;
}

void ConsumerState::end_waiting(bool remember) {
  std::optional<Waiting> woken;
  {
    const MutexLock lock(mutex);
    ++changes;
    woken = std::exchange(waiting, std::nullopt);
    if (!woken && remember) is_woken = true;
    if (woken && remember) ++wake_count;
  }
  if (woken) woken->promise.set(kafka::Result<kafka::RecordBatch>(kafka::RecordBatch()));
}

}  // namespace odradek::client
