#include "backup/restore/verifier.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

namespace odradek::backup {
namespace {

PrepareOptions to_look_at(PrepareOptions options) {
  options.compresses = false;
  return options;
}

}  // namespace

void VerifyCounters::add(const VerifyCounters& other) {
  records += other.records;
  gone += other.gone;
  more += other.more;
}

UnitVerifier::UnitVerifier(const LoadContext& context, const LoadUnit& unit,
                           const VerifyOptions& options)
    : context_(context),
      unit_(unit),
      options_(options),
      preparer_(*context.store, to_look_at(unit.options)) {}

io::Task<Result<VerifyCounters>> UnitVerifier::run() {
  ODK_CO_TRY_VOID(co_await read_ends());
  for (const SourcePart& source : unit_.sources) {
    ODK_CO_TRY_VOID(co_await verify_source(source));
  }
  ODK_CO_TRY_VOID(co_await finish_readers(is_full()));
  for (const auto& [partition, ends] : ends_) {
    if (ends.end > ends.restored_end) {
      counters_.more += static_cast<uint64_t>(ends.end - ends.restored_end);
    }
  }
  if (counters_.more > 0 && !options_.allows_more) {
    co_return Error(Errc::kChecksum,
                    fmt::format("verify {}: the target has {} offsets behind what was restored",
                                unit_.target.topic, counters_.more));
  }
  co_return counters_;
}

io::Task<Result<void>> UnitVerifier::read_ends() {
  for (const auto& [partition, base] : unit_.bases) {
    TopicPartition target = unit_.target;
    target.partition = partition;
    TargetEnds ends;
    ODK_CO_TRY(ends.start, co_await context_.source->offset_at(target, Source::Special::kEarliest,
                                                               IsolationLevel::kReadUncommitted));
    ODK_CO_TRY(ends.end, co_await context_.source->offset_at(target, Source::Special::kLatest,
                                                             IsolationLevel::kReadCommitted));
    ends.restored_end = base;
    ends_[partition] = ends;
  }
  for (const SourcePart& source : unit_.sources) {
    ODK_CO_TRY_VOID(co_await context_.workers->run([this, &source]() -> Result<void> {
      ODK_TRY(OffsetMap map, OffsetMap::open(*context_.store, source.map_prefix));
      return map.for_each_run([this](const OffsetRun& run) {
        TargetEnds& ends = ends_[run.target_partition];
        ends.restored_end = std::max(ends.restored_end, run.target_first + run.count);
      });
    }));
  }
  co_return Result<void>{};
}

io::Task<Result<void>> UnitVerifier::verify_source(const SourcePart& source) {
  ODK_CO_TRY(OffsetMap map, co_await context_.workers->run([this, &source] {
    return OffsetMap::open(*context_.store, source.map_prefix);
  }));
  for (const SegmentRef& segment : source.segments) {
    ODK_CO_TRY_VOID(co_await verify_segment(source, segment, map));
  }
  co_return Result<void>{};
}

io::Task<Result<void>> UnitVerifier::verify_segment(const SourcePart& source,
                                                    const SegmentRef& segment, OffsetMap& map) {
  ODK_CO_TRY_VOID(
      co_await context_.workers->run([this, &segment] { return preparer_.open(segment); }));
  const BatchScope scope = source.scope();
  const size_t frames = preparer_.frame_count();
  for (size_t frame = 0; frame < frames; ++frame) {
    if (!is_chosen(source, segment, frame, frames)) {
      ODK_CO_TRY_VOID(co_await finish_readers(/*is_whole=*/false));
      continue;
    }
    ODK_CO_TRY(std::vector<PreparedBatch> batches,
               co_await context_.workers->run(
                   [this, &scope, frame] { return preparer_.prepare(frame, scope); }));
    for (PreparedBatch& batch : batches) {
      ODK_CO_TRY_VOID(co_await verify_batch(std::move(batch), map));
    }
  }
  co_return Result<void>{};
}

io::Task<Result<void>> UnitVerifier::verify_batch(PreparedBatch batch, OffsetMap& map) {
  const int32_t partition = batch.target_partition;
  const int64_t first = batch.runs.front().source_first;
  ODK_CO_TRY(const std::optional<OffsetMap::Position> base,
             co_await context_.workers->run(
                 [&map, first, partition] { return map.target_of(first, partition); }));
  if (!base || !base->is_exact) {
    co_return Error(Errc::kChecksum,
                    fmt::format("verify {}-{}: the offset map does not have source offset {}",
                                unit_.target.topic, partition, first));
  }
  std::unique_ptr<ReadBack>& reader = readers_[partition];
  if (reader == nullptr) {
    const TargetEnds& ends = ends_.at(partition);
    TopicPartition target = unit_.target;
    target.partition = partition;
    reader = std::make_unique<ReadBack>(*context_.source, *context_.workers, std::move(target),
                                        std::max(base->offset, ends.start),
                                        std::min(ends.restored_end, ends.end));
    reader->differences_are(Errc::kChecksum);
    if (options_.allows_gone) reader->allow_gone();
  }
  ODK_CO_TRY_VOID(co_await reader->expect(std::move(batch), base->offset));
  co_return Result<void>{};
}

// Adds up what the readers found; the next batch of a partition opens a new one.
io::Task<Result<void>> UnitVerifier::finish_readers(bool is_whole) {
  for (const auto& [partition, reader] : readers_) {
    if (is_whole) {
      ODK_CO_TRY(const bool is_at_end, co_await reader->is_at_end());
      if (!is_at_end) {
        co_return Error(Errc::kChecksum,
                        fmt::format("verify {}-{}: a record at offset {} that was not restored",
                                    unit_.target.topic, partition, reader->position()));
      }
    }
    counters_.records += reader->comparison().equal;
    counters_.gone += reader->comparison().gone;
  }
  readers_.clear();
  co_return Result<void>{};
}

// The same frames each time: what was found wrong once is found again.
bool UnitVerifier::is_chosen(const SourcePart& source, const SegmentRef& segment, size_t frame,
                             size_t frames) const {
  if (is_full()) return true;
  const bool is_first = frame == 0 && &segment == &source.segments.front();
  const bool is_last = frame + 1 == frames && &segment == &source.segments.back();
  constexpr uint64_t kSlots = 10'000;
  const uint64_t hash = XXH3_64bits_withSeed(segment.sha256.data(), segment.sha256.size(), frame);
  const double slot = static_cast<double>(hash % kSlots) * 100 / kSlots;
  return is_first || is_last || slot < options_.percent;
}

}  // namespace odradek::backup
