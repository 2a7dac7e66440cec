// How a Fetcher notices that records it read are gone from the log: after an election a leader may
// have less than the one before, and offsets may stand for other records by now. Source: KIP-320;
// SubscriptionState of the Java client.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "client/consumer/fetcher.h"
#include "client/coordinator_errors.h"

namespace odradek::client {
namespace {

constexpr Duration kPauseAfterTruncation = std::chrono::seconds(1);

struct Check {
  EpochQuery query;
  uint64_t epoch = 0;  // of the assignment
};

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

io::Task<Result<void>> Fetcher::check_positions() {
  std::map<int32_t, std::vector<Check>> checks;  // by leader
  Result<void> outcome;
  std::vector<std::string> topics;
  {
    const cluster::MetadataPtr metadata = cluster_->cached_metadata();
    const MutexLock lock(state_->mutex);
    for (const auto& [id, entry] : state_->table) {
      if (entry->need != PositionNeed::kCheck) continue;
      topics.push_back(id.topic);
      const cluster::Topic* topic = metadata->topic(std::string_view(id.topic));
      const auto* partition = topic == nullptr ? nullptr : topic->partition(id.partition);
      if (partition == nullptr || partition->leader < 0) {
        outcome = proto::to_error(proto::ErrorCode::kLeaderNotAvailable,
                                  fmt::format("leader epochs of {}-{}", id.topic, id.partition));
        continue;
      }
      checks[partition->leader].push_back(
          {.query = {.partition = id,
                     .leader_epoch = entry->fetch_epoch,
                     .current_leader_epoch = partition->leader_epoch},
           .epoch = entry->epoch});
    }
  }
  for (auto& [broker_id, items] : checks) {
    std::vector<EpochQuery> queries;
    for (const Check& check : items) queries.push_back(check.query);
    auto ends =
        co_await epoch_ends(*cluster_, broker_id, std::move(queries), cluster_->request_deadline());
    if (!ends && ends.error().code() != Errc::kUnsupported) {
      outcome = ends.error();
      continue;
    }
    for (const Check& check : items) {
      const int32_t current = check.query.current_leader_epoch;
      if (!ends) {  // cannot be found out
        on_epoch_end({check.query.partition, current, INT64_MAX}, check.epoch, current);
        continue;
      }
      const auto end = std::ranges::find(*ends, check.query.partition, &EpochEnd::partition);
      if (end != ends->end()) {
        on_epoch_end(*end, check.epoch, current);
      } else {
        outcome = Error(Errc::kMalformed, "no leader epoch for a partition that was asked for");
      }
    }
  }
  if (!outcome && is_transient(outcome.error())) {
    cluster_->expire_metadata();
    const auto refreshed =
        co_await cluster_->metadata(std::move(topics), cluster_->request_deadline());
    if (!refreshed) co_return refreshed.error();
  }
  co_return outcome;
}

void Fetcher::on_epoch_end(const EpochEnd& end, uint64_t epoch, int32_t leader_epoch) {
  bool is_lost = false;
  {
    const MutexLock lock(state_->mutex);
    AssignedPartition* entry = state_->table.find(end.partition);
    if (entry == nullptr || entry->epoch != epoch) return;
    entry->need = PositionNeed::kNothing;
    if (end.leader_epoch >= 0 && end.end_offset >= entry->fetch_offset) {
      entry->checked_epoch = leader_epoch;
      return;
    }
    is_lost = truncate(*entry, end, leader_epoch);
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
