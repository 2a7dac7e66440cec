// How a Fetcher notices that records it read are gone from the log: after an election a leader may
// have less than the one before, and offsets may stand for other records by now. Source: KIP-320;
// SubscriptionState of the Java client.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "client/consumer/fetcher.h"

namespace odradek::client {
namespace {

constexpr Duration kPauseAfterTruncation = std::chrono::seconds(1);

}  // namespace

// Under a leader not met before: has it what comes before the position?
bool Fetcher::needs_check(AssignedPartition& entry, int32_t leader_epoch) {
  if (leader_epoch < 0 || entry.checked_epoch == leader_epoch) return false;
  if (entry.fetch_epoch < 0) {
    entry.checked_epoch = leader_epoch;
    return false;
  }
  entry.need = PositionNeed::kCheck;
  return true;
}

io::Task<void> Fetcher::check_positions(int32_t broker_id, std::vector<Pending> items) {
  std::vector<EpochQuery> queries;
  queries.reserve(items.size());
  for (const Pending& item : items) {
    queries.push_back({.partition = item.id,
                       .leader_epoch = item.fetch_epoch,
                       .current_leader_epoch = item.leader_epoch});
  }
  const auto ends =
      co_await epoch_ends(*cluster_, broker_id, std::move(queries), cluster_->request_deadline());
  Result<void> outcome;
  const bool is_unknowable = !ends && ends.error().code() == Errc::kUnsupported;
  if (!ends && !is_unknowable) outcome = ends.error();
  for (const Pending& item : items) {
    if (is_unknowable) on_epoch_end({item.id, item.leader_epoch, INT64_MAX}, item);
    if (!ends) continue;
    const std::string name =
        fmt::format("leader epochs of {}-{}", item.id.topic, item.id.partition);
    const auto end = std::ranges::find(*ends, item.id, &EpochEnd::partition);
    if (end == ends->end()) {
      outcome = Error(Errc::kMalformed, name + ": no answer");
    } else if (end->error != proto::ErrorCode::kNone) {
      outcome = proto::to_error(end->error, name);
    } else {
      on_epoch_end(*end, item);
    }
  }
  on_asked(Question::kEpochEnds, broker_id, outcome);
}

void Fetcher::on_epoch_end(const EpochEnd& end, const Pending& item) {
  bool is_lost = false;
  {
    const MutexLock lock(state_->mutex);
    AssignedPartition* entry = find(item);
    if (entry == nullptr) return;
    entry->need = PositionNeed::kNothing;
    if (end.leader_epoch >= 0 && end.end_offset >= entry->fetch_offset) {
      entry->checked_epoch = item.leader_epoch;
      return;
    }
    is_lost = truncate(*entry, end, item.leader_epoch);
  }
  on_truncated(end, is_lost);
}

void Fetcher::on_diverging(const Wanted& wanted, int32_t leader_epoch, int64_t end_offset) {
  if (leave_read_replica(wanted)) return;  // which may only be behind
  const EpochEnd end{
      .partition = wanted.id, .leader_epoch = leader_epoch, .end_offset = end_offset};
  bool is_lost = false;
  {
    const MutexLock lock(state_->mutex);
    AssignedPartition* entry = state_->table.find(wanted.id);
    if (entry == nullptr || entry->epoch != wanted.epoch) return;
    if (end_offset >= wanted.offset) {
      // The same offsets under an older epoch: nothing is lost.
      entry->fetch_epoch = leader_epoch;
      return;
    }
    is_lost = truncate(*entry, end, wanted.leader_epoch);
  }
  on_truncated(end, is_lost);
}

// True when records the program had are gone, and it has to say where to go on.
bool Fetcher::truncate(AssignedPartition& entry, const EpochEnd& end, int32_t leader_epoch) {
  const bool is_known = end.leader_epoch >= 0 && end.end_offset >= 0;
  bool is_lost = false;
  if (is_known && entry.position >= 0 && entry.position <= end.end_offset) {
    PartitionTable::rewind(entry);  // what was handed out is still there
    entry.checked_epoch = leader_epoch;
  } else if (state_->options.start == kafka::Start::none) {
    entry.checked_epoch = -1;
    entry.retry_at = loop_->now() + kPauseAfterTruncation;
    is_lost = true;
  } else if (is_known) {
    PartitionTable::seek(entry, end.end_offset, end.leader_epoch);
    entry.checked_epoch = leader_epoch;
  } else {
    PartitionTable::need_position(entry, need_of(state_->options.start));
  }
  state_->drop_void_chunks();
  return is_lost;
}

void Fetcher::on_truncated(const EpochEnd& end, bool is_lost) {
  const std::string name = fmt::format("{}-{}", end.partition.topic, end.partition.partition);
  ODK_LOG(warn, "records that were read are gone from the log", kv("partition", name),
          kv("end_offset", end.end_offset), kv("leader_epoch", end.leader_epoch));
  if (!is_lost) return;
  state_->report(
      Error(Errc::kPrecondition,
            fmt::format("records of {} that were read are gone from the log, which ends for "
                        "their leader epoch at offset {}",
                        name, end.end_offset)),
      false);
}

}  // namespace odradek::client
