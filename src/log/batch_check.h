#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/slice.h"
#include "log/append_fault.h"
#include "log/batch_store.h"
#include "log/log_config.h"
#include "wire/codec.h"
#include "wire/record_batch.h"

namespace odradek::log {

// What checking batches needs again and again: one per loop.
struct CheckScratch {
  Unpacker unpacker;
  wire::Compressor compressor;
};

// What came out of checking a batch for a topic: the records section to store and what its header
// has to say.
struct CheckedBatch {
  AppendError error;
  wire::HeaderEdit edit;  // timestamps and codec; offsets are the log's business
  Slice recompressed;     // a whole batch in the topic's own codec; empty: the batch as it came
  int64_t max_timestamp_ms = -1;
};

// The single batch in the records of a produce request, sizes and magic checked, nothing else.
// Bytes behind it that are not a whole batch are left out, as Kafka does.
struct SingleBatch {
  AppendError error;
  Bytes bytes;
};
SingleBatch single_batch(Bytes records);

// Checks a client's batch in the order Kafka does: base offset, size, CRC, counts, control bit,
// then each record (whole, ascending offsets, keys where compacted, timestamps in range).
// `batch` comes from single_batch(). O(records); decompresses where needed.
// Source: UnifiedLog.analyzeAndValidateRecords, LogValidator of Kafka 4.
CheckedBatch check_batch(Bytes batch, const LogConfig& config, int64_t now_ms,
                         CheckScratch& scratch);

}  // namespace odradek::log
