#include "backup/restore/partition_loader.h"

#include <fmt/format.h>

namespace odradek::backup {
namespace {

void count_path(RestorePath path, LoadCounters& counters) {
  switch (path) {
    case RestorePath::kNothing: break;
    case RestorePath::kRaw: ++counters.batches_raw; break;
    case RestorePath::kRecompress: ++counters.batches_recompressed; break;
    case RestorePath::kRecords: ++counters.batches_reencoded; break;
  }
}

}  // namespace

PartitionLoader::PartitionLoader(cluster::Cluster& cluster, store::ObjectStore& store,
                                 io::WorkerPool& workers, LoadPlan plan, ProducerIdentity producer)
    : store_(&store),
      workers_(&workers),
      plan_(std::move(plan)),
      sender_(cluster, plan_.target, producer) {}

Error PartitionLoader::named(const Error& error) const {
  return error.with_context(
      fmt::format("restore {}-{}", plan_.target.topic, plan_.target.partition));
}

io::Task<Result<void>> PartitionLoader::run() {
  Result<std::unique_ptr<store::ObjectWriter>> object =
      co_await workers_->run([this] { return store_->open_writer(plan_.map_key); });
  if (!object) co_return named(object.error());
  map_ = std::make_unique<OffsetMapWriter>(*std::move(object));
  for (const SegmentRef& segment : plan_.segments) {
    const Result<void> loaded = co_await load_segment(segment);
    if (!loaded) co_return named(loaded.error());
  }
  const Result<void> flushed = co_await sender_.flush();
  if (!flushed) co_return named(flushed.error());
  const Result<void> stored = co_await store_runs();
  if (!stored) co_return named(stored.error());
  const Result<void> finished = co_await workers_->run([this] { return map_->finish(); });
  if (!finished) co_return named(finished.error());
  co_return Result<void>{};
}

io::Task<Result<void>> PartitionLoader::load_segment(const SegmentRef& segment) {
  ODK_CO_TRY(const std::unique_ptr<SegmentReader> reader, co_await workers_->run([this, &segment] {
    return SegmentReader::open(*store_, segment.key);
  }));
  if (reader->footer().sha256 != segment.sha256) {
    co_return Error(Errc::kChecksum,
                    fmt::format("object {} is not the one the archive names", segment.key));
  }
  for (size_t frame = 0; frame < reader->index().frames.size(); ++frame) {
    ODK_CO_TRY(PreparedFrame prepared, co_await workers_->run([this, &reader, frame] {
      return prepare_frame(*reader, frame);
    }));
    for (PreparedBatch& batch : prepared.batches) {
      counters_.records += static_cast<uint64_t>(batch.record_count);
      counters_.bytes += batch.bytes.size();
      Result<void> sent = co_await sender_.send(std::move(batch));
      if (!sent) co_return sent;
    }
    counters_.batches_raw += prepared.counters.batches_raw;
    counters_.batches_recompressed += prepared.counters.batches_recompressed;
    counters_.batches_reencoded += prepared.counters.batches_reencoded;
    Result<void> stored = co_await store_runs();
    if (!stored) co_return stored;
  }
  co_return Result<void>{};
}

Result<PartitionLoader::PreparedFrame> PartitionLoader::prepare_frame(SegmentReader& reader,
                                                                      size_t frame) {
  ODK_TRY(const Slice content, reader.read_frame(frame));
  const int64_t covered_start = reader.footer().covered_start;
  const auto& batches = reader.index().batches;
  PreparedFrame prepared;
  for (size_t i = 0; i < batches.size(); ++i) {
    if (batches[i].frame != frame) continue;
    const RestorePath path = BatchPreparer::path_of(batches[i], covered_start);
    count_path(path, prepared.counters);
    if (path == RestorePath::kNothing) continue;
    ODK_TRY(const Slice bytes, reader.batch(content, i));
    ODK_TRY(PreparedBatch batch, preparer_.prepare(bytes, batches[i], covered_start));
    ODK_TRY(const wire::BatchView view, wire::BatchView::parse(bytes.bytes()));
    ODK_TRY_VOID(hash_.add(view, covered_start));
    if (batch.record_count > 0) prepared.batches.push_back(std::move(batch));
  }
  return prepared;
}

io::Task<Result<void>> PartitionLoader::store_runs() {
  const std::vector<OffsetRun> runs = sender_.take_runs();
  if (runs.empty()) co_return Result<void>{};
  co_return co_await workers_->run([this, &runs]() -> Result<void> {
    for (const OffsetRun& run : runs) ODK_TRY_VOID(map_->add(run));
    return {};
  });
}

}  // namespace odradek::backup
