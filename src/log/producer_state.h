#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>

#include "log/append_fault.h"
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

// What a partition knows of one idempotent producer: its epoch and its last batches.
struct ProducerEntry {
  static constexpr size_t kBatchesMax = 5;  // as many as a producer may have in flight

  int16_t epoch = wire::kNoProducerEpoch;
  int64_t last_timestamp_ms = -1;
  std::array<ProducerBatch, kBatchesMax> batches;  // the oldest first
  size_t batch_count = 0;

  int32_t last_sequence() const {
    return batch_count == 0 ? wire::kNoSequence : batches[batch_count - 1].last_sequence;
  }
  void add(const ProducerBatch& batch);
};

// The idempotent producers of one partition: duplicates are recognised, gaps and stale epochs
// refused. A producer nobody knows may begin with any sequence (its records may have been
// deleted). Sans I/O; one loop.
// Source: KIP-98, KIP-360; ProducerAppendInfo and ProducerStateManager of Kafka 4.
class ProducerStates {
 public:
  enum class Verdict : uint8_t { kAppend, kDuplicate, kRefuse };
  struct Decision {
    Verdict verdict = Verdict::kAppend;
    ProducerBatch duplicate;  // kDuplicate: the batch as it was appended then
    AppendError error;        // kRefuse
  };

  // What to do with a batch that has a producer id.
  Decision check(const wire::BatchView& batch) const;

  // The batch was appended with these offsets and this maximal timestamp.
  void record(const wire::BatchView& batch, int64_t base_offset, int64_t timestamp_ms);

  // Forgets producers whose last record is at least this old.
  void expire(int64_t now_ms, int64_t expiration_ms);

  const std::unordered_map<int64_t, ProducerEntry>& entries() const { return entries_; }

 private:
  std::unordered_map<int64_t, ProducerEntry> entries_;
};

}  // namespace odradek::log
