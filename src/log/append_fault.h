#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace odradek::log {

// Why a batch was refused. The broker turns these into Kafka's codes (in brackets).
enum class AppendFault : uint8_t {
  kNone,
  kCorrupt,               // bad size, magic or CRC (CORRUPT_MESSAGE)
  kTooLarge,              // over max.message.bytes (MESSAGE_TOO_LARGE)
  kLargerThanSegment,     // over segment.bytes (RECORD_LIST_TOO_LARGE)
  kInvalidRecord,         // (INVALID_RECORD)
  kInvalidTimestamp,      // (INVALID_TIMESTAMP)
  kUnsupportedCodec,      // (UNSUPPORTED_COMPRESSION_TYPE)
  kUnreadable,            // records that do not unpack, an unknown codec (UNKNOWN_SERVER_ERROR)
  kOutOfOrderSequence,    // (OUT_OF_ORDER_SEQUENCE_NUMBER)
  kStaleProducerEpoch,    // (INVALID_PRODUCER_EPOCH)
  kNotInTransaction,      // (INVALID_TXN_STATE)
  kStaleCoordinator,      // (TRANSACTION_COORDINATOR_FENCED)
  kStorage,               // no room or a broken store (KAFKA_STORAGE_ERROR)
};

// A record that made its batch fail.
struct RecordFault {
  int32_t index = 0;
  std::string message;
};

struct AppendError {
  AppendFault fault = AppendFault::kNone;
  std::string message;
  std::vector<RecordFault> records;

  bool ok() const { return fault == AppendFault::kNone; }
};

}  // namespace odradek::log
