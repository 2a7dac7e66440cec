#include <algorithm>

#include "broker/txn/txn_coordinator.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;

// Whether the producer may write in the transaction now.
ErrorCode check_writer(const Txn* txn, const TxnProducer& producer) {
  if (producer.id.empty()) return ErrorCode::kInvalidRequest;
  if (txn == nullptr || txn->producer_id != producer.producer_id) {
    return ErrorCode::kInvalidProducerIdMapping;
  }
  if (txn->epoch != producer.epoch) return ErrorCode::kProducerFenced;
  return txn->is_prepared() ? ErrorCode::kConcurrentTransactions : ErrorCode::kNone;
}

}  // namespace

proto::ErrorCode TxnCoordinator::add(const TxnProducer& producer,
                                     std::span<const TxnPartition> partitions,
                                     int16_t client_version, Now now) {
  const ErrorCode refused = check_writer(find(producer.id), producer);
  if (refused != ErrorCode::kNone) return refused;
  Entry& entry = txns_.find(producer.id)->second;
  const bool begins = entry.txn.is_idle();
  const auto is_in = [&](const TxnPartition& each) { return entry.txn.partitions.contains(each); };
  if (!begins && std::ranges::all_of(partitions, is_in)) return ErrorCode::kNone;
  Txn next = entry.txn;
  next.state = TxnState::kOngoing;
  next.partitions.insert(partitions.begin(), partitions.end());
  if (begins) next.start_ms = now.wall_ms;
  next.updated_ms = now.wall_ms;
  next.client_version = client_version;
  const ErrorCode error = advance(entry, std::move(next));
  if (error == ErrorCode::kNone && begins) schedule_timeout(entry, now);
  return error;
}

proto::ErrorCode TxnCoordinator::verify(const TxnProducer& producer,
                                        const TxnPartition& partition) const {
  const Txn* txn = find(producer.id);
  const ErrorCode refused = check_writer(txn, producer);
  if (refused != ErrorCode::kNone) return refused;
  return txn->partitions.contains(partition) ? ErrorCode::kNone : ErrorCode::kTransactionAbortable;
}

}  // namespace odradek::broker
