#include "base/bytes.h"
#include "broker/txn/txn_coordinator.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;

bool names_itself(const TxnProducer& producer) {
  return producer.producer_id != wire::kNoProducerId;
}

// May this producer go on with the id? A new id is anybody's. The one before the current counts
// when its epochs were used up: the answer that told the new one may be lost.
bool is_own(const TxnProducer& producer, const Txn& txn) {
  return txn.epoch == wire::kNoProducerEpoch || producer.producer_id == txn.producer_id ||
         (producer.producer_id == txn.previous_producer_id && producer.epoch >= kLastEpoch);
}

}  // namespace

Result<TxnCoordinator::Entry*> TxnCoordinator::find_or_create(std::string_view id,
                                                              int32_t timeout_ms, Now now) {
  const auto found = txns_.find(id);
  if (found != txns_.end()) return &found->second;
  if (txns_.size() >= config_.ids_max) {
    return Error(Errc::kLimitExceeded, "too many transactional ids");
  }
  ODK_TRY(const int64_t producer_id, world_.new_producer_id());
  Entry entry;
  entry.txn.id = id;
  entry.txn.producer_id = producer_id;
  entry.txn.timeout_ms = timeout_ms;
  entry.txn.updated_ms = now.wall_ms;
  return &txns_.emplace(std::string(id), std::move(entry)).first->second;
}

TxnCoordinator::Answer TxnCoordinator::init(const TxnProducer& producer, int32_t timeout_ms,
                                            Now now) {
  if (producer.id.empty()) return {ErrorCode::kInvalidRequest};
  if (timeout_ms <= 0 || timeout_ms > config_.timeout_max_ms) {
    return {ErrorCode::kInvalidTransactionTimeout};
  }
  const Result<Entry*> found = find_or_create(producer.id, timeout_ms, now);
  if (!found) return {ErrorCode::kCoordinatorNotAvailable};
  Entry& entry = **found;
  if (names_itself(producer) && !is_own(producer, entry.txn)) return {ErrorCode::kProducerFenced};
  if (entry.txn.is_prepared()) return {ErrorCode::kConcurrentTransactions};
  if (entry.txn.state == TxnState::kOngoing) {
    const ErrorCode error = fence(entry, now);
    return {error == ErrorCode::kNone ? ErrorCode::kConcurrentTransactions : error};
  }
  const bool is_new = entry.txn.epoch == wire::kNoProducerEpoch;
  const Answer answer = next_epoch(entry, producer, timeout_ms, now);
  if (is_new && answer.error != ErrorCode::kNone) txns_.erase(txns_.find(producer.id));
  return answer;
}

TxnCoordinator::Answer TxnCoordinator::next_epoch(Entry& entry, const TxnProducer& producer,
                                                  int32_t timeout_ms, Now now) {
  Txn next = entry.txn;
  const bool goes_on = names_itself(producer);
  const bool is_current = !goes_on || producer.epoch == next.epoch;
  if (is_current && next.is_exhausted()) {
    const Result<int64_t> fresh = world_.new_producer_id();
    if (!fresh) return {ErrorCode::kCoordinatorNotAvailable};
    next.last_epoch = goes_on ? next.epoch : wire::kNoProducerEpoch;
    next.producer_id = *fresh;
    next.epoch = 0;
  } else if (is_current || next.epoch == wire::kNoProducerEpoch) {
    next.last_epoch = goes_on ? next.epoch : wire::kNoProducerEpoch;
    ++next.epoch;
  } else if (producer.epoch != next.last_epoch) {
    return {ErrorCode::kProducerFenced};
  }  // else the answer to this very request was lost: the epoch stays
  next.state = TxnState::kEmpty;
  next.timeout_ms = timeout_ms;
  next.partitions.clear();
  next.start_ms = -1;
  next.updated_ms = now.wall_ms;
  const ErrorCode error = advance(entry, std::move(next));
  if (error != ErrorCode::kNone) return {error};
  return {ErrorCode::kNone, entry.txn.producer_id, entry.txn.epoch};
}

}  // namespace odradek::broker
