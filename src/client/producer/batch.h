#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/slice.h"
#include "odradek/producer.h"
#include "wire/batch_builder.h"

namespace odradek::client {

// A batch being filled, with what is to be told about each record. Empty callbacks are allowed.
struct OpenBatch {
  OpenBatch(const wire::BatchOptions& options, size_t capacity_bytes)
      : builder(options, capacity_bytes) {}

  wire::BatchBuilder builder;
  std::vector<kafka::DeliveryCallback> reports;  // one a record
  uint64_t id = 0;                               // ascending in order of creation
  MonotonicTime created_at;
  size_t charged_bytes = 0;  // of the producer's buffer
};

// A batch that is encoded and has its place in the partition's sequence. Keeps both until the
// broker has it or it failed for good.
struct SealedBatch {
  // The bytes to send: the batch, or after a new producer epoch a new header and the records.
  std::array<Slice, 2> pieces;
  std::vector<kafka::DeliveryCallback> reports;
  uint64_t id = 0;    // of the open batch
  uint32_t part = 0;  // after a split: which of its records is the first here
  MonotonicTime created_at;
  size_t charged_bytes = 0;
  int32_t record_count = 0;
  int32_t base_sequence = wire::kNoSequence;
  int64_t producer_id = wire::kNoProducerId;
  int16_t producer_epoch = wire::kNoProducerEpoch;
  int64_t max_timestamp_ms = wire::kNoTimestamp;
  uint64_t ordinal = 0;  // counts the partition's batches
  int attempts = 0;

  std::span<const Slice> slices() const { return {pieces.data(), pieces[1].empty() ? 1U : 2U}; }
  // Order of creation, which is order in the sequence.
  std::pair<uint64_t, uint32_t> place() const { return {id, part}; }
  size_t size() const { return pieces[0].size() + pieces[1].size(); }
};

using OpenBatchPtr = std::unique_ptr<OpenBatch>;
using SealedBatchPtr = std::unique_ptr<SealedBatch>;

}  // namespace odradek::client
