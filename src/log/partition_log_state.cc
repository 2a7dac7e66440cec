// A log's state over time: segments, and coming back from the disk.

#include <algorithm>

#include "log/partition_log.h"
#include "log/stored_batch.h"
#include "wire/control_record.h"

namespace odradek::log {
namespace {

constexpr size_t kReplayBytes = size_t{1} << 20U;

// The same part of the jitter for a segment each time it is asked.
int64_t jitter_of(int64_t base_offset, int64_t jitter_ms) {
  if (jitter_ms <= 0) return 0;
  const uint64_t mixed = (static_cast<uint64_t>(base_offset) + 1) * 0x9E3779B97F4A7C15ULL;
  return static_cast<int64_t>((mixed >> 1U) % static_cast<uint64_t>(jitter_ms));
}

}  // namespace

void PartitionLog::set_config(const LogConfig& config) {
  config_ = config;
  store_->configure(config);
}

// Source: LogSegment.shouldRoll of Kafka 4.
bool PartitionLog::must_roll(const wire::BatchView& batch, int64_t now_ms) const {
  const std::optional<BatchStore::Segment> segment = store_->newest_segment();
  if (!segment) return false;
  if (segment->bytes + batch.size() > static_cast<size_t>(config_.segment_bytes)) return true;
  const int64_t waited_ms = segment->first_timestamp_ms >= 0
                                ? batch.max_timestamp() - segment->first_timestamp_ms
                                : now_ms - segment->created_ms;
  // What is appended to is not compacted.
  const int64_t segment_ms = config_.compact && config_.compaction_lag_max_ms > 0
                                 ? std::min(config_.segment_ms, config_.compaction_lag_max_ms)
                                 : config_.segment_ms;
  const int64_t jitter_ms =
      jitter_of(segment->base_offset, std::min(config_.segment_jitter_ms, segment_ms));
  return waited_ms > segment_ms - jitter_ms ||
         store_->is_full_for(end_offset() + batch.last_offset_delta());
}

Result<void> PartitionLog::roll(int64_t now_ms) {
  ODK_TRY_VOID(store_->roll(now_ms));
  if (sidecar_ != nullptr) sidecar_->save_producers(end_offset(), producers_);
  return {};
}

AppendError PartitionLog::put(const wire::BatchView& batch, const wire::HeaderEdit& edit,
                              int64_t now_ms) {
  const auto refuse = [](const Error& error) {
    return AppendError{AppendFault::kStorage, std::string(error.message()), {}};
  };
  if (fault_) return refuse(*fault_);
  if (must_roll(batch, now_ms)) {
    const Result<void> rolled = roll(now_ms);
    if (!rolled) return refuse(rolled.error());
  }
  const Result<void> stored =
      store_->append(wire::edited_header(batch, edit), batch.stored_records(), now_ms);
  if (!stored) {
    if (stored.error().code() != Errc::kLimitExceeded) fault_ = stored.error();
    return refuse(stored.error());
  }
  if (saved_epoch_ != leader_epoch_) {
    saved_epoch_ = leader_epoch_;
    if (sidecar_ != nullptr) sidecar_->save_epochs(epochs_);
  }
  return {};
}

void PartitionLog::add_aborted(const CompletedTxn& ended) {
  const AbortedTxn aborted{ended.producer_id, ended.first_offset, ended.last_offset,
                           producers_.stable_after(ended)};
  aborted_.add(aborted);
  if (sidecar_ == nullptr) return;
  const std::vector<BatchStore::Segment> segments = store_->segments();
  const auto behind = std::ranges::partition_point(
      segments, [&](const auto& each) { return each.base_offset <= ended.last_offset; });
  if (behind == segments.begin()) return;
  sidecar_->save_aborted(std::prev(behind)->base_offset, aborted);
}

void PartitionLog::compacted(int64_t first_base, int64_t next_offset) {
  aborted_.drop_ended_within(first_base, next_offset);
  if (sidecar_ != nullptr) sidecar_->compacted(first_base, next_offset);
}

void PartitionLog::save_state() {
  const bool is_new = end_offset() == 0 && producers_.entries().empty();
  if (sidecar_ != nullptr && !fault_ && !is_new) sidecar_->save_producers(end_offset(), producers_);
}

Result<PartitionLog> PartitionLog::restore(std::unique_ptr<BatchStore> store,
                                           const LogConfig& config, int32_t leader_epoch,
                                           Kept kept) {
  PartitionLog log(std::move(store), config, leader_epoch);
  log.start_offset_ =
      std::min(std::max(kept.start_offset, log.store_->first_offset()), log.end_offset());
  log.producers_ = std::move(kept.producers);
  log.aborted_ = std::move(kept.aborted);
  log.epochs_ = std::move(kept.epochs);
  log.sidecar_ = std::move(kept.sidecar);
  log.epochs_.truncate_from(log.end_offset());
  ODK_TRY_VOID(log.replay(std::max(kept.known_before, log.store_->first_offset())));
  log.epochs_.truncate_before(log.start_offset_);
  log.leader_epoch_ = std::max(leader_epoch, log.epochs_.latest() + 1);
  log.epochs_.begin(log.leader_epoch_, log.end_offset());
  return log;
}

Result<void> PartitionLog::replay(int64_t from) {
  std::vector<Slice> slices;
  while (from < end_offset()) {
    slices.clear();
    const ReadRange range{from, kReplayBytes, true, end_offset()};
    ODK_TRY(const size_t bytes, store_->read(range, slices));
    if (bytes == 0) return {};
    for (const Slice& slice : slices) {
      ODK_TRY_VOID(wire::for_each_batch(slice.bytes(), [&](const wire::BatchView& batch) {
        from = batch.next_offset();
        return replay_batch(batch);
      }));
    }
  }
  return {};
}

Result<void> PartitionLog::replay_batch(const wire::BatchView& batch) {
  if (batch.leader_epoch() > epochs_.latest()) {
    epochs_.begin(batch.leader_epoch(), batch.base_offset());
  }
  if (!batch.has_producer()) return {};
  if (!batch.is_control()) {
    producers_.record(batch, batch.base_offset(), batch.max_timestamp());
    return {};
  }
  wire::RecordCursor cursor(batch, batch.stored_records());
  const wire::RecordView* record = cursor.next();
  if (record == nullptr) return {};  // compaction left the producer's place
  ODK_TRY(const wire::ControlType type, wire::control_type(*record));
  if (type != wire::ControlType::kAbort && type != wire::ControlType::kCommit) return {};
  ODK_TRY(const wire::EndTxnMarker end, wire::end_txn_marker(*record));
  const std::optional<CompletedTxn> ended =
      producers_.record_marker({batch.producer_id(), batch.producer_epoch(), end},
                               batch.base_offset(), batch.max_timestamp());
  if (ended && !ended->committed) add_aborted(*ended);
  return {};
}

}  // namespace odradek::log
