#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/slice.h"
#include "broker/txn/txn.h"
#include "wire/record_iterator.h"

namespace odradek::broker {

// The records of __transaction_state, in Kafka's schemas: TransactionLogKey v0 and
// TransactionLogValue v1, each behind its version. Source: TransactionLog of Kafka 4.

Slice txn_key(std::string_view transactional_id);
Slice txn_value(const Txn& txn);

// A record read back. kMalformed; kUnsupported for a key or value of a later Kafka.
struct TxnRecord {
  Txn txn;  // id alone when `forgotten`
  bool forgotten = false;
};
Result<TxnRecord> read_txn_record(const wire::RecordView& record);

}  // namespace odradek::broker
