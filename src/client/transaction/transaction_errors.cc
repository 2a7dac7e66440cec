#include "client/transaction/transaction_errors.h"

#include "client/error_map.h"
#include "proto/error_code.h"

namespace odradek::client {
namespace {

TransactionVerdict judge_code(proto::ErrorCode code) {
  using proto::ErrorCode;
  switch (code) {
    case ErrorCode::kTopicAuthorizationFailed:
    case ErrorCode::kGroupAuthorizationFailed:
    case ErrorCode::kOperationNotAttempted:
    case ErrorCode::kUnknownProducerId:
    case ErrorCode::kInvalidProducerIdMapping:
    case ErrorCode::kTransactionAbortable:
    case ErrorCode::kIllegalGeneration:
    case ErrorCode::kUnknownMemberId:
    case ErrorCode::kFencedInstanceId:
    case ErrorCode::kFencedMemberEpoch:
    case ErrorCode::kStaleMemberEpoch: return TransactionVerdict::kAbortable;
    default:
      return proto::is_retriable(code) ? TransactionVerdict::kUndecided
                                       : TransactionVerdict::kFatal;
  }
}

}  // namespace

TransactionVerdict judge_transaction_error(const Error& error) {
  switch (error.code()) {
    case Errc::kServer: return judge_code(proto::error_code(error.server_code()));
    case Errc::kTimedOut:
    case Errc::kNetwork: return TransactionVerdict::kUndecided;
    default: return TransactionVerdict::kFatal;
  }
}

kafka::KafkaError transaction_error(const Error& error) {
  using proto::ErrorCode;
  if (error.code() == Errc::kServer) {
    const ErrorCode code = proto::error_code(error.server_code());
    if (code == ErrorCode::kProducerFenced || code == ErrorCode::kInvalidProducerEpoch) {
      return kafka::KafkaError(kafka::ErrorKind::fenced, std::string(error.message())).as_fatal();
    }
  }
  kafka::KafkaError said = to_public(error);
  switch (judge_transaction_error(error)) {
    case TransactionVerdict::kAbortable: return std::move(said).as_abortable();
    case TransactionVerdict::kFatal: return std::move(said).as_fatal();
    case TransactionVerdict::kUndecided: break;
  }
  return said;
}

}  // namespace odradek::client
