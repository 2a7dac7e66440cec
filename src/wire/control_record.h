#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/slice.h"
#include "wire/record_iterator.h"

namespace odradek::wire {

// What a control batch's record says. Types a client does not know are skipped, not refused.
// Source: org.apache.kafka.common.record.ControlRecordType.
enum class ControlType : int16_t {
  kAbort = 0,
  kCommit = 1,
  kLeaderChange = 2,
  kSnapshotHeader = 3,
  kSnapshotFooter = 4,
  kKraftVersion = 5,
  kKraftVoters = 6,
};

// The type in the key of a control batch's record (int16 version, int16 type; later versions may
// add fields behind). kMalformed when it is too short or its version negative.
Result<ControlType> control_type(const RecordView& record);

// The end of a transaction in a partition's log.
struct EndTxnMarker {
  bool committed = false;
  int32_t coordinator_epoch = 0;
};

// The marker in a record of type kAbort or kCommit (value: int16 version, int32 coordinator
// epoch). kMalformed otherwise. Source: EndTxnMarker.json, EndTransactionMarker.
Result<EndTxnMarker> end_txn_marker(const RecordView& record);

struct EndTxnBatch {
  EndTxnMarker marker;
  int64_t producer_id = kNoProducerId;
  int16_t producer_epoch = kNoProducerEpoch;
  int64_t timestamp_ms = 0;
  int64_t base_offset = 0;
  int32_t leader_epoch = kNoLeaderEpoch;
};

// The control batch a partition leader appends for WriteTxnMarkers.
// Source: MemoryRecords.withEndTransactionMarker.
Slice make_end_txn_batch(const EndTxnBatch& batch);

}  // namespace odradek::wire
