// How a Fetcher finds out where to begin: committed offsets, then the reset policy.
#include <fmt/format.h>

#include <algorithm>

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

bool has_pending(ConsumerState& state) {
  const MutexLock lock(state.mutex);
  return std::ranges::any_of(
      state.table, [](const auto& item) { return item.second->need != PositionNeed::kNothing; });
}

std::vector<Pending> pending_of(ConsumerState& state, std::initializer_list<PositionNeed> needs) {
  std::vector<Pending> pending;
  const MutexLock lock(state.mutex);
  for (const auto& [id, entry] : state.table) {
    if (std::ranges::find(needs, entry->need) == needs.end()) continue;
    pending.push_back({id, entry->epoch, entry->need});
  }
  return pending;
}

constexpr Duration kPause = std::chrono::milliseconds(200);

}  // namespace

void Fetcher::ensure_positions() {
  if (is_finding_positions_ || is_stopped_) return;
  if (!has_pending(*state_)) return;
  is_finding_positions_ = true;
  tasks_.spawn(find_positions());
}

io::Task<void> Fetcher::find_positions() {
  Result<void> found = co_await find_committed();
  if (found) found = co_await find_by_time();
  if (found) found = co_await check_positions();
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
  const std::vector<Pending> pending = pending_of(*state_, {PositionNeed::kCommitted});
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
        set_position(item.id, item.epoch, offset.committed->offset, offset.committed->leader_epoch);
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
      entry->need = need_of(state_->options.start);
      return;
    }
  }
  state_->report(
      Error(Errc::kNotFound, fmt::format("no committed offset for {}-{}", id.topic, id.partition)),
      true);
}

io::Task<Result<void>> Fetcher::find_by_time() {
  const std::vector<Pending> pending = pending_of(
      *state_, {PositionNeed::kEarliest, PositionNeed::kLatest, PositionNeed::kDuration});
  std::vector<OffsetQuery> queries;
  for (const Pending& item : pending) {
    queries.push_back({item.id, timestamp_of(item.need)});
  }
  if (queries.empty()) co_return Result<void>{};
  const MonotonicTime deadline = cluster_->request_deadline();
  auto offsets =
      co_await list_offsets(*cluster_, std::move(queries), state_->options.isolation, deadline);
  if (!offsets) co_return offsets.error();
  for (size_t i = 0; i < pending.size(); ++i) {
    const bool is_none = (*offsets)[i].offset < 0;
    if (is_none && pending[i].need == PositionNeed::kDuration) {
      go_to_end(pending[i].id, pending[i].epoch);
    } else {
      set_position(pending[i].id, pending[i].epoch, std::max<int64_t>((*offsets)[i].offset, 0));
    }
  }
  co_return Result<void>{};
}

int64_t Fetcher::timestamp_of(PositionNeed need) const {
  if (need == PositionNeed::kEarliest) return kEarliestTimestamp;
  if (need == PositionNeed::kLatest) return kLatestTimestamp;
  const std::chrono::milliseconds age = *state_->options.start.duration();
  return std::max<int64_t>(loop_->clock().wall_ms() - age.count(), 0);
}

// All records are older than the reset policy wants them.
void Fetcher::go_to_end(const kafka::TopicPartition& id, uint64_t epoch) {
  const MutexLock lock(state_->mutex);
  AssignedPartition* entry = state_->table.find(id);
  if (entry != nullptr && entry->epoch == epoch) entry->need = PositionNeed::kLatest;
}

void Fetcher::set_position(const kafka::TopicPartition& id, uint64_t epoch, int64_t offset,
                           int32_t leader_epoch) {
  const MutexLock lock(state_->mutex);
  AssignedPartition* entry = state_->table.find(id);
  if (entry == nullptr || entry->epoch != epoch) return;
  PartitionTable::set_position(*entry, offset, leader_epoch);
}

}  // namespace odradek::client
