#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "backup/engine/source.h"
#include "backup/restore/offset_map.h"
#include "backup/restore/prepared_batch.h"
#include "backup/restore/produce_queue.h"
#include "backup/restore/target.h"
#include "io/event.h"

namespace odradek::backup {

// Where a partition's producer begins: at the target's end, with the sequence of as many records as
// went there before. A restore that goes on with the producer id it had is thus understood as the
// same producer, and what its killed predecessor still had on the way is not appended twice.
struct SendStart {
  ProducerIdentity producer;
  int32_t sequence = 0;
  int64_t end_offset = 0;
};

// Produces ready batches to one partition through the queue all partitions share, in order and
// exactly once: an idempotent producer with its own sequence, at most kInFlightMax batches
// unanswered. After an error that waiting may heal everything unanswered is sent again, in order;
// the broker drops what it has. One loop.
class BatchSender {
 public:
  static constexpr size_t kInFlightMax = 5;

  BatchSender(cluster::Cluster& cluster, ProduceQueue& produce, TopicPartition partition,
              const SendStart& start);
  // Answers that are still to come are dropped safely.
  ~BatchSender();
  BatchSender(const BatchSender&) = delete;
  BatchSender& operator=(const BatchSender&) = delete;

  // Waits for room in the window, then sends. Errors: what the broker answered for any batch;
  // kPrecondition when a batch went where another writer's must have been.
  io::Task<Result<void>> send(PreparedBatch batch);
  // Waits until every batch is acknowledged.
  io::Task<Result<void>> flush();

  // Runs acknowledged since the last call, in order.
  std::vector<OffsetRun> take_runs() { return std::exchange(runs_, {}); }
  // Did a batch not follow the one before? Then somebody else writes there, or the partition is one
  // whose offsets have holes.
  bool has_seen_holes() const { return has_seen_holes_; }

 private:
  struct InFlight {
    PreparedBatch batch;
    int32_t base_sequence = 0;
    bool is_sent = false;
    bool is_acknowledged = false;
    int64_t base_offset = -1;
  };

  io::Task<Result<void>> wait_until_below(size_t in_flight);
  io::Task<Result<void>> send_unsent();
  Result<OutgoingBatch> outgoing(const InFlight& entry) const;
  void on_answer(uint64_t number, Result<int64_t> base_offset);
  void retire_acknowledged();
  void retire(const InFlight& entry);

  cluster::Cluster* cluster_;
  ProduceQueue* produce_;
  TopicPartition partition_;
  ProducerIdentity producer_;
  int32_t next_sequence_;
  int64_t end_offset_;  // of what is acknowledged
  bool has_seen_holes_ = false;
  std::deque<InFlight> window_;
  uint64_t first_number_ = 0;  // of the first batch in window_
  size_t unanswered_ = 0;
  Result<void> failure_;  // one that waiting does not heal
  bool needs_resend_ = false;
  MonotonicTime give_up_at_{};
  io::Event changed_;
  std::vector<OffsetRun> runs_;
  // Lets callbacks find out that the sender is gone.
  std::shared_ptr<BatchSender*> self_;
};

}  // namespace odradek::backup
