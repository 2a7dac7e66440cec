// How a Fetcher finds out where to begin: committed offsets, then the reset policy.
#include <fmt/format.h>

#include "base/log.h"
#include "client/consumer/fetcher.h"
#include "client/offsets.h"

namespace odradek::client {
namespace {

struct Pending {
  kafka::TopicPartition id;
  uint64_t epoch = 0;
  PositionNeed need = PositionNeed::kNothing;
};

std::vector<Pending> pending_of(ConsumerState& state, bool committed) {
  std::vector<Pending> pending;
  const MutexLock lock(state.mutex);
  for (const auto& [id, entry] : state.table) {
    if (entry->need == PositionNeed::kNothing) continue;
    if ((entry->need == PositionNeed::kCommitted) == committed) {
      pending.push_back({id, entry->epoch, entry->need});
    }
  }
  return pending;
}

constexpr Duration kPause = std::chrono::milliseconds(200);

}  // namespace

void Fetcher::ensure_positions() {
  if (is_finding_positions_ || is_stopped_) return;
  if (pending_of(*state_, true).empty() && pending_of(*state_, false).empty()) return;
  is_finding_positions_ = true;
  tasks_.spawn(find_positions());
}

io::Task<void> Fetcher::find_positions() {
  Result<void> found = co_await find_committed();
  if (found) found = co_await find_by_time();
  is_finding_positions_ = false;
  if (is_stopped_) co_return;
  if (found) {
    on_change_();
    pump();
    co_return;
  }
  const Error& error = found.error();
  ODK_LOG(debug, "no position", kv("error", error.to_string()));
  const bool is_server = error.code() == Errc::kServer;
  if (is_server && !proto::is_retriable(proto::error_code(error.server_code()))) {
    state_->report(error, false);
  }
  if (error.code() == Errc::kAuthentication) state_->report(error, true);
  wake_at(loop_->now() + kPause);
}

io::Task<Result<void>> Fetcher::find_committed() {
  const std::vector<Pending> pending = pending_of(*state_, true);
  if (pending.empty()) co_return Result<void>{};
  if (state_->options.group.empty()) {
    for (const Pending& item : pending) no_committed_offset(item.id, item.epoch);
    co_return Result<void>{};
  }
  CommittedQuery query;
  query.group = state_->options.group;
  query.require_stable = true;
  for (const Pending& item : pending) query.partitions.push_back(item.id);
  const MonotonicTime deadline = cluster_->request_deadline();
  auto fetched = co_await fetch_committed(*cluster_, std::move(query), deadline);
  if (!fetched) co_return fetched.error();
  for (const kafka::CommittedOffset& offset : *fetched) {
    for (const Pending& item : pending) {
      if (item.id != offset.partition) continue;
      if (offset.committed) {
        set_position(item.id, item.epoch, offset.committed->offset);
      } else {
        no_committed_offset(item.id, item.epoch);
      }
    }
  }
  co_return Result<void>{};
}

void Fetcher::no_committed_offset(const kafka::TopicPartition& id, uint64_t epoch) {
  using kafka::Start;
  {
    const MutexLock lock(state_->mutex);
    AssignedPartition* entry = state_->table.find(id);
    if (entry == nullptr || entry->epoch != epoch) return;
    if (state_->options.start != Start::none) {
      entry->need = state_->options.start == Start::earliest ? PositionNeed::kEarliest
                                                             : PositionNeed::kLatest;
      return;
    }
  }
  state_->report(
      Error(Errc::kNotFound, fmt::format("no committed offset for {}-{}", id.topic, id.partition)),
      true);
}

io::Task<Result<void>> Fetcher::find_by_time() {
  const std::vector<Pending> pending = pending_of(*state_, false);
  std::vector<OffsetQuery> queries;
  for (const Pending& item : pending) {
    const bool is_earliest = item.need == PositionNeed::kEarliest;
    queries.push_back({item.id, is_earliest ? kEarliestTimestamp : kLatestTimestamp});
  }
  if (queries.empty()) co_return Result<void>{};
  const MonotonicTime deadline = cluster_->request_deadline();
  auto offsets =
      co_await list_offsets(*cluster_, std::move(queries), state_->options.isolation, deadline);
  if (!offsets) co_return offsets.error();
  for (size_t i = 0; i < pending.size(); ++i) {
    set_position(pending[i].id, pending[i].epoch, std::max<int64_t>((*offsets)[i].offset, 0));
  }
  co_return Result<void>{};
}

void Fetcher::set_position(const kafka::TopicPartition& id, uint64_t epoch, int64_t offset) {
  const MutexLock lock(state_->mutex);
  AssignedPartition* entry = state_->table.find(id);
  if (entry == nullptr || entry->epoch != epoch) return;
  PartitionTable::set_position(*entry, offset);
}

}  // namespace odradek::client
