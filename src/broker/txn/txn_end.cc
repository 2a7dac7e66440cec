#include <chrono>
#include <limits>

#include "broker/txn/txn_coordinator.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;

constexpr Duration kRetryInterval = std::chrono::seconds(1);
constexpr int16_t kEpochMax = std::numeric_limits<int16_t>::max();

// Nothing is left to do in a partition that is gone, or whose producer somebody fenced since.
bool is_settled(ErrorCode error) {
  return error == ErrorCode::kNone || error == ErrorCode::kUnknownTopicOrPartition ||
         error == ErrorCode::kInvalidProducerEpoch ||
         error == ErrorCode::kTransactionCoordinatorFenced;
}

}  // namespace

TxnCoordinator::Answer TxnCoordinator::end(const TxnProducer& producer, bool commit,
                                           int16_t client_version, Now now) {
  if (producer.id.empty()) return {ErrorCode::kInvalidRequest};
  const auto found = txns_.find(producer.id);
  if (found == txns_.end()) return {ErrorCode::kInvalidProducerIdMapping};
  return client_version < kEpochPerTxn ? end_open(found->second, producer, commit, now)
                                       : end_by_epoch(found->second, producer, commit, now);
}

// transaction.version 0 and 1: the epoch stays, so a repeated request looks like the first.
TxnCoordinator::Answer TxnCoordinator::end_open(Entry& entry, const TxnProducer& producer,
                                                bool commit, Now now) {
  const Txn& txn = entry.txn;
  if (txn.producer_id != producer.producer_id) return {ErrorCode::kInvalidProducerIdMapping};
  if (txn.epoch != producer.epoch) return {ErrorCode::kProducerFenced};
  switch (txn.state) {
    case TxnState::kOngoing: return {prepare(entry, commit, 0, now)};
    case TxnState::kCompleteCommit:
      return {commit ? ErrorCode::kNone : ErrorCode::kInvalidTxnState};
    case TxnState::kCompleteAbort: return {commit ? ErrorCode::kInvalidTxnState : ErrorCode::kNone};
    case TxnState::kPrepareCommit:
      return {commit ? ErrorCode::kConcurrentTransactions : ErrorCode::kInvalidTxnState};
    case TxnState::kPrepareAbort:
      return {commit ? ErrorCode::kInvalidTxnState : ErrorCode::kConcurrentTransactions};
    default: return {ErrorCode::kInvalidTxnState};
  }
}

// transaction.version 2: every end bumps the epoch, so a repeated request comes with the epoch
// before; and an abort of nothing is a way to a fresh epoch.
TxnCoordinator::Answer TxnCoordinator::end_by_epoch(Entry& entry, const TxnProducer& producer,
                                                    bool commit, Now now) {
  const Txn& txn = entry.txn;
  const bool again_with_new_id = txn.previous_producer_id == producer.producer_id &&
                                 producer.epoch == kLastEpoch && txn.epoch == 0;
  // Not after an old client of the same id: its end did not bump the epoch, its init did.
  const bool again_with_bump =
      txn.client_version >= kEpochPerTxn && int{txn.epoch} == int{producer.epoch} + 1;
  const bool complete =
      txn.state == TxnState::kCompleteCommit || txn.state == TxnState::kCompleteAbort;
  const bool current = txn.epoch == producer.epoch;
  bool valid = current;
  if (complete) valid = current || again_with_bump || again_with_new_id;
  if (txn.is_prepared()) valid = again_with_bump;
  if (txn.producer_id != producer.producer_id && !again_with_new_id) {
    return {ErrorCode::kInvalidProducerIdMapping};
  }
  if (!valid) return {ErrorCode::kProducerFenced};
  const bool committed =
      txn.state == TxnState::kPrepareCommit || txn.state == TxnState::kCompleteCommit;
  if (txn.is_prepared()) {
    return {commit == committed ? ErrorCode::kConcurrentTransactions : ErrorCode::kInvalidTxnState};
  }
  if (complete && (again_with_bump || again_with_new_id)) {
    if (commit != committed) return {ErrorCode::kInvalidTxnState};
    return {ErrorCode::kNone, txn.producer_id, txn.epoch};
  }
  if (txn.state != TxnState::kOngoing && commit) return {ErrorCode::kInvalidTxnState};
  const ErrorCode error = prepare(entry, commit, kEpochPerTxn, now);
  if (error != ErrorCode::kNone) return {error};
  if (txn.next_producer_id != wire::kNoProducerId) {
    return {ErrorCode::kNone, txn.next_producer_id, 0};
  }
  return {ErrorCode::kNone, txn.producer_id, txn.epoch};
}

// The owner is shut out: its transaction is aborted with an epoch it does not know.
ErrorCode TxnCoordinator::fence(Entry& entry, Now now) {
  const ErrorCode error = prepare(entry, false, kEpochPerTxn, now);
  if (error != ErrorCode::kNone) schedule(entry, now.at + kRetryInterval);
  return error;
}

ErrorCode TxnCoordinator::prepare(Entry& entry, bool commit, int16_t client_version, Now now) {
  Txn next = entry.txn;
  if (client_version >= kEpochPerTxn) {
    if (next.is_exhausted()) {
      const Result<int64_t> fresh = world_.new_producer_id();
      if (!fresh) return ErrorCode::kCoordinatorNotAvailable;
      next.next_producer_id = *fresh;
    }
    next.last_epoch = next.epoch;
    if (next.epoch < kEpochMax) ++next.epoch;
  }
  if (next.is_idle()) next.start_ms = now.wall_ms;
  next.state = commit ? TxnState::kPrepareCommit : TxnState::kPrepareAbort;
  next.updated_ms = now.wall_ms;
  next.client_version = client_version;
  const ErrorCode error = advance(entry, std::move(next));
  if (error != ErrorCode::kNone) return error;
  carry_out(entry, now);
  return ErrorCode::kNone;
}

// The decision is stored: from here on there is no way but forward.
void TxnCoordinator::carry_out(Entry& entry, Now now) {
  schedule(entry, std::nullopt);
  Txn& txn = entry.txn;
  const bool commit = txn.state == TxnState::kPrepareCommit;
  const log::TxnMarker marker{
      txn.producer_id, txn.epoch, {commit, world_.coordinator_epoch(txn.id)}, txn.client_version};
  while (!txn.partitions.empty()) {
    const ErrorCode error = world_.write_marker(*txn.partitions.begin(), marker);
    if (!is_settled(error)) {
      schedule(entry, now.at + kRetryInterval);
      return;
    }
    txn.partitions.erase(txn.partitions.begin());
  }
  Txn next = txn;
  next.state = commit ? TxnState::kCompleteCommit : TxnState::kCompleteAbort;
  if (next.client_version >= kEpochPerTxn && next.next_producer_id != wire::kNoProducerId) {
    next.producer_id = next.next_producer_id;
    next.epoch = 0;
  }
  next.next_producer_id = wire::kNoProducerId;
  next.updated_ms = now.wall_ms;
  if (advance(entry, std::move(next)) != ErrorCode::kNone) {
    schedule(entry, now.at + kRetryInterval);
  }
}

}  // namespace odradek::broker
