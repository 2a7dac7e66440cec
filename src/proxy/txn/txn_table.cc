#include "proxy/txn/txn_table.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace odradek::proxy {
namespace {

constexpr size_t kEntriesMax = 50'000;
// transaction.max.timeout.ms is 15 minutes where nobody changed it.
constexpr Duration kIdleMax = std::chrono::minutes(16);
constexpr Duration kSweepEvery = std::chrono::minutes(1);

}  // namespace

TxnTable::Hold::Hold(TxnTable& table, std::shared_ptr<Entry> entry)
    : table_(&table), entry_(std::move(entry)) {
  entry_->is_held = true;
}

TxnTable::Hold::~Hold() {
  if (entry_ == nullptr) return;
  entry_->is_held = false;
  table_->released_.notify_all();
}

io::Task<Result<TxnTable::Hold>> TxnTable::acquire(TxnKey key, MonotonicTime deadline) {
  while (true) {
    std::shared_ptr<Entry>& known = entries_[key];
    if (known == nullptr) known = std::make_shared<Entry>();
    const std::shared_ptr<Entry> entry = known;
    if (!entry->is_held) {
      Hold hold(*this, entry);
      entry->idle_for = loop_->now() - entry->used_at;
      entry->used_at = loop_->now();
      make_room();
      co_return hold;
    }
    const Result<void> woken = co_await released_.wait(deadline);
    if (!woken) co_return woken.error();
  }
}

void TxnTable::drop_earlier_epochs(const TxnKey& key) {
  TxnKey first = key;
  first.epoch = -1;
  for (auto at = entries_.lower_bound(first); at != entries_.end() && at->first < key;) {
    at = at->second->is_held ? std::next(at) : entries_.erase(at);
  }
}

void TxnTable::make_room() {
  const MonotonicTime now = loop_->now();
  const bool is_full = entries_.size() > kEntriesMax;
  if (!is_full && now - swept_at_ < kSweepEvery) return;
  swept_at_ = now;
  std::erase_if(entries_, [&](const auto& entry) {
    return !entry.second->is_held && now - entry.second->used_at > kIdleMax;
  });
  if (entries_.size() <= kEntriesMax) return;
  // A tenth at a time, so that a full table is not sorted for each new entry.
  std::vector<MonotonicTime> used;
  used.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) used.push_back(entry->used_at);
  const auto middle = used.begin() + static_cast<ptrdiff_t>(used.size() / 10);
  std::ranges::nth_element(used, middle);
  std::erase_if(entries_, [&](const auto& entry) {
    return !entry.second->is_held && entry.second->used_at <= *middle;
  });
}

}  // namespace odradek::proxy
