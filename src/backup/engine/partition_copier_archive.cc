#include <fmt/format.h>

#include "backup/archive/failpoint.h"
#include "backup/engine/partition_copier.h"

namespace odradek::backup {

// Gives the records archived.
Result<uint64_t> PartitionCopier::archive_all(const FetchedBatches& fetched) {
  aborted_filter_.add(fetched.aborted);
  uint64_t records = 0;
  wire::BatchCursor cursor(fetched.records);
  while (true) {
    const Result<std::optional<wire::BatchView>> next = cursor.next();
    if (!next) {
      fault_ = Fault::kCorrupt;
      corrupt_ = {position_, -1, -1};
      return next.error();
    }
    const std::optional<wire::BatchView>& batch = *next;
    if (!batch || batch->base_offset() >= limit()) break;
    // A fetch from inside a batch brings the whole batch: what lies before is archived already.
    if (batch->last_offset() < position_) continue;
    const Result<uint64_t> archived = archive_one(fetched.memory, *batch);
    if (!archived && fault_ == Fault::kCorrupt) {
      // The next batch tells best where this one ends: its own header may be what is damaged.
      const Result<std::optional<wire::BatchView>> after = cursor.next();
      corrupt_ = {position_, batch->base_offset(), batch->last_offset()};
      if (after && *after && (*after)->base_offset() > position_) {
        corrupt_.last = (*after)->base_offset() - 1;
      }
    }
    if (!archived) return archived.error();
    records += *archived;
  }
  return records;
}

Result<uint64_t> PartitionCopier::archive_one(const Slice& memory, const wire::BatchView& batch) {
  const bool read_committed = options_.fetch.isolation == IsolationLevel::kReadCommitted;
  if (read_committed && aborted_filter_.is_aborted(batch)) {
    append_range(segment_aborted_, {batch.base_offset(), batch.last_offset()});
    last_batch_ = {batch.last_offset(), batch.leader_epoch()};
    position_ = batch.next_offset();
    return 0;
  }
  Result<ArchivedBatch> archived = archiver_.archive(memory, batch);
  if (!archived) {
    fault_ = Fault::kCorrupt;
    return archived.error();
  }
  fault_ = Fault::kStore;
  if (segment_ == nullptr) ODK_TRY_VOID(open_segment());
  ODK_TRY_VOID(segment_->add(archived->bytes.bytes(), archived->facts));
  fault_ = Fault::kNone;
  if ((archived->facts.flags & kBatchAbortMarker) != 0) {
    aborted_filter_.on_abort_marker(batch.producer_id());
  }
  if (!read_committed) follow_transaction(batch, archived->facts.flags);
  last_batch_ = {batch.last_offset(), batch.leader_epoch()};
  position_ = batch.next_offset();
  if (archived->facts.is_control()) return 0;
  const auto records = static_cast<uint64_t>(archived->facts.record_count);
  segment_records_ += records;
  return records;
}

void PartitionCopier::follow_transaction(const wire::BatchView& batch, uint16_t flags) {
  if ((flags & kBatchCommitMarker) != 0) {
    transactions_.on_commit_marker(batch.producer_id());
  } else if ((flags & kBatchAbortMarker) != 0) {
    for (const OffsetRange& range : transactions_.on_abort_marker(batch.producer_id())) {
      append_range(segment_aborted_, range);
    }
  } else if (batch.is_transactional() && !batch.is_control()) {
    transactions_.on_data(batch.producer_id(), batch.base_offset(), batch.last_offset());
  }
}

Result<void> PartitionCopier::open_segment() {
  const int64_t start = change_.covered_through + 1;
  segment_tries_ = start == segment_start_ ? segment_tries_ + 1 : 0;
  segment_start_ = start;
  segment_key_ = shared_.keys->segment({.topic = plan_.source.topic,
                                        .incarnation = plan_.incarnation,
                                        .partition = plan_.source.partition,
                                        .first_offset = segment_start_,
                                        .writer_epoch = plan_.writer_epoch,
                                        .attempt = segment_tries_});
  segment_opened_ = shared_.clock->now();
  const SegmentHeader header{.topic = plan_.source.topic,
                             .topic_id = plan_.source.topic_id,
                             .partition = plan_.source.partition,
                             .first_offset = segment_start_,
                             .incarnation = plan_.incarnation,
                             .writer_epoch = plan_.writer_epoch,
                             .backup_set = plan_.backup_set,
                             .created_ms = shared_.clock->wall_ms()};
  // A frame is a part: one fills while one is under way, and the budget counts both.
  const store::WriterOptions parts{.part_bytes = options_.segment.frame_bytes, .in_flight = 1};
  ODK_TRY(std::unique_ptr<store::ObjectWriter> object,
          shared_.store->open_writer(segment_key_, parts));
  ODK_TRY(segment_, SegmentWriter::begin(std::move(object), header, options_.segment));
  failpoint("segment.opened");
  return {};
}

}  // namespace odradek::backup
