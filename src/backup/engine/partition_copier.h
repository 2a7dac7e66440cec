#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backup/archive/archive.h"
#include "backup/engine/archived_batch.h"
#include "backup/engine/byte_budget.h"
#include "backup/engine/open_transactions.h"
#include "backup/engine/rate_limit.h"
#include "backup/engine/retry.h"
#include "backup/engine/source.h"
#include "backup/format/segment_writer.h"
#include "io/bounded_queue.h"
#include "io/task_group.h"
#include "io/worker_pool.h"

namespace odradek::backup {

struct CopyOptions {
  FetchOptions fetch;
  BatchCoding coding;
  SegmentWriterOptions segment;
  uint64_t segment_bytes = 128ULL * 1024 * 1024;          // raw; a segment is closed behind it
  uint64_t segment_records = 0;                           // or that many; 0: no limit
  Duration segment_interval = std::chrono::minutes(1);    // or when it is this old
  uint64_t segment_hold_bytes = 3ULL * 8 * 1024 * 1024;   // of the budget, while copying
  bool skip_corrupt = false;  // record what cannot be read as a gap, instead of failing
};

// What one partition is to be copied, and into what.
struct CopyPlan {
  TopicPartition source;
  uint32_t incarnation = 1;
  int64_t start = 0;   // the first offset not covered yet
  int64_t target = 0;  // copy up to here, exclusive
  uint32_t writer_epoch = 0;
  Uuid backup_set;
  int64_t message_bytes_max = 0;  // the topic's, when known: a fetch may bring that much
  std::vector<OpenRange> open{};  // see PartitionState
};

struct CopyCounters {
  uint64_t records = 0;  // in segments that are closed
  uint64_t raw_bytes = 0;
  uint64_t stored_bytes = 0;
  uint64_t segments = 0;
  uint64_t fetched_bytes = 0;
  uint64_t errors = 0;

  void add(const CopyCounters& other);
};

// What the copiers of a run share. One loop; outlives them.
struct CopyShared {
  BatchSource* source = nullptr;
  store::ObjectStore* store = nullptr;
  io::WorkerPool* workers = nullptr;
  const ArchiveKeys* keys = nullptr;
  Clock* clock = nullptr;
  ByteBudget* budget = nullptr;
  Breakers* breakers = nullptr;
  RateLimit* bytes_rate = nullptr;
  RateLimit* records_rate = nullptr;
};

// How a copy ended.
enum class CopyEnd : uint8_t {
  kComplete,       // everything before the target is covered
  kStopped,        // by stop(); what is covered is whole
  kSourceChanged,  // the log is not the one that was planned: deleted, created again, truncated
};

// Copies one partition: fetches ahead, verifies and archives on a worker, closes segments. What is
// finished waits in take_change() until the job commits it. When the store or the broker fails for
// a while it drops the open segment, waits, and goes on behind the last closed one. One loop.
class PartitionCopier {
 public:
  PartitionCopier(CopyShared shared, CopyPlan plan, CopyOptions options);

  // Errors: kChecksum, kMalformed (the source's bytes, after trying the other replicas), what the
  // store or the cluster answered when it did not recover in time.
  io::Task<Result<CopyEnd>> run();
  // Makes run() end soon; the open segment is closed.
  void stop();

  // What may be committed since the last call: finished segments, gaps, aborted ranges.
  std::optional<PartitionChange> take_change();

  const CopyPlan& plan() const { return plan_; }
  const CopyCounters& counters() const { return counters_; }
  // How far it got, for progress; lags behind by what a worker has in hand.
  int64_t reported_position() const { return reported_position_; }

 private:
  // Whose fault the failure of a step was.
  enum class Fault : uint8_t { kNone, kStore, kSource, kCorrupt, kGone, kOutOfRange };
  struct Corrupt {
    int64_t position = -1;  // where the copy stood
    int64_t base = -1;  // the batch, -1 when not even that is readable
    int64_t last = -1;
  };
  // A fetch that succeeded, or the error that ended the fetching; and its memory.
  struct Fetched {
    Result<FetchedBatches> batches;
    BudgetHold hold;
  };

  // partition_copier.cc: tries and what to do between them
  io::Task<Result<void>> attempt();
  void begin_attempt();
  io::Task<Result<void>> recover(const Error& error);
  io::Task<Result<void>> recover_corrupt(const Error& error);
  io::Task<Result<void>> recover_out_of_range(const Error& error);
  io::Task<Result<void>> wait(Duration time);
  io::Task<Result<void>> wait_for_breakers();
  io::Task<Result<void>> skip_to_log_start();
  io::Task<Result<void>> add_gap(int64_t through, GapReason reason);
  int64_t limit() const;
  std::string broker_name() const;
  Error named(const Error& error) const;

  // partition_copier_fetch.cc: the two sides of the queue
  io::Task<void> fetch_ahead();
  io::Task<Result<FetchedBatches>> fetch_one(BudgetHold& hold);
  bool end_is_reached(const FetchedBatches& fetched);
  io::Task<Result<void>> process_all();
  io::Task<Result<void>> process(Fetched& fetched);
  bool segment_is_full(MonotonicTime now) const;
  io::Task<Result<void>> close_segment();

  // partition_copier_archive.cc: on a worker. While it runs the task waits, and what take_change()
  // and counters() give is not touched.
  Result<uint64_t> archive_all(const FetchedBatches& fetched);
  Result<uint64_t> archive_one(const Slice& memory, const wire::BatchView& batch);
  void follow_transaction(const wire::BatchView& batch, uint16_t flags);
  Result<void> open_segment();

  CopyShared shared_;
  CopyPlan plan_;
  CopyOptions options_;
  std::optional<io::BoundedQueue<Fetched>> queue_;
  io::TaskGroup* fetching_ = nullptr;  // of the attempt under way
  io::Event stop_event_;
  BatchArchiver archiver_;
  AbortedFilter aborted_filter_;
  OpenTransactions transactions_;
  std::unique_ptr<SegmentWriter> segment_;
  std::string segment_key_;
  int64_t segment_start_ = -1;  // where the cover of the open segment begins
  uint32_t segment_tries_ = 0;  // that began there before
  MonotonicTime segment_opened_{};
  uint64_t segment_records_ = 0;
  std::vector<OffsetRange> segment_aborted_;
  LastBatch last_batch_;
  std::vector<OpenRange> closed_open_;  // open transactions behind the last closed segment
  int64_t position_;  // the next offset to archive
  int64_t fetch_position_;
  int64_t reported_position_;
  int empty_fetches_ = 0;
  int32_t replica_ = -1;  // to read from, -1: the leader
  Fault fault_ = Fault::kNone;
  Corrupt corrupt_;
  int corrupt_tries_ = 0;
  int64_t corrupt_tried_at_ = -1;
  std::optional<Corrupt> skip_;  // the batch that becomes a gap
  int failures_ = 0;  // without progress
  MonotonicTime failing_since_{};
  int64_t failed_position_ = -1;
  PartitionChange change_;
  CopyCounters counters_;
  bool stopping_ = false;
};

}  // namespace odradek::backup
