#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "wire/record_batch.h"

namespace odradek::broker {

// How far a transactional id is with its transaction. The numbers are those of the records in
// __transaction_state. Source: TransactionState of Kafka 4.
enum class TxnState : int8_t {
  kEmpty = 0,           // no transaction yet
  kOngoing = 1,         // partitions were added
  kPrepareCommit = 2,   // decided, markers are being written
  kPrepareAbort = 3,
  kCompleteCommit = 4,  // all markers are written
  kCompleteAbort = 5,
  kDead = 6,            // never stored: the id is being forgotten
  kPrepareEpochFence = 7,
};
std::string_view txn_state_name(TxnState state);  // as Kafka spells it
std::optional<TxnState> txn_state_by_name(std::string_view name);

struct TxnPartition {
  std::string topic;
  int32_t partition = 0;

  auto operator<=>(const TxnPartition&) const = default;
};

// The transaction.version from which each transaction has an epoch of its own (KIP-890).
inline constexpr int16_t kEpochPerTxn = 2;
// The largest epoch a client is given: one is left to fence it with.
inline constexpr int16_t kLastEpoch = 32766;

// What the coordinator knows of one transactional id. Source: TransactionMetadata of Kafka 4.
struct Txn {
  std::string id;
  int64_t producer_id = wire::kNoProducerId;
  int64_t previous_producer_id = wire::kNoProducerId;  // before the last change of it
  int64_t next_producer_id = wire::kNoProducerId;      // once complete, when epochs are used up
  int16_t epoch = wire::kNoProducerEpoch;
  int16_t last_epoch = wire::kNoProducerEpoch;  // before the last bump a client asked for
  int32_t timeout_ms = 0;
  TxnState state = TxnState::kEmpty;
  std::set<TxnPartition> partitions;
  TimestampMs start_ms = -1;  // of the transaction
  TimestampMs updated_ms = 0;
  int16_t client_version = 0;  // transaction.version the transaction is ended with

  bool is_prepared() const {
    return state == TxnState::kPrepareCommit || state == TxnState::kPrepareAbort;
  }
  bool is_idle() const {
    return state == TxnState::kEmpty || state == TxnState::kCompleteCommit ||
           state == TxnState::kCompleteAbort;
  }
  bool is_exhausted() const { return epoch >= kLastEpoch; }
};

}  // namespace odradek::broker
