#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/slice.h"
#include "log/aborted_txns.h"
#include "log/append_fault.h"
#include "log/batch_check.h"
#include "log/batch_store.h"
#include "log/leader_epochs.h"
#include "log/log_config.h"
#include "log/log_sidecar.h"
#include "log/producer_state.h"

namespace odradek::log {

// What an append did. Offsets are -1 when it failed.
struct AppendOutcome {
  AppendError error;
  int64_t base_offset = -1;
  int64_t last_offset = -1;
  int64_t log_append_time_ms = -1;  // set for LogAppendTime topics (and for duplicates)
  size_t bytes = 0;                 // that became readable; 0 for a duplicate
};

// The log of one partition: decides what may be appended, gives offsets and leader epoch, keeps
// the producers' state, and answers reads and searches from its store. Batches are stored as they
// came but for base offset, leader epoch and, where the topic wants it, timestamp and codec.
// Belongs to one loop.
class PartitionLog {
 public:
  PartitionLog(std::unique_ptr<BatchStore> store, const LogConfig& config, int32_t leader_epoch = 0)
      : store_(std::move(store)), config_(config), leader_epoch_(leader_epoch) {
    epochs_.begin(leader_epoch_, store_->end_offset());
  }

  // What was kept of a log that comes back.
  struct Kept {
    int64_t start_offset = 0;
    int64_t known_before = 0;  // producers, aborted transactions and epochs are of this offset
    ProducerStates producers = {};
    AbortedTxns aborted = {};
    LeaderEpochs epochs = {};
    std::unique_ptr<LogSidecar> sidecar = nullptr;
  };
  // The log with what was kept, and what its batches say from `known_before` on.
  // Errors: kIo, kMalformed.
  static Result<PartitionLog> restore(std::unique_ptr<BatchStore> store, const LogConfig& config,
                                      int32_t leader_epoch, Kept kept);

  // Appends the one batch in `records`, sent by a client. `records` may be null or anything.
  // `proof` is what the coordinator says of a batch that is part of a transaction.
  AppendOutcome append(Bytes records, int64_t now_ms, CheckScratch& scratch,
                       TxnProof proof = TxnProof::kNone);

  // Ends a producer's transaction here, also one that never began. kStaleProducerEpoch,
  // kStaleCoordinator, kStorage.
  AppendOutcome append_marker(const TxnMarker& marker, int64_t now_ms);

  // Appends a batch that the broker made itself (a coordinator's state): whole, its CRC right. Only
  // its size is checked (kTooLarge, kLargerThanSegment), and its producer's epoch, where it has one
  // (kStaleProducerEpoch); timestamps and codec stay.
  AppendOutcome append_own(Bytes batch, int64_t now_ms);

  // Whole batches by reference, appended to `out`; their size. The offset is in
  // [start_offset(), end_offset()].
  // Nothing when the store cannot be read; the log is offline then.
  size_t read(const ReadRange& range, std::vector<Slice>& out) const {
    Result<size_t> bytes = store_->read(range, out);
    if (bytes) return *bytes;
    // No descriptor is free: that passes.
    if (bytes.error().code() != Errc::kLimitExceeded) fault_ = std::move(bytes).error();
    return 0;
  }

  // Why nothing can be read or appended any more; empty while all is well.
  const std::optional<Error>& fault() const { return fault_; }
  void take_offline(Error fault) { fault_ = std::move(fault); }

  // The first record at or after a time, or the one with the largest timestamp; nothing when
  // there is none. kMalformed when a stored batch does not unpack.
  Result<std::optional<TimedOffset>> find_by_time(int64_t timestamp_ms, Unpacker& unpacker) const {
    return store_->find_by_time(timestamp_ms, start_offset_, unpacker);
  }
  Result<std::optional<TimedOffset>> find_max_timestamp(Unpacker& unpacker) const {
    return store_->find_max_timestamp(start_offset_, unpacker);
  }

  // Makes everything before `offset` unreadable and frees what can be freed. `offset` is at most
  // end_offset(); one below start_offset() changes nothing. Gives the new start offset.
  int64_t truncate_before(int64_t offset);

  // Drops old segments as retention.ms and retention.bytes say; true when the start moved.
  bool apply_retention(int64_t now_ms);
  // Drops the oldest segment whatever retention says; false when there is none.
  bool evict_oldest();

  void expire_producers(int64_t now_ms, int64_t expiration_ms) {
    producers_.expire(now_ms, expiration_ms);
  }

  // With `held`, nobody may read what a crash of the machine could take back.
  void hold_until_flushed(bool held) { held_until_flushed_ = held; }
  int64_t flushed_offset() const { return store_->flushed_offset(); }
  bool has_unsafe_segments() const { return store_->has_unsafe_segments(); }
  // See BatchStore::begin_flush().
  Result<BatchStore::Flush> begin_flush() { return store_->begin_flush(); }
  void flushed(int64_t end_offset) { store_->flushed(end_offset); }
  // Writes down what the next start would have to find out.
  void save_state();
  void tidy(int64_t now_ms) { store_->tidy(now_ms); }

  void set_config(const LogConfig& config);
  const LogConfig& config() const { return config_; }

  int64_t start_offset() const { return start_offset_; }
  int64_t end_offset() const { return store_->end_offset(); }
  int64_t high_watermark() const {
    return held_until_flushed_ ? store_->flushed_offset() : end_offset();
  }
  // Everything before it is decided: readers of committed records stop here.
  int64_t last_stable_offset() const;
  int32_t leader_epoch() const { return leader_epoch_; }
  size_t size_bytes() const { return store_->size_bytes(); }
  const ProducerStates& producers() const { return producers_; }
  const AbortedTxns& aborted_txns() const { return aborted_; }
  const LeaderEpochs& epochs() const { return epochs_; }
  BatchStore& store() { return *store_; }
  const BatchStore& store() const { return *store_; }

  // Segments with base offsets in [first_base, next_offset) were compacted: nothing of an aborted
  // transaction is left in them.
  void compacted(int64_t first_base, int64_t next_offset);
  // Where the last compaction ended; what its caller wants to be remembered.
  int64_t compacted_until() const { return compacted_until_; }
  void set_compacted_until(int64_t offset) { compacted_until_ = offset; }
  // Something in it cannot be compacted.
  void never_compact() { is_compactable_ = false; }
  bool is_compactable() const { return is_compactable_ && config_.compact && !fault_; }

 private:
  Result<void> replay(int64_t from);
  Result<void> replay_batch(const wire::BatchView& batch);
  void add_aborted(const CompletedTxn& ended);
  bool must_roll(const wire::BatchView& batch, int64_t now_ms) const;
  Result<void> roll(int64_t now_ms);
  AppendError put(const wire::BatchView& batch, const wire::HeaderEdit& edit, int64_t now_ms);
  AppendOutcome store_batch(const wire::BatchView& batch, const CheckedBatch& checked,
                            int64_t now_ms);

  std::unique_ptr<BatchStore> store_;
  LogConfig config_;
  ProducerStates producers_;
  AbortedTxns aborted_;
  LeaderEpochs epochs_;
  std::unique_ptr<LogSidecar> sidecar_;  // null in memory
  int64_t start_offset_ = 0;
  int32_t leader_epoch_;
  int32_t saved_epoch_ = -1;
  int64_t compacted_until_ = 0;
  bool is_compactable_ = true;
  bool held_until_flushed_ = false;
  mutable std::optional<Error> fault_;
};

}  // namespace odradek::log
