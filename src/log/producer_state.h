#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>

#include "log/append_fault.h"
#include "wire/control_record.h"
#include "wire/record_batch.h"

namespace odradek::log {

// A batch a producer appended, remembered to recognise it when it comes again.
struct ProducerBatch {
  int32_t first_sequence = wire::kNoSequence;
  int32_t last_sequence = wire::kNoSequence;
  int64_t base_offset = -1;
  int64_t last_offset = -1;
  int64_t timestamp_ms = -1;
};

// What a partition knows of one idempotent producer: its epoch, its last batches and its open
// transaction.
struct ProducerEntry {
  static constexpr size_t kBatchesMax = 5;  // as many as a producer may have in flight

  int16_t epoch = wire::kNoProducerEpoch;
  int32_t coordinator_epoch = -1;  // of the last marker
  int64_t last_timestamp_ms = -1;
  std::optional<int64_t> txn_first_offset;     // of the open transaction
  std::array<ProducerBatch, kBatchesMax> batches;  // the oldest first
  size_t batch_count = 0;

  int32_t last_sequence() const {
    return batch_count == 0 ? wire::kNoSequence : batches[batch_count - 1].last_sequence;
  }
  void add(const ProducerBatch& batch);
};

// The end of a transaction as the coordinator tells a partition.
struct TxnMarker {
  int64_t producer_id = wire::kNoProducerId;
  int16_t producer_epoch = wire::kNoProducerEpoch;
  wire::EndTxnMarker end;
  int16_t transaction_version = 0;  // from 2 on each transaction has an epoch of its own (KIP-890)
};

// A transaction whose marker was appended.
struct CompletedTxn {
  int64_t producer_id = wire::kNoProducerId;
  int64_t first_offset = -1;
  int64_t last_offset = -1;  // of the marker
  bool committed = false;
};

// Whether the coordinator knows that the partition is in the producer's transaction. A batch of a
// transaction that is open in the partition already needs no such proof.
enum class TxnProof : uint8_t {
  kNone,
  kVerified,  // the producer had added the partition
  kAddedImplicitly,  // added by this very request (KIP-890): the producer is new to the partition
};

// The idempotent producers of one partition: duplicates are recognised, gaps and stale epochs
// refused, open transactions hold the last stable offset. A producer nobody knows may begin with
// any sequence (its records may have been deleted). Sans I/O; one loop.
// Source: KIP-98, KIP-360, KIP-890; ProducerAppendInfo and ProducerStateManager of Kafka 4.
class ProducerStates {
 public:
  enum class Verdict : uint8_t { kAppend, kDuplicate, kRefuse };
  struct Decision {
    Verdict verdict = Verdict::kAppend;
    ProducerBatch duplicate;  // kDuplicate: the batch as it was appended then
    AppendError error;  // kRefuse
  };

  // What to do with a client's batch that has a producer id.
  Decision check(const wire::BatchView& batch, TxnProof proof = TxnProof::kNone) const;
  // The same for a batch a coordinator writes in the name of a producer: without sequences.
  AppendError check_own(const wire::BatchView& batch, TxnProof proof) const;
  // kUnreadable (no epoch), kStaleProducerEpoch, kStaleCoordinator.
  AppendError check_marker(const TxnMarker& marker) const;

  // The batch, no control batch, was appended with these offsets and this maximal timestamp.
  void record(const wire::BatchView& batch, int64_t base_offset, int64_t timestamp_ms);
  // The marker was appended; nothing when the producer had no transaction here.
  std::optional<CompletedTxn> record_marker(const TxnMarker& marker, int64_t offset,
                                            int64_t timestamp_ms);

  // Is a transaction of this very epoch open here?
  bool has_open_txn(int64_t producer_id, int16_t epoch) const;
  // Where the first transaction begins that is not decided below `high_watermark`; nothing when
  // there is none. Decided ones below it are forgotten.
  std::optional<int64_t> first_unstable(int64_t high_watermark) const;
  // The last stable offset after `completed`, were all of the log readable.
  int64_t stable_after(const CompletedTxn& completed) const;

  // Forgets producers whose last record is at least this old and who have no open transaction.
  void expire(int64_t now_ms, int64_t expiration_ms);
  // Nothing before the offset is there any more.
  void start_moved(int64_t start_offset);

  const std::unordered_map<int64_t, ProducerEntry>& entries() const { return entries_; }

  // For what was kept elsewhere (snapshots): as if it had been recorded.
  void restore(int64_t producer_id, const ProducerEntry& entry);

 private:
  AppendError check_txn(const wire::BatchView& batch, const ProducerEntry* entry,
                        TxnProof proof) const;
  const ProducerEntry* find(int64_t producer_id) const;

  std::unordered_map<int64_t, ProducerEntry> entries_;
  std::map<int64_t, int64_t> open_;  // first offset -> producer id
  // First offset -> marker, of those whose marker may not be readable yet.
  mutable std::map<int64_t, int64_t> decided_;
};

}  // namespace odradek::log
