#include "backup/engine/partition_copier.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "proto/error_code.h"

namespace odradek::backup {
namespace {

// Fetched responses waiting for the archiver: one in hand, one ready.
constexpr size_t kFetchesAhead = 1;
// A partition whose end was compacted away answers "nothing" though its end offset is further on.
constexpr int kEmptyFetchesAtEnd = 3;

bool is_out_of_range(const Error& error) {
  return error.code() == Errc::kServer &&
         proto::error_code(error.server_code()) == proto::ErrorCode::kOffsetOutOfRange;
}

}  // namespace

PartitionCopier::PartitionCopier(Source& source, store::ObjectStore& store, io::WorkerPool& workers,
                                 const ArchiveKeys& keys, CopyPlan plan, CopyOptions options,
                                 Clock& clock)
    : source_(&source),
      store_(&store),
      workers_(&workers),
      keys_(&keys),
      clock_(&clock),
      plan_(std::move(plan)),
      options_(options),
      queue_(source.cluster().loop(), kFetchesAhead),
      archiver_(options.transcode),
      position_(plan_.start),
      fetch_position_(plan_.start),
      reported_position_(plan_.start) {
  change_.covered_through = plan_.start - 1;
}

Error PartitionCopier::named(const Error& error) const {
  return error.with_context(fmt::format("back up {}-{} at offset {}", plan_.source.topic,
                                        plan_.source.partition, position_));
}

io::Task<Result<void>> PartitionCopier::run() {
  const Result<void> skipped = co_await skip_to_log_start();
  if (!skipped) co_return named(skipped.error());
  io::TaskGroup fetching(source_->cluster().loop());
  fetching.spawn(fetch_ahead());
  Result<void> processed = co_await process_all();
  queue_.close();
  fetching.cancel();
  co_await fetching.join();
  if (processed) processed = co_await close_segment();
  if (!processed) co_return named(processed.error());
  co_return processed;
}

// Records that retention removed before they were backed up leave a gap.
io::Task<Result<void>> PartitionCopier::skip_to_log_start() {
  ODK_CO_TRY(const int64_t log_start,
             co_await source_->offset_at(plan_.source, Source::Special::kEarliest,
                                         options_.fetch.isolation));
  if (log_start <= position_) co_return Result<void>{};
  change_.gaps.push_back({position_, log_start - 1, GapReason::kRetention, clock_->wall_ms()});
  change_.covered_through = log_start - 1;
  position_ = log_start;
  fetch_position_ = log_start;
  co_return Result<void>{};
}

io::Task<void> PartitionCopier::fetch_ahead() {
  int empty_fetches = 0;
  const auto lane = static_cast<cluster::Lane>(1 + plan_.source.partition % 2);
  while (!stopping_ && fetch_position_ < plan_.target) {
    Fetched fetched = co_await source_->fetch(plan_.source, fetch_position_, options_.fetch, lane);
    if (fetched) {
      const int64_t before = fetch_position_;
      Result<Bytes> rest = wire::for_each_batch(fetched->records, [this](const auto& batch) {
        fetch_position_ = std::max(fetch_position_, batch.next_offset());
      });
      if (!rest) fetched = rest.error();
      empty_fetches = fetch_position_ == before ? empty_fetches + 1 : 0;
      if (empty_fetches >= kEmptyFetchesAtEnd) fetch_position_ = plan_.target;
    }
    const bool failed = !fetched;
    const Result<void> pushed = co_await queue_.push(std::move(fetched));
    if (failed || !pushed) break;
  }
  queue_.close();
}

io::Task<Result<void>> PartitionCopier::process_all() {
  while (true) {
    Result<Fetched> next = co_await queue_.pop();
    if (!next) break;  // the fetcher closed the queue: done or stopped
    const Fetched& fetched = *next;
    if (!fetched && is_out_of_range(fetched.error())) {
      co_return fetched.error().with_context(
          "the log was truncated or its start moved past this offset while it was read");
    }
    if (!fetched) co_return fetched.error();
    counters_.fetched_bytes += fetched->records.size();
    Result<uint64_t> archived =
        co_await workers_->run([this, &fetched] { return archive_all(*fetched); });
    if (!archived) co_return archived.error();
    counters_.records += *archived;
    reported_position_ = position_;
    if (segment_ != nullptr && segment_->raw_bytes() >= options_.segment_bytes) {
      Result<void> closed = co_await close_segment();
      if (!closed) co_return closed;
    }
  }
  if (!stopping_) position_ = std::max(position_, fetch_position_);
  co_return Result<void>{};
}

// Gives the records archived.
Result<uint64_t> PartitionCopier::archive_all(const FetchedBatches& fetched) {
  aborted_filter_.add(fetched.aborted);
  uint64_t records = 0;
  ODK_TRY_VOID(
      wire::for_each_batch(fetched.records, [&](const wire::BatchView& batch) -> Result<void> {
        // A fetch from inside a batch brings the whole batch: what lies before is archived already.
        if (batch.last_offset() < position_) return {};
        ODK_TRY(const uint64_t archived, archive_one(fetched.memory, batch));
        records += archived;
        return {};
      }));
  return records;
}

Result<uint64_t> PartitionCopier::archive_one(const Slice& memory, const wire::BatchView& batch) {
  const bool read_committed = options_.fetch.isolation == IsolationLevel::kReadCommitted;
  if (read_committed && aborted_filter_.is_aborted(batch)) {
    segment_aborted_.emplace_back(batch.base_offset(), batch.last_offset());
    position_ = batch.next_offset();
    return 0;
  }
  Result<ArchivedBatch> archived = archiver_.archive(memory, batch);
  if (!archived) return archived.error();
  if ((archived->facts.flags & kBatchAbortMarker) != 0) {
    aborted_filter_.on_abort_marker(batch.producer_id());
  }
  if (segment_ == nullptr) ODK_TRY_VOID(open_segment());
  ODK_TRY_VOID(segment_->add(archived->bytes.bytes(), archived->facts));
  position_ = batch.next_offset();
  return archived->facts.is_control() ? 0 : static_cast<uint64_t>(archived->facts.record_count);
}

Result<void> PartitionCopier::open_segment() {
  segment_start_ = change_.covered_through + 1;
  segment_key_ = keys_->segment(plan_.source.topic, plan_.incarnation, plan_.source.partition,
                                segment_start_, plan_.writer_epoch);
  const SegmentHeader header{.topic = plan_.source.topic,
                             .topic_id = plan_.source.topic_id,
                             .partition = plan_.source.partition,
                             .first_offset = segment_start_,
                             .incarnation = plan_.incarnation,
                             .writer_epoch = plan_.writer_epoch,
                             .backup_set = plan_.backup_set,
                             .created_ms = clock_->wall_ms()};
  ODK_TRY(std::unique_ptr<store::ObjectWriter> object, store_->open_writer(segment_key_));
  ODK_TRY(segment_, SegmentWriter::begin(std::move(object), header, options_.segment));
  return {};
}

io::Task<Result<void>> PartitionCopier::close_segment() {
  // Offsets that were aborted or compacted away at the end still need a segment that covers them.
  const bool has_uncovered = position_ - 1 > change_.covered_through;
  if (segment_ == nullptr && !has_uncovered) co_return Result<void>{};
  Result<FinishedSegment> finished = co_await workers_->run([this]() -> Result<FinishedSegment> {
    if (segment_ == nullptr) ODK_TRY_VOID(open_segment());
    return segment_->finish(segment_start_, position_ - 1);
  });
  segment_.reset();
  if (!finished) co_return finished.error();
  counters_.raw_bytes += finished->footer.raw_bytes;
  counters_.stored_bytes += finished->object.size_bytes;
  ++counters_.segments;
  change_.segments.push_back(
      segment_ref(segment_key_, finished->object.size_bytes, finished->footer));
  change_.aborted.insert(change_.aborted.end(), segment_aborted_.begin(), segment_aborted_.end());
  segment_aborted_.clear();
  change_.covered_through = position_ - 1;
  co_return Result<void>{};
}

std::optional<PartitionChange> PartitionCopier::take_change() {
  if (change_.segments.empty() && change_.gaps.empty()) return std::nullopt;
  PartitionChange taken = std::move(change_);
  taken.topic = plan_.source.topic;
  taken.incarnation = plan_.incarnation;
  taken.id = plan_.source.partition;
  change_ = {};
  change_.covered_through = taken.covered_through;
  return taken;
}

}  // namespace odradek::backup
