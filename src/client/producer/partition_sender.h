#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "client/producer/batch.h"
#include "proto/error_code.h"

namespace odradek::client {

struct PartitionSenderOptions {
  bool idempotent = true;
  // The identity is the coordinator's to change: a gap fails the batch, and with it the
  // transaction, instead of raising the epoch.
  bool transactional = false;
  size_t in_flight_max = 5;  // batches; at most what a broker remembers to know duplicates
};

// A producer identity, given by a broker.
struct ProducerIdentity {
  int64_t id = wire::kNoProducerId;
  int16_t epoch = wire::kNoProducerEpoch;
};

// The batches of one partition between encoding and their end: sent in order, repeated in order,
// numbered for the broker to notice repetitions. Life of a batch:
//   sealed by the caller -> start_new -> in flight -> finished (delivered or failed)
//                                          | to_retry -> waiting -> start_retry -> in flight
// Where a numbered batch fails for good, nobody knows whether the broker has it: new batches wait
// until those behind it are answered. If the broker misses it, the rest goes out under a new epoch,
// numbered from 0 (KIP-360: without transactions the producer raises its epoch by itself).
// No I/O, no clock. Source: KIP-98; TransactionManager and Sender of the Java client 4.x.
class PartitionSender {
 public:
  explicit PartitionSender(const PartitionSenderOptions& options) : options_(options) {}

  bool can_start_new() const {
    return waiting_.empty() && !has_gap_ && !is_unresolved_ &&
           in_flight_.size() < options_.in_flight_max && is_in_window();
  }
  bool can_start_retry(MonotonicTime now) const {
    return !waiting_.empty() && !has_gap_ && now >= retry_at_ &&
           in_flight_.size() < options_.in_flight_max;
  }
  // When can_start_retry() may become true by time alone.
  std::optional<MonotonicTime> retry_at() const {
    if (waiting_.empty() || has_gap_) return std::nullopt;
    return retry_at_;
  }
  bool is_idle() const { return waiting_.empty() && in_flight_.empty(); }
  size_t in_flight() const { return in_flight_.size(); }

  // The identity and sequence number the next new batch has to be encoded with. `current` is used
  // by partitions that have not sent anything yet, or have to start again.
  struct Numbers {
    ProducerIdentity producer;
    int32_t base_sequence = wire::kNoSequence;
  };
  Numbers next_numbers(const ProducerIdentity& current);

  // The batch counts as in flight from now on. References stay valid until the batch's end.
  SealedBatch& start_new(SealedBatchPtr batch);
  SealedBatch& start_retry();

  // What an answer means for a batch in flight.
  enum class Verdict : uint8_t { kDelivered, kRetry, kFailed };
  Verdict judge(const SealedBatch& batch, proto::ErrorCode error);

  // Ends of a flight. `batch` must be in flight.
  SealedBatchPtr finish_delivered(const SealedBatch& batch);
  SealedBatchPtr finish_failed(const SealedBatch& batch);
  void to_retry(const SealedBatch& batch, MonotonicTime retry_at);
  // The same with two halves in the batch's place, which it ends with.
  void to_retry_split(const SealedBatch& batch, SealedBatchPtr first, SealedBatchPtr second,
                      MonotonicTime retry_at);

  // Batches waiting for a retry that were created before; they have failed.
  std::vector<SealedBatchPtr> take_expired(MonotonicTime created_before);
  // Everything, on shutdown.
  std::vector<SealedBatchPtr> take_all();
  // What waits for a retry, when a transaction is aborted.
  std::vector<SealedBatchPtr> take_waiting();
  // Numbers start anew under another identity. Only while idle.
  void restart(const ProducerIdentity& producer);

  // Call after every end of a batch: once nothing is in flight, starts a new epoch where one is
  // needed. False when that takes a new producer id (the epochs are used up): try again with one.
  bool resolve_gap(const ProducerIdentity& current);
  bool needs_resolution() const { return has_gap_ || is_unresolved_; }

 private:
  SealedBatchPtr take_in_flight(const SealedBatch& batch);
  bool is_in_window() const;
  bool is_first_outstanding(const SealedBatch& batch) const;
  void renumber(const ProducerIdentity& producer);

  PartitionSenderOptions options_;
  std::deque<SealedBatchPtr> in_flight_;  // by sequence
  std::deque<SealedBatchPtr> waiting_;  // by sequence
  MonotonicTime retry_at_{};
  ProducerIdentity producer_;
  uint64_t next_ordinal_ = 0;
  int32_t next_sequence_ = 0;
  int32_t expected_sequence_ = 0;  // behind the last batch the broker confirmed
  std::pair<uint64_t, uint32_t> last_delivered_{};  // SealedBatch::place()
  bool has_gap_ = false;  // the broker says that it misses a batch
  bool is_unresolved_ = false;  // a batch failed; whether the broker has it is not known
};

}  // namespace odradek::client
