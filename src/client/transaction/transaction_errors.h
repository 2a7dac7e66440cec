#pragma once

#include "base/error.h"
#include "odradek/error.h"

namespace odradek::client {

// What an error means for the transaction it happened in.
enum class TransactionVerdict : uint8_t {
  kUndecided,  // a deadline passed or nobody answered: the same call may be made again
  kAbortable,  // this transaction can only be aborted, the next one may succeed
  kFatal,      // the producer is finished: fenced, not allowed, out of step with the coordinator
};

// Source: the response handlers of TransactionManager, Java client 4.x; KIP-890, KIP-1050.
TransactionVerdict judge_transaction_error(const Error& error);

// The public error, which says the verdict.
kafka::KafkaError transaction_error(const Error& error);

}  // namespace odradek::client
