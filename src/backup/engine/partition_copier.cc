#include "backup/engine/partition_copier.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "proto/error_code.h"

namespace odradek::backup {
namespace {

constexpr const char* kStorePeer = "store";
// Fetched responses waiting for the archiver: one in hand, one ready.
constexpr size_t kFetchesAhead = 1;

}  // namespace

void CopyCounters::add(const CopyCounters& other) {
  records += other.records;
  raw_bytes += other.raw_bytes;
  stored_bytes += other.stored_bytes;
  segments += other.segments;
  fetched_bytes += other.fetched_bytes;
  errors += other.errors;
}

PartitionCopier::PartitionCopier(CopyShared shared, CopyPlan plan, CopyOptions options)
    : shared_(shared),
      plan_(std::move(plan)),
      options_(std::move(options)),
      stop_event_(shared.source->loop()),
      archiver_(options_.coding),
      closed_open_(plan_.open),
      position_(plan_.start),
      fetch_position_(plan_.start),
      reported_position_(plan_.start) {
  change_.covered_through = plan_.start - 1;
  change_.open = plan_.open;
}

Error PartitionCopier::named(const Error& error) const {
  return error.with_context(
      fmt::format("back up {} at offset {}", name_of(plan_.source), position_));
}

std::string PartitionCopier::broker_name() const {
  const std::vector<int32_t> brokers = shared_.source->replicas(plan_.source);
  const int32_t broker = replica_ >= 0 ? replica_ : brokers.empty() ? -1 : brokers.front();
  return fmt::format("broker {}", broker);
}

// What is copied next ends here, exclusive.
int64_t PartitionCopier::limit() const {
  return skip_ ? std::min(plan_.target, skip_->base) : plan_.target;
}

void PartitionCopier::stop() {
  stopping_ = true;
  if (fetching_ != nullptr) fetching_->cancel();
  stop_event_.notify_all();
}

io::Task<Result<CopyEnd>> PartitionCopier::run() {
  Result<BudgetHold> hold = co_await shared_.budget->take(options_.segment_hold_bytes);
  if (!hold) co_return named(hold.error());
  while (!stopping_ && change_.covered_through + 1 < plan_.target) {
    const Result<void> ready = co_await wait_for_breakers();
    if (!ready) co_return named(ready.error());
    if (stopping_) break;
    begin_attempt();
    const Result<void> done = co_await attempt();
    if (done && skip_ && !stopping_) {
      const Result<void> skipped = co_await add_gap(skip_->last, GapReason::kCorruptAtSource);
      if (!skipped) co_return named(skipped.error());
      skip_.reset();
      continue;
    }
    if (done) continue;
    if (fault_ == Fault::kGone) co_return CopyEnd::kSourceChanged;
    const Result<void> recovered = co_await recover(done.error());
    if (!recovered) co_return named(recovered.error());
    if (fault_ == Fault::kGone) co_return CopyEnd::kSourceChanged;
  }
  const bool is_complete = change_.covered_through + 1 >= plan_.target;
  co_return is_complete ? CopyEnd::kComplete : CopyEnd::kStopped;
}

// Everything behind the last closed segment begins anew.
void PartitionCopier::begin_attempt() {
  segment_.reset();
  segment_aborted_.clear();
  segment_records_ = 0;
  aborted_filter_ = AbortedFilter();
  transactions_ = OpenTransactions(closed_open_);
  position_ = change_.covered_through + 1;
  fetch_position_ = position_;
  reported_position_ = position_;
  empty_fetches_ = 0;
  fault_ = Fault::kNone;
  queue_.emplace(shared_.source->loop(), kFetchesAhead);
}

io::Task<Result<void>> PartitionCopier::attempt() {
  const Result<void> skipped = co_await skip_to_log_start();
  if (!skipped) co_return skipped;
  io::TaskGroup fetching(shared_.source->loop());
  fetching_ = &fetching;
  fetching.spawn(fetch_ahead());
  Result<void> processed = co_await process_all();
  queue_->close();
  fetching.cancel();
  co_await fetching.join();
  fetching_ = nullptr;
  // Out of range and corruption are found behind batches that are fine: those are kept.
  const bool keeps_segment = processed || fault_ == Fault::kOutOfRange || fault_ == Fault::kCorrupt;
  if (!keeps_segment) co_return processed;
  const Fault fault = fault_;
  const Result<void> closed = co_await close_segment();
  if (!closed) co_return closed;
  fault_ = fault;
  co_return processed;
}

// Success: another attempt may do better, or fault_ says kGone.
io::Task<Result<void>> PartitionCopier::recover(const Error& error) {
  ++counters_.errors;
  segment_.reset();
  if (stopping_) co_return Result<void>{};
  if (fault_ == Fault::kCorrupt) co_return co_await recover_corrupt(error);
  if (fault_ == Fault::kOutOfRange) co_return co_await recover_out_of_range(error);
  const bool is_store = fault_ == Fault::kStore;
  // Conflicts of a store are outages here too: an upload whose answer was lost left its object,
  // and the next try has another name.
  const bool may_heal = is_store ? is_store_outage(error) || error.code() == Errc::kAlreadyExists
                                 : is_worth_retrying(error);
  const MonotonicTime now = shared_.source->loop().now();
  if (change_.covered_through + 1 > failed_position_ || failures_ == 0) {
    failed_position_ = change_.covered_through + 1;
    failing_since_ = now;
    failures_ = 0;
  }
  ++failures_;
  if (!may_heal || now - failing_since_ >= shared_.breakers->options().deadline) co_return error;
  ODK_LOG(warn, "copy failed, trying again", kv("partition", name_of(plan_.source)),
          kv("offset", position_), kv("error", error.to_string()));
  const std::string peer = is_store ? kStorePeer : broker_name();
  if (!is_store) replica_ = -1;
  co_return co_await wait(shared_.breakers->on_failure(peer, failures_, now));
}

// Reads it again, then from the other replicas; then it is a gap or the end.
io::Task<Result<void>> PartitionCopier::recover_corrupt(const Error& error) {
  constexpr int kTriesOfLeader = 2;
  const std::vector<int32_t> replicas = shared_.source->replicas(plan_.source);
  if (corrupt_tried_at_ != corrupt_.position) corrupt_tries_ = 0;
  corrupt_tried_at_ = corrupt_.position;
  ++corrupt_tries_;
  const auto other = static_cast<size_t>(std::max(0, corrupt_tries_ - kTriesOfLeader + 1));
  if (other < replicas.size() || corrupt_tries_ < kTriesOfLeader) {
    replica_ = other == 0 ? -1 : replicas[other];
    ODK_LOG(warn, "corrupt batch, reading it again", kv("partition", name_of(plan_.source)),
            kv("offset", corrupt_.position), kv("replica", replica_),
            kv("error", error.to_string()));
    co_return Result<void>{};
  }
  corrupt_tries_ = 0;
  replica_ = -1;
  if (!options_.skip_corrupt) co_return error;
  if (corrupt_.base < 0 || corrupt_.last < corrupt_.position) {
    co_return error.with_context(
        "this batch does not even tell where it ends, so skip_corrupt "
        "cannot pass it");
  }
  skip_ = corrupt_;
  co_return Result<void>{};
}

// The log moved on below us, or lost its end.
io::Task<Result<void>> PartitionCopier::recover_out_of_range(const Error& error) {
  const Result<int64_t> log_start = co_await shared_.source->offset_at(
      plan_.source, SpecialOffset::kEarliest, options_.fetch.isolation);
  if (!log_start) co_return log_start.error();
  if (*log_start > position_) co_return Result<void>{};  // the next attempt skips to it
  if (replica_ >= 0) {
    replica_ = -1;  // a follower that has not got there yet
    co_return Result<void>{};
  }
  const Result<int64_t> log_end = co_await shared_.source->offset_at(
      plan_.source, SpecialOffset::kLatest, IsolationLevel::kReadUncommitted);
  if (!log_end) co_return log_end.error();
  if (*log_end >= position_ && ++failures_ < shared_.breakers->options().breaker_failures) {
    co_return Result<void>{};
  }
  ODK_LOG(warn, "the log ends before what is copied", kv("partition", name_of(plan_.source)),
          kv("offset", position_), kv("log_end", *log_end), kv("error", error.to_string()));
  fault_ = Fault::kGone;
  co_return Result<void>{};
}

io::Task<Result<void>> PartitionCopier::wait(Duration time) {
  const MonotonicTime until = shared_.source->loop().now() + time;
  while (!stopping_ && shared_.source->loop().now() < until) {
    const Result<void> woken = co_await stop_event_.wait(until);
    if (!woken && woken.error().code() != Errc::kTimedOut) co_return woken;
  }
  co_return Result<void>{};
}

io::Task<Result<void>> PartitionCopier::wait_for_breakers() {
  for (const std::string& peer : {std::string(kStorePeer), broker_name()}) {
    while (!stopping_) {
      const Duration pause = shared_.breakers->wait_before(peer, shared_.source->loop().now());
      if (pause <= Duration::zero()) break;
      const Result<void> waited = co_await wait(pause);
      if (!waited) co_return waited;
    }
  }
  co_return Result<void>{};
}

// Records that retention removed before they were backed up leave a gap.
io::Task<Result<void>> PartitionCopier::skip_to_log_start() {
  fault_ = Fault::kSource;
  ODK_CO_TRY(const int64_t log_start,
             co_await shared_.source->offset_at(plan_.source, SpecialOffset::kEarliest,
                                                options_.fetch.isolation));
  fault_ = Fault::kNone;
  if (log_start <= position_) co_return Result<void>{};
  co_return co_await add_gap(std::min(log_start, plan_.target) - 1, GapReason::kRetention);
}

// Nothing is open behind what is covered.
io::Task<Result<void>> PartitionCopier::add_gap(int64_t through, GapReason reason) {
  const int64_t from = change_.covered_through + 1;
  if (through < from) co_return Result<void>{};
  change_.gaps.push_back({from, through, reason, shared_.clock->wall_ms()});
  change_.covered_through = through;
  position_ = through + 1;
  fetch_position_ = position_;
  reported_position_ = position_;
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
  change_.open = taken.open;
  return taken;
}

}  // namespace odradek::backup
