#include "broker/append_code.h"

namespace odradek::broker {

using proto::ErrorCode;

ErrorCode code_of(log::AppendFault fault) {
  switch (fault) {
    case log::AppendFault::kNone: return ErrorCode::kNone;
    case log::AppendFault::kCorrupt: return ErrorCode::kCorruptMessage;
    case log::AppendFault::kTooLarge: return ErrorCode::kMessageTooLarge;
    case log::AppendFault::kLargerThanSegment: return ErrorCode::kRecordListTooLarge;
    case log::AppendFault::kInvalidRecord: return ErrorCode::kInvalidRecord;
    case log::AppendFault::kInvalidTimestamp: return ErrorCode::kInvalidTimestamp;
    case log::AppendFault::kUnsupportedCodec: return ErrorCode::kUnsupportedCompressionType;
    case log::AppendFault::kUnreadable: return ErrorCode::kUnknownServerError;
    case log::AppendFault::kOutOfOrderSequence: return ErrorCode::kOutOfOrderSequenceNumber;
    case log::AppendFault::kStaleProducerEpoch: return ErrorCode::kInvalidProducerEpoch;
    case log::AppendFault::kNotInTransaction: return ErrorCode::kInvalidTxnState;
    case log::AppendFault::kStaleCoordinator: return ErrorCode::kTransactionCoordinatorFenced;
    case log::AppendFault::kStorage: return ErrorCode::kKafkaStorageError;
  }
  return ErrorCode::kUnknownServerError;
}

}  // namespace odradek::broker
