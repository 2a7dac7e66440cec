#include <fmt/format.h>

#include <algorithm>

#include "backup/archive/failpoint.h"
#include "backup/engine/partition_copier.h"
#include "proto/error_code.h"

namespace odradek::backup {
namespace {

// A partition whose end was compacted away answers "nothing" though its end offset is further on.
constexpr int kEmptyFetchesAtEnd = 3;

// The topic is not, or no longer, the one that was planned.
bool is_gone(const Error& error) {
  using enum proto::ErrorCode;
  return is_answer(error, kUnknownTopicOrPartition) || is_answer(error, kUnknownTopicId) ||
         is_answer(error, kInconsistentTopicId);
}

}  // namespace

io::Task<void> PartitionCopier::fetch_ahead() {
  while (!stopping_ && fetch_position_ < limit()) {
    BudgetHold hold;
    Result<FetchedBatches> batches = co_await fetch_one(hold);
    if (stopping_) break;
    bool is_last = !batches;
    if (batches) {
      const int64_t before = fetch_position_;
      const Result<Bytes> rest = wire::for_each_batch(batches->records, [this](const auto& batch) {
        fetch_position_ = std::max(fetch_position_, batch.next_offset());
      });
      // Whoever archives it finds the fault again, and knows what to do.
      is_last = !rest;
      empty_fetches_ = fetch_position_ == before ? empty_fetches_ + 1 : 0;
      if (rest && empty_fetches_ > 0 && end_is_reached(*batches)) fetch_position_ = limit();
    }
    const Result<void> pushed = co_await queue_->push({std::move(batches), std::move(hold)});
    if (is_last || !pushed) break;
  }
  queue_->close();
}

io::Task<Result<FetchedBatches>> PartitionCopier::fetch_one(BudgetHold& hold) {
  FetchOptions options = options_.fetch;
  options.replica = replica_;
  const auto lane = static_cast<cluster::Lane>(1 + plan_.source.partition % 2);
  // A broker sends at least one batch, however large; what all copies hold besides stays free.
  const auto expected =
      static_cast<uint64_t>(std::max<int64_t>(options.max_bytes, plan_.message_bytes_max));
  ODK_CO_TRY(hold,
             co_await shared_.budget->take(std::min(expected, shared_.budget->bytes_max() / 2)));
  Result<FetchedBatches> batches =
      co_await shared_.source->fetch(plan_.source, fetch_position_, options, lane);
  if (!batches) {
    hold = BudgetHold();
    co_return batches;
  }
  hold.resize(batches->memory.size());
  if (batches->preferred_replica >= 0) replica_ = batches->preferred_replica;
  co_return batches;
}

// Several answers in a row without a batch, though the broker knows the log further on and was
// free to send it: the rest was compacted away.
bool PartitionCopier::end_is_reached(const FetchedBatches& fetched) {
  const bool read_committed = options_.fetch.isolation == IsolationLevel::kReadCommitted;
  const int64_t known_end = read_committed ? fetched.last_stable_offset : fetched.high_watermark;
  if (fetched.is_throttled || fetched.preferred_replica >= 0 || known_end < plan_.target) {
    empty_fetches_ = 0;
    return false;
  }
  return empty_fetches_ >= kEmptyFetchesAtEnd;
}

io::Task<Result<void>> PartitionCopier::process_all() {
  while (true) {
    Result<Fetched> next = co_await queue_->pop();
    if (!next) break;  // the fetcher closed the queue: done or stopped
    Result<void> processed = co_await process(*next);
    if (!processed) co_return processed;
  }
  // Behind the last batch there was nothing up to here.
  if (!stopping_ && fetch_position_ >= limit()) position_ = std::max(position_, limit());
  co_return Result<void>{};
}

io::Task<Result<void>> PartitionCopier::process(Fetched& fetched) {
  if (!fetched.batches) {
    const Error& error = fetched.batches.error();
    fault_ = is_gone(error)                                          ? Fault::kGone
             : is_answer(error, proto::ErrorCode::kOffsetOutOfRange) ? Fault::kOutOfRange
                                                                     : Fault::kSource;
    co_return error;
  }
  shared_.breakers->on_success(broker_name());
  counters_.fetched_bytes += fetched.batches->records.size();
  Result<uint64_t> archived =
      co_await shared_.workers->run([this, &fetched] { return archive_all(*fetched.batches); });
  if (!archived) co_return archived.error();
  reported_position_ = position_;
  const MonotonicTime now = shared_.source->loop().now();
  if (segment_ != nullptr && segment_is_full(now)) {
    Result<void> closed = co_await close_segment();
    if (!closed) co_return closed;
  }
  const size_t bytes = fetched.batches->records.size();
  fetched.hold = BudgetHold();
  fetched.batches = FetchedBatches{};
  const Duration pause =
      std::max(shared_.bytes_rate->take(bytes, now), shared_.records_rate->take(*archived, now));
  co_return co_await wait(pause);
}

bool PartitionCopier::segment_is_full(MonotonicTime now) const {
  return segment_->raw_bytes() >= options_.segment_bytes ||
         now - segment_opened_ >= options_.segment_interval ||
         (options_.segment_records != 0 && segment_records_ >= options_.segment_records);
}

io::Task<Result<void>> PartitionCopier::close_segment() {
  // Offsets that were aborted or compacted away at the end still need a segment that covers them.
  const bool has_uncovered = position_ - 1 > change_.covered_through;
  if (!has_uncovered) {
    segment_.reset();
    co_return Result<void>{};
  }
  Result<FinishedSegment> finished =
      co_await shared_.workers->run([this]() -> Result<FinishedSegment> {
        if (segment_ == nullptr) ODK_TRY_VOID(open_segment());
        failpoint("segment.written");
        Result<FinishedSegment> done = segment_->finish(segment_start_, position_ - 1);
        failpoint("segment.published");
        return done;
      });
  segment_.reset();
  if (!finished) {
    fault_ = Fault::kStore;
    co_return finished.error();
  }
  shared_.breakers->on_success("store");
  failures_ = 0;
  counters_.records += segment_records_;
  segment_records_ = 0;
  counters_.raw_bytes += finished->footer.raw_bytes;
  counters_.stored_bytes += finished->object.size_bytes;
  ++counters_.segments;
  change_.segments.push_back(
      segment_ref(segment_key_, finished->object.size_bytes, finished->footer));
  for (const OffsetRange& range : segment_aborted_) append_range(change_.aborted, range);
  segment_aborted_.clear();
  change_.covered_through = position_ - 1;
  change_.last_batch = last_batch_;
  closed_open_ = transactions_.ranges();
  change_.open = closed_open_;
  co_return Result<void>{};
}

}  // namespace odradek::backup
