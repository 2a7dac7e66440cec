#include "backup/restore/target_writer.h"

#include <fmt/format.h>

#include "wire/record_batch.h"

namespace odradek::backup {

TargetWriter::TargetWriter(cluster::Cluster& cluster, ProduceQueue& produce, Source& source,
                           io::WorkerPool& workers, TopicPartition partition,
                           const WriterStart& start)
    : cluster_(&cluster),
      produce_(&produce),
      partition_(std::move(partition)),
      start_(start),
      records_(start.records) {
  if (start.next_offset < start.log_end) {
    read_back_ =
        std::make_unique<ReadBack>(source, workers, partition_, start.next_offset, start.log_end);
  } else {
    begin_sending();
  }
}

void TargetWriter::begin_sending() {
  constexpr uint64_t kSequences = uint64_t{1} << 31U;
  const SendStart start{start_.producer, static_cast<int32_t>(records_ % kSequences),
                        start_.log_end};
  sender_ = std::make_unique<BatchSender>(*cluster_, *produce_, partition_, start);
}

io::Task<Result<void>> TargetWriter::write(PreparedBatch batch) {
  if (read_back_ != nullptr) {
    ODK_CO_TRY(const bool is_at_end, co_await read_back_->is_at_end());
    if (!is_at_end) co_return co_await compare(std::move(batch));
    read_back_.reset();
    begin_sending();
  }
  records_ += static_cast<uint64_t>(batch.record_count);
  co_return co_await sender_->send(std::move(batch));
}

io::Task<Result<void>> TargetWriter::compare(PreparedBatch batch) {
  const std::vector<RestoredRun> runs = batch.runs;
  const auto count = static_cast<uint64_t>(batch.record_count);
  ODK_CO_TRY(const int64_t base, co_await read_back_->expect(std::move(batch), std::nullopt));
  for (const RestoredRun& run : runs) {
    runs_.push_back({run.source_first, base + run.target_delta, run.count, partition_.partition});
  }
  if (read_back_->position() != base + static_cast<int64_t>(count)) has_seen_holes_ = true;
  records_ += count;
  records_found_ += count;
  co_return Result<void>{};
}

io::Task<Result<void>> TargetWriter::flush() {
  if (sender_ == nullptr) co_return Result<void>{};
  co_return co_await sender_->flush();
}

io::Task<Result<void>> TargetWriter::finish() {
  if (read_back_ == nullptr) co_return co_await flush();
  ODK_CO_TRY(const bool is_at_end, co_await read_back_->is_at_end());
  if (is_at_end) co_return Result<void>{};
  co_return Error(Errc::kPrecondition,
                  fmt::format("{}-{}: more records at offset {} than this restore can have written",
                              partition_.topic, partition_.partition, read_back_->position()));
}

std::vector<OffsetRun> TargetWriter::take_runs() {
  std::vector<OffsetRun> runs = std::exchange(runs_, {});
  if (sender_ != nullptr) {
    for (const OffsetRun& run : sender_->take_runs()) runs.push_back(run);
  }
  return runs;
}

}  // namespace odradek::backup
