#include "backup/restore/unit_loader.h"

#include <fmt/format.h>

#include <algorithm>

namespace odradek::backup {

void LoadCounters::add(const LoadCounters& other) {
  records += other.records;
  bytes += other.bytes;
  records_resumed += other.records_resumed;
  for (size_t i = 0; i < paths.size(); ++i) paths[i] += other.paths[i];
}

UnitLoader::UnitLoader(const LoadContext& context, LoadUnit unit)
    : context_(context), unit_(std::move(unit)), preparer_(*context.store, unit_.options) {}

bool UnitLoader::has_seen_holes() const {
  return std::ranges::any_of(writers_,
                             [](const auto& writer) { return writer.second->has_seen_holes(); });
}

io::Task<Result<void>> UnitLoader::run() {
  Result<void> done = co_await run_unnamed();
  if (done) co_return done;
  std::string what = "restore " + unit_.target.topic;
  if (unit_.bases.size() == 1) what += fmt::format("-{}", unit_.bases.begin()->first);
  co_return done.error().with_context(what);
}

io::Task<Result<void>> UnitLoader::run_unnamed() {
  ODK_CO_TRY_VOID(co_await context_.workers->run([this] { return read_progress(); }));
  ODK_CO_TRY_VOID(co_await open_writers());
  for (size_t i = 0; i < unit_.sources.size(); ++i) {
    ODK_CO_TRY_VOID(co_await load_source(unit_.sources[i], i));
  }
  for (const auto& [partition, writer] : writers_) {
    ODK_CO_TRY_VOID(co_await writer->finish());
    counters_.records_resumed += writer->records_found();
  }
  counters_.paths = preparer_.paths();
  co_return Result<void>{};
}

// The map says how far each source got, and what that put into each target partition.
Result<void> UnitLoader::read_progress() {
  for (const auto& [partition, base] : unit_.bases) progress_[partition] = {0, base};
  for (const SourcePart& source : unit_.sources) {
    ODK_TRY(OffsetMap map, OffsetMap::open(*context_.store, source.map_prefix));
    ODK_TRY_VOID(map.for_each_run([this](const OffsetRun& run) {
      Progress& progress = progress_[run.target_partition];
      progress.records += run.count;
      progress.next_offset = std::max(progress.next_offset, run.target_first + run.count);
      counters_.records_resumed += run.count;
    }));
    ODK_TRY(const std::optional<int64_t> through, map.through());
    done_through_.push_back(through.value_or(-1));
  }
  return {};
}

io::Task<Result<void>> UnitLoader::open_writers() {
  for (const auto& [partition, progress] : progress_) {
    TopicPartition target = unit_.target;
    target.partition = partition;
    ODK_CO_TRY(const int64_t log_end,
               co_await context_.source->offset_at(target, Source::Special::kLatest,
                                                   IsolationLevel::kReadUncommitted));
    if (log_end < progress.next_offset) {
      co_return Error(Errc::kPrecondition,
                      fmt::format("{}-{} ends at offset {}, this restore had written up to {}: it "
                                  "lost records or was created again; begin anew after --abort",
                                  target.topic, partition, log_end, progress.next_offset));
    }
    const WriterStart start{context_.producer, progress.records, progress.next_offset, log_end};
    writers_.emplace(partition, std::make_unique<TargetWriter>(*context_.cluster, *context_.produce,
                                                               *context_.source, *context_.workers,
                                                               target, start));
  }
  co_return Result<void>{};
}

io::Task<Result<void>> UnitLoader::load_source(const SourcePart& source, size_t number) {
  int64_t chunk_first = -1;
  uint64_t chunk_bytes = 0;
  for (size_t i = 0; i < source.segments.size(); ++i) {
    const SegmentRef& segment = source.segments[i];
    if (segment.covered_end <= done_through_[number]) continue;
    if (chunk_first < 0) chunk_first = segment.covered_start;
    ODK_CO_TRY_VOID(co_await load_segment(source, segment));
    chunk_bytes += segment.raw_bytes;
    if (chunk_bytes < kChunkRawBytes && i + 1 < source.segments.size()) continue;
    ODK_CO_TRY_VOID(co_await write_chunk(source, chunk_first, segment.covered_end));
    chunk_first = -1;
    chunk_bytes = 0;
  }
  co_return Result<void>{};
}

io::Task<Result<void>> UnitLoader::load_segment(const SourcePart& source,
                                                const SegmentRef& segment) {
  if (segment.covered_start >= source.end_offset) co_return Result<void>{};
  ODK_CO_TRY_VOID(
      co_await context_.workers->run([this, &segment] { return preparer_.open(segment); }));
  const BatchScope scope = source.scope();
  for (size_t frame = 0; frame < preparer_.frame_count(); ++frame) {
    ODK_CO_TRY(std::vector<PreparedBatch> batches,
               co_await context_.workers->run(
                   [this, &scope, frame] { return preparer_.prepare(frame, scope); }));
    for (PreparedBatch& batch : batches) {
      const auto records = static_cast<uint64_t>(batch.record_count);
      const uint64_t bytes = batch.bytes.size();
      ODK_CO_TRY_VOID(co_await context_.limiter->take(bytes, records));
      ODK_CO_TRY_VOID(co_await writers_.at(batch.target_partition)->write(std::move(batch)));
      counters_.records += records;
      counters_.bytes += bytes;
    }
  }
  co_return Result<void>{};
}

io::Task<Result<void>> UnitLoader::write_chunk(const SourcePart& source, int64_t first,
                                               int64_t through) {
  for (const auto& [partition, writer] : writers_) {
    ODK_CO_TRY_VOID(co_await writer->flush());
  }
  const MapChunk chunk{first, through, take_runs()};
  co_return co_await context_.workers->run([this, &source, &chunk] {
    return OffsetMap::add(*context_.store, source.map_prefix, chunk);
  });
}

// In source order, whatever partition they went to.
std::vector<OffsetRun> UnitLoader::take_runs() {
  std::vector<OffsetRun> all;
  for (const auto& [partition, writer] : writers_) {
    for (const OffsetRun& run : writer->take_runs()) all.push_back(run);
  }
  std::ranges::sort(all, {}, &OffsetRun::source_first);
  std::vector<OffsetRun> joined;
  for (const OffsetRun& run : all) append_run(joined, run);
  return joined;
}

}  // namespace odradek::backup
