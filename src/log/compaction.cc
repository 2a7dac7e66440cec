#include "log/compaction.h"

#include <algorithm>
#include <limits>

#include "wire/record_iterator.h"

namespace odradek::log {
namespace {

using Segments = std::vector<BatchStore::Segment>;

// Where compaction may not reach: the segment that is appended to, what is not decided, and what
// is too young.
int64_t first_untouchable(const PartitionLog& log, const Segments& segments, int64_t first_dirty,
                          int64_t now_ms) {
  int64_t end = std::min(log.last_stable_offset(), segments.back().base_offset);
  if (const auto newest = log.store().newest_segment(); !newest) end = log.last_stable_offset();
  const int64_t lag_ms = log.config().compaction_lag_min_ms;
  if (lag_ms <= 0) return end;
  for (const BatchStore::Segment& segment : segments) {
    if (segment.next_offset <= first_dirty) continue;
    if (segment.max_timestamp_ms > now_ms - lag_ms) return std::min(end, segment.base_offset);
  }
  return end;
}

}  // namespace

std::optional<CompactionPlan> plan_compaction(const PartitionLog& log, int64_t compacted_until,
                                              int64_t now_ms) {
  const LogConfig& config = log.config();
  if (!log.is_compactable()) return std::nullopt;
  const Segments segments = log.store().segments();
  if (segments.empty()) return std::nullopt;
  CompactionPlan plan;
  const bool is_known =
      compacted_until >= log.start_offset() && compacted_until <= log.end_offset();
  plan.first_dirty = is_known ? compacted_until : log.start_offset();
  plan.end = first_untouchable(log, segments, plan.first_dirty, now_ms);
  if (plan.end <= plan.first_dirty) return std::nullopt;
  int64_t oldest_dirty_ms = std::numeric_limits<int64_t>::max();
  for (const BatchStore::Segment& segment : segments) {
    if (segment.base_offset >= plan.end) break;
    if (segment.next_offset <= plan.first_dirty) {
      plan.clean_bytes += segment.bytes;
      continue;
    }
    plan.dirty_bytes += segment.bytes;
    if (segment.first_timestamp_ms >= 0) {
      oldest_dirty_ms = std::min(oldest_dirty_ms, segment.first_timestamp_ms);
    }
  }
  plan.overdue = config.compaction_lag_max_ms > 0 && oldest_dirty_ms < now_ms &&
                 now_ms - oldest_dirty_ms > config.compaction_lag_max_ms;
  if (plan.dirty_bytes == 0) return std::nullopt;
  if (!plan.overdue && plan.dirty_ratio() <= config.dirty_ratio_min) return std::nullopt;
  return plan;
}

Compaction::Compaction(PartitionLog& log, const CompactionPlan& plan,
                       const CompactionLimits& limits, int64_t now_ms)
    : log_(log),
      limits_(limits),
      round_{plan.end, now_ms, log.config().delete_retention_ms},
      first_dirty_(std::max(plan.first_dirty, log.start_offset())),
      position_(first_dirty_),
      end_(plan.end),
      keys_(limits.key_bytes) {}

Result<Compaction::Next> Compaction::step(size_t bytes, CheckScratch& scratch) {
  if (!mapped_) return map_keys(bytes, scratch);
  if (sync_work_) return put_in_place();
  if (groups_.empty()) return Next::kDone;
  return copy(bytes, scratch);
}

// Finds the newest offset of each key in what is dirty.
Result<Compaction::Next> Compaction::map_keys(size_t bytes, CheckScratch& scratch) {
  slices_.clear();
  position_ = std::max(position_, log_.store().first_offset());
  size_t read = 0;
  if (position_ < end_) {
    ODK_TRY(read, log_.store().read({position_, bytes, true, end_}, slices_));
  }
  bytes_read_ += read;
  bool is_full = false;
  for (const Slice& slice : slices_) {
    wire::BatchCursor cursor(slice.bytes());
    while (!is_full) {
      ODK_TRY(const std::optional<wire::BatchView> batch, cursor.next());
      if (!batch) break;
      ODK_TRY(const bool has_room, map_batch(*batch, scratch));
      is_full = !has_room;
      position_ = batch->next_offset();
    }
  }
  if (read > 0 && position_ < end_ && !is_full) return Next::kStep;
  // What lies behind was not looked at: the next compaction begins there.
  if (is_full) end_ = position_;
  round_.end_offset = end_;
  mapped_ = true;
  filter_.emplace(keys_, round_, log_.producers(), log_.aborted_txns());
  group_segments();
  return groups_.empty() ? Next::kDone : Next::kStep;
}

// False when the batch was the last one to fit.
Result<bool> Compaction::map_batch(const wire::BatchView& batch, CheckScratch& scratch) {
  if (batch.is_control() || batch.next_offset() <= first_dirty_) return true;
  if (batch.is_transactional()) {
    for (const AbortedTxn& txn :
         log_.aborted_txns().overlapping(batch.base_offset(), batch.next_offset())) {
      if (txn.producer_id == batch.producer_id() && txn.first_offset <= batch.base_offset()) {
        return true;
      }
    }
  }
  Unpacker& unpacker = scratch.unpacker;
  ODK_TRY(const Bytes records, wire::records_of(batch, unpacker.decompressor, unpacker.scratch));
  wire::RecordCursor cursor(batch, records);
  while (const wire::RecordView* record = cursor.next()) {
    if (is_null(record->key)) continue;
    // A batch is looked at whole.
    while (!keys_.put(record->key, record->offset)) keys_.raise_limit();
  }
  ODK_TRY_VOID(cursor.status());
  return keys_.has_room();
}

// Small segments become one, as large as a segment may be.
void Compaction::group_segments() {
  constexpr int64_t kOffsetsMax = std::numeric_limits<int32_t>::max();
  constexpr size_t kEntryBytes = 12;
  const LogConfig& config = log_.config();
  const size_t bytes_max =
      std::min(limits_.segment_bytes, static_cast<size_t>(config.segment_bytes));
  const auto index_bytes = [&](size_t bytes) {
    return (bytes / static_cast<size_t>(std::max(config.index_interval_bytes, 1)) + 1) *
           kEntryBytes;
  };
  size_t bytes = 0;
  for (const BatchStore::Segment& segment : log_.store().segments()) {
    if (segment.base_offset >= end_) break;
    bytes += segment.bytes;
    const bool joins = !groups_.empty() && bytes <= bytes_max &&
                       index_bytes(bytes) <= static_cast<size_t>(config.index_bytes_max) &&
                       segment.next_offset - groups_.back().first_base <= kOffsetsMax;
    if (joins) {
      groups_.back().last_base = segment.base_offset;
      groups_.back().next_offset = segment.next_offset;
    } else {
      bytes = segment.bytes;
      groups_.push_back({segment.base_offset, segment.base_offset, segment.next_offset});
    }
  }
  std::ranges::reverse(groups_);
  if (!groups_.empty()) position_ = groups_.back().first_base;
}

// Writes what is kept of a group's batches.
Result<Compaction::Next> Compaction::copy(size_t bytes, CheckScratch& scratch) {
  const Group& group = groups_.back();
  if (writer_ == nullptr) {
    ODK_TRY(writer_, log_.store().replace(group.first_base, group.last_base));
    position_ = group.first_base;
  }
  slices_.clear();
  position_ = std::max(position_, log_.store().first_offset());
  size_t read = 0;
  if (position_ < group.next_offset) {
    ODK_TRY(read, log_.store().read({position_, bytes, true, group.next_offset}, slices_));
  }
  bytes_read_ += read;
  for (const Slice& slice : slices_) {
    ODK_TRY_VOID(
        wire::for_each_batch(slice.bytes(), [&](const wire::BatchView& batch) -> Result<void> {
          position_ = batch.next_offset();
          ODK_TRY(const BatchFilter::Kept kept, filter_->apply(batch, scratch));
          if (kept.bytes.empty()) return {};
          bytes_kept_ += kept.bytes.size();
          return writer_->append(kept.bytes);
        }));
  }
  if (read > 0) return Next::kStep;
  ODK_TRY(sync_work_, writer_->sync_work());
  return Next::kSync;
}

Result<Compaction::Next> Compaction::put_in_place() {
  const Group group = groups_.back();
  const std::unique_ptr<SegmentWriter> writer = std::exchange(writer_, nullptr);
  sync_work_ = nullptr;
  if (Result<void> finished = writer->finish(); !finished) {
    log_.take_offline(finished.error());
    return std::move(finished).error();
  }
  log_.compacted(group.first_base, group.next_offset);
  groups_.pop_back();
  return groups_.empty() ? Next::kDone : Next::kStep;
}

}  // namespace odradek::log
