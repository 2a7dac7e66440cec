#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backup/engine/source.h"
#include "backup/restore/prepared_batch.h"
#include "io/worker_pool.h"
#include "wire/codec.h"
#include "wire/record_iterator.h"

namespace odradek::backup {

// How a partition of the target compares with what the archive says it should hold.
struct Comparison {
  uint64_t equal = 0;
  uint64_t gone = 0;  // records the target no longer has
};

// Reads one partition of the target, from an offset to an end, and compares its records with
// batches as a restore makes them: time, key, value, headers. One loop.
class ReadBack {
 public:
  ReadBack(Source& source, io::WorkerPool& workers, TopicPartition partition, int64_t from,
           int64_t end)
      : source_(&source),
        workers_(&workers),
        partition_(std::move(partition)),
        position_(from),
        end_(end) {}

  // The code of the error for a difference: kPrecondition (another writer) unless said.
  void differences_are(Errc code) { difference_ = code; }
  // Compaction and retention may have taken records: such are counted, not an error. Only with
  // batches whose place in the target is known.
  void allow_gone() { allows_gone_ = true; }

  // The batch's records must be the next ones. `base` is where the first of them was put, when
  // that is known. Gives where it is. Errors: for a difference, naming the first offset; what the
  // cluster answers.
  io::Task<Result<int64_t>> expect(PreparedBatch batch, std::optional<int64_t> base);
  // Is every record before the end compared?
  io::Task<Result<bool>> is_at_end();

  // Where the next record to compare is, or may be.
  int64_t position() const { return position_; }
  const Comparison& comparison() const { return comparison_; }

 private:
  enum class Step : uint8_t { kDone, kNeedsMore };

  // One batch that is being compared, record by record.
  struct Expected {
    PreparedBatch batch;
    std::optional<int64_t> base;
    Buffer scratch;
    std::optional<wire::RecordCursor> cursor;
    const wire::RecordView* record = nullptr;  // the next one
    int64_t ordinal = 0;  // of record
    int64_t found_at = -1;  // the first of them that was found
  };

  io::Task<Result<void>> fetch();
  Result<void> open(Expected& expected);
  Result<Step> compare(Expected& expected);
  Result<bool> next_target_record();
  Result<bool> skip_to_next_target_record();
  Error differs(const Expected& expected, std::string_view how) const;

  Source* source_;
  io::WorkerPool* workers_;
  TopicPartition partition_;
  int64_t position_;
  int64_t end_;
  bool allows_gone_ = false;
  Errc difference_ = Errc::kPrecondition;
  Comparison comparison_;
  wire::Decompressor decompressor_;
  FetchedBatches fetched_;
  wire::BatchCursor batches_{Bytes{}};
  std::optional<wire::RecordCursor> records_;
  int64_t batch_end_ = 0;  // behind the batch records_ walks
  Buffer scratch_;
  const wire::RecordView* record_ = nullptr;  // the target's next one
};

}  // namespace odradek::backup
