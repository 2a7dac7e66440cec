#pragma once

#include <map>
#include <vector>

#include "backup/format/segment_format.h"
#include "backup/restore/prepared_batch.h"
#include "base/result.h"
#include "wire/batch_builder.h"
#include "wire/codec.h"
#include "wire/record_batch.h"

namespace odradek::backup {

// Makes producible batches of archived ones. Keeps keys, values, headers and timestamps
// (LogAppendTime: the append time becomes the record's), their order, and the codec. What comes
// out depends on options and input alone, so a restore that goes on makes the same batches again.
// One thread at a time.
class BatchPreparer {
 public:
  // Batches below this size are joined with their neighbours where options say so.
  static constexpr size_t kCoalesceBelowBytes = 64 * 1024;

  explicit BatchPreparer(PrepareOptions options) : options_(std::move(options)) {}

  static RestorePath path_of(const PrepareOptions& options, const BatchScope& scope,
                             const BatchEntry& entry, size_t batch_bytes);

  // Adds the next archived batch. Gives the path it took. Errors: kMalformed, kChecksum.
  Result<RestorePath> add(const Slice& archived, const BatchEntry& entry, const BatchScope& scope);
  // Nothing stays open: batches that are being joined become ready.
  Result<void> flush();
  // What is ready, in the order of each target partition.
  std::vector<PreparedBatch> take() { return std::exchange(ready_, {}); }

 private:
  // A batch under construction for one target partition.
  struct Open {
    wire::BatchBuilder builder;
    wire::Codec codec = wire::Codec::kNone;  // of the batches in it, though maybe not applied
    std::vector<RestoredRun> runs{};
  };

  Result<void> add_whole(const Slice& archived, const wire::BatchView& batch,
                         const BatchScope& scope);
  Result<void> recompress(const wire::BatchView& batch, wire::Codec codec, const BatchScope& scope);
  Result<void> add_records(const wire::BatchView& batch, wire::Codec codec,
                           const BatchScope& scope);
  Result<void> append(const wire::RecordView& record, int32_t target, wire::Codec codec,
                      const BatchScope& scope);
  bool keeps(const wire::RecordView& record, const BatchScope& scope) const;
  int32_t target_of(const wire::RecordView& record, const BatchScope& scope) const;
  Open& open_for(int32_t target);
  Result<void> close(int32_t target, Open& open);
  Result<void> close(int32_t target);

  PrepareOptions options_;
  wire::Compressor compressor_;
  wire::Decompressor decompressor_;
  Buffer scratch_;
  Buffer payload_;
  std::map<int32_t, Open> open_;
  std::vector<PreparedBatch> ready_;
};

}  // namespace odradek::backup
