#pragma once

#include <cstdint>
#include <optional>
#include <unordered_set>
#include <vector>

#include "base/slice.h"
#include "log/aborted_txns.h"
#include "log/batch_check.h"
#include "log/key_offsets.h"
#include "log/producer_state.h"
#include "wire/record_batch.h"

namespace odradek::log {

// What compaction keeps of one batch after the other, in the order of the log:
// - of each key the newest record known to `newest`, and all that are newer than it looked;
// - tombstones until the delete horizon, which a batch gets when compaction first meets them;
// - nothing of aborted transactions; markers until the horizon after their last record is gone;
// - the last batch of a producer who may go on, empty if need be, for its sequence.
// Offsets stay. One use for one pass over a log.
// Source: Cleaner, CleanedTransactionMetadata, MemoryRecords.filterTo of Kafka 4; KIP-534.
class BatchFilter {
 public:
  struct Round {
    int64_t end_offset = 0;  // keys behind it were not looked at
    int64_t now_ms = 0;
    int64_t delete_retention_ms = 0;
  };

  BatchFilter(const KeyOffsets& newest, const Round& round, const ProducerStates& producers,
              const AbortedTxns& aborted)
      : newest_(newest), round_(round), producers_(producers), aborted_(aborted) {}

  // What is left of the batch: all of it, another one, or nothing (no bytes). Owned by the result
  // or, where it stays as it is, by the caller of the batch. Errors: kMalformed.
  struct Kept {
    Bytes bytes;
    Slice made;  // what `bytes` views, if it was made anew
  };
  Result<Kept> apply(const wire::BatchView& batch, CheckScratch& scratch);

 private:
  struct Record {
    int32_t offset_delta;
    int64_t timestamp_ms;
    Bytes payload;
  };

  Result<bool> is_discarded(const wire::BatchView& batch);
  Result<bool> marker_has_no_data(const wire::BatchView& batch);
  bool is_last_of_producer(const wire::BatchView& batch) const;
  bool keeps(const wire::BatchView& batch, const wire::RecordView& record) const;
  Result<Slice> rebuild(const wire::BatchView& batch, std::optional<int64_t> horizon_ms,
                        CheckScratch& scratch) const;

  const KeyOffsets& newest_;
  Round round_;
  const ProducerStates& producers_;
  const AbortedTxns& aborted_;
  // Producers with records in the transaction that a marker still to come ends.
  std::unordered_set<int64_t> committed_data_;
  std::unordered_set<int64_t> aborted_data_;
  std::vector<Record> kept_;  // of the batch
};

}  // namespace odradek::log
