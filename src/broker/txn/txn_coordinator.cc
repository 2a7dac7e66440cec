#include "broker/txn/txn_coordinator.h"

#include <chrono>
#include <vector>

#include "base/log.h"
#include "broker/txn/txn_record.h"

namespace odradek::broker {

proto::ErrorCode TxnCoordinator::advance(Entry& entry, Txn next) {
  next.previous_producer_id = entry.txn.producer_id;
  const Slice key = txn_key(next.id);
  const Slice value = txn_value(next);
  const ErrorCode error = world_.write_state(next.id, key.bytes(), value.bytes());
  if (error == ErrorCode::kNone) entry.txn = std::move(next);
  return error;
}

void TxnCoordinator::schedule(Entry& entry, std::optional<MonotonicTime> when) {
  if (entry.scheduled) wakes_.erase(*entry.scheduled);
  entry.scheduled.reset();
  if (when) entry.scheduled = wakes_.emplace(*when, entry.txn.id);
}

void TxnCoordinator::schedule_timeout(Entry& entry, Now now) {
  const TimestampMs left_ms = entry.txn.start_ms + entry.txn.timeout_ms - now.wall_ms;
  schedule(entry, now.at + std::chrono::milliseconds(std::max<TimestampMs>(left_ms, 0) + 1));
}

void TxnCoordinator::tick(Now now) {
  while (!wakes_.empty() && wakes_.begin()->first <= now.at) {
    Entry& entry = txns_.find(wakes_.begin()->second)->second;
    schedule(entry, std::nullopt);
    if (entry.txn.is_prepared()) {
      carry_out(entry, now);
    } else if (entry.txn.state == TxnState::kOngoing) {
      ODK_LOG(info, "a transaction took too long and is aborted",
              kv("transactional_id", entry.txn.id), kv("producer_id", entry.txn.producer_id),
              kv("timeout_ms", entry.txn.timeout_ms));
      fence(entry, now);
    }
  }
}

std::optional<MonotonicTime> TxnCoordinator::wake_at() const {
  if (wakes_.empty()) return std::nullopt;
  return wakes_.begin()->first;
}

void TxnCoordinator::expire_ids(TimestampMs now_ms) {
  for (auto each = txns_.begin(); each != txns_.end();) {
    const Txn& txn = each->second.txn;
    const bool old = txn.is_idle() && txn.updated_ms <= now_ms - config_.id_expiration_ms;
    const Slice key = old ? txn_key(txn.id) : Slice();
    if (old && world_.write_state(txn.id, key.bytes(), {}) == ErrorCode::kNone) {
      schedule(each->second, std::nullopt);
      each = txns_.erase(each);
    } else {
      ++each;
    }
  }
}

Result<void> TxnCoordinator::replay(const wire::RecordView& record) {
  ODK_TRY(TxnRecord read, read_txn_record(record));
  if (read.forgotten) {
    txns_.erase(read.txn.id);
    return {};
  }
  std::string id = read.txn.id;
  txns_[std::move(id)].txn = std::move(read.txn);
  return {};
}

void TxnCoordinator::resume(Now now) {
  for (auto& [id, entry] : txns_) {
    if (entry.txn.is_prepared()) {
      carry_out(entry, now);
    } else if (entry.txn.state == TxnState::kOngoing) {
      schedule_timeout(entry, now);
    }
  }
}

const Txn* TxnCoordinator::find(std::string_view id) const {
  const auto found = txns_.find(id);
  return found == txns_.end() ? nullptr : &found->second.txn;
}

void TxnCoordinator::clear() {
  txns_.clear();
  wakes_.clear();
}

}  // namespace odradek::broker
