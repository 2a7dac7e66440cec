// The wire layer: CRC, header rewrite, batch build and walk, codecs. Rates count uncompressed
// bytes.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "wire/batch_builder.h"
#include "wire/batch_rewrite.h"
#include "wire/crc32c.h"
#include "wire/record_iterator.h"

namespace odradek::wire {
namespace {

constexpr size_t kBatchBytes = size_t{1} << 20U;

// JSON-like text, which compresses about four to one.
std::string json_like(size_t bytes) {
  // NOLINTNEXTLINE(bugprone-random-generator-seed): every run measures the same text
  std::mt19937 random(1);
  std::string text;
  while (text.size() < bytes) {
    text += "{\"id\":" + std::to_string(random()) + ",\"user\":\"user-" +
            std::to_string(random() % 10'000) + "\",\"status\":\"" +
            (random() % 3 == 0 ? "delivered" : "pending") + "\"},";
  }
  text.resize(bytes);
  return text;
}

// Appends values of `value_bytes` with short keys until the batch has `batch_bytes`.
void fill(BatchBuilder& builder, const std::string& text, size_t value_bytes, size_t batch_bytes) {
  int64_t now_ms = 1'700'000'000'000;
  size_t at = 0;
  NewRecord record{.timestamp_ms = 0, .key = as_bytes("user-1234")};
  while (builder.size() < batch_bytes) {
    if (at + value_bytes > text.size()) at = 0;
    record.timestamp_ms = now_ms++;
    record.value = as_bytes(std::string_view(text).substr(at, value_bytes));
    at += value_bytes;
    if (!builder.append(record)) return;
  }
}

Slice make_batch(size_t value_bytes, size_t batch_bytes = kBatchBytes, Codec codec = Codec::kNone) {
  BatchBuilder builder({.codec = codec}, batch_bytes + 2 * value_bytes);
  fill(builder, json_like(batch_bytes), value_bytes, batch_bytes);
  Compressor compressor;
  return builder.finish(compressor).value();
}

void count(benchmark::State& state, size_t bytes, size_t records) {
  state.SetBytesProcessed(static_cast<int64_t>(bytes) * state.iterations());
  state.SetItemsProcessed(static_cast<int64_t>(records) * state.iterations());
}

void Crc(benchmark::State& state) {
  const std::string text = json_like(static_cast<size_t>(state.range(0)));
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(crc32c(as_bytes(text)));
  count(state, text.size(), 1);
}
BENCHMARK(Crc)->Name("wire/crc")->Arg(64)->Arg(1024)->Arg(16'384)->Arg(1 << 20);

void RewriteHeader(benchmark::State& state) {
  const Slice slice = make_batch(100, static_cast<size_t>(state.range(0)));
  std::vector<uint8_t> batch(slice.data(), slice.data() + slice.size());
  HeaderEdit edit;
  int64_t producer_id = 0;
  for ([[maybe_unused]] auto _ : state) {
    edit.producer_id = ++producer_id;
    benchmark::DoNotOptimize(edit_header(batch, edit));
  }
  count(state, batch.size(), 1);
}
BENCHMARK(RewriteHeader)
    ->Name("wire/rewrite_header")
    ->RangeMultiplier(2)
    ->Range(256, 64 << 10)
    ->Arg(1 << 20);

// What deciding by size saves: the same edit by the difference alone.
void ReplaceCrc(benchmark::State& state) {
  const std::string before(40, 'a');
  const std::string after(40, 'b');
  uint32_t crc = 1;
  for ([[maybe_unused]] auto _ : state) {
    crc = crc32c_replace(crc, as_bytes(before), as_bytes(after),
                         static_cast<uint64_t>(state.range(0)));
  }
  benchmark::DoNotOptimize(crc);
}
BENCHMARK(ReplaceCrc)->Name("wire/replace_crc")->RangeMultiplier(16)->Range(256, 1 << 20);

void BuildBatch(benchmark::State& state) {
  const std::string text = json_like(kBatchBytes);
  const auto value_bytes = static_cast<size_t>(state.range(0));
  BatchBuilder builder({}, kBatchBytes + 2 * value_bytes);
  Compressor compressor;
  size_t records = 0;
  for ([[maybe_unused]] auto _ : state) {
    fill(builder, text, value_bytes, kBatchBytes);
    records = static_cast<size_t>(builder.record_count());
    benchmark::DoNotOptimize(builder.finish(compressor));
  }
  count(state, kBatchBytes, records);
}
BENCHMARK(BuildBatch)->Name("wire/build_batch")->Arg(100)->Arg(1024);

void WalkBatch(benchmark::State& state, RecordMode mode) {
  const Slice bytes = make_batch(static_cast<size_t>(state.range(0)));
  const BatchView batch = BatchView::parse(bytes.bytes()).value();
  size_t sum = 0;
  for ([[maybe_unused]] auto _ : state) {
    RecordCursor cursor(batch, batch.stored_records(), mode);
    while (const RecordView* record = cursor.next()) sum += record->value.size();
    benchmark::DoNotOptimize(cursor.status());
  }
  benchmark::DoNotOptimize(sum);
  count(state, bytes.size(), static_cast<size_t>(batch.record_count()));
}
BENCHMARK_CAPTURE(WalkBatch, full, RecordMode::kFull)
    ->Name("wire/walk_batch/full")
    ->Arg(100)
    ->Arg(1024);
BENCHMARK_CAPTURE(WalkBatch, offsets, RecordMode::kOffsets)
    ->Name("wire/walk_batch/offsets")
    ->Arg(100)
    ->Arg(1024);

// Headers of batches alone: what the broker and the proxy do to a fetch or produce run.
void WalkBatchHeaders(benchmark::State& state) {
  const Slice one = make_batch(100, static_cast<size_t>(state.range(0)));
  std::vector<uint8_t> run;
  constexpr size_t kBatches = 100;
  for (size_t i = 0; i < kBatches; ++i) {
    run.insert(run.end(), one.bytes().begin(), one.bytes().end());
  }
  int64_t sum = 0;
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(
        for_each_batch(run, [&](const BatchView& batch) { sum += batch.last_offset(); }));
  }
  benchmark::DoNotOptimize(sum);
  count(state, run.size(), kBatches);
}
BENCHMARK(WalkBatchHeaders)->Name("wire/walk_headers")->Arg(1024)->Arg(16'384);

void Compress(benchmark::State& state, Codec codec, int level) {
  const std::string text = json_like(static_cast<size_t>(state.range(0)));
  Compressor compressor;
  size_t packed = 1;
  for ([[maybe_unused]] auto _ : state) {
    packed = compressor.compress(codec, level, as_bytes(text))->size();
  }
  count(state, text.size(), 1);
  state.counters["ratio"] = static_cast<double>(text.size()) / static_cast<double>(packed);
}
BENCHMARK_CAPTURE(Compress, gzip, Codec::kGzip, kDefaultLevel)
    ->Name("wire/compress/gzip")
    ->Arg(16'384)
    ->Arg(1 << 20);
BENCHMARK_CAPTURE(Compress, snappy, Codec::kSnappy, kDefaultLevel)
    ->Name("wire/compress/snappy")
    ->Arg(16'384)
    ->Arg(1 << 20);
BENCHMARK_CAPTURE(Compress, lz4, Codec::kLz4, kDefaultLevel)
    ->Name("wire/compress/lz4")
    ->Arg(16'384)
    ->Arg(1 << 20);
BENCHMARK_CAPTURE(Compress, zstd, Codec::kZstd, kDefaultLevel)
    ->Name("wire/compress/zstd")
    ->Arg(16'384)
    ->Arg(1 << 20);
BENCHMARK_CAPTURE(Compress, zstd_1, Codec::kZstd, 1)
    ->Name("wire/compress/zstd_1")
    ->Arg(16'384)
    ->Arg(1 << 20);

void Decompress(benchmark::State& state, Codec codec) {
  const std::string text = json_like(static_cast<size_t>(state.range(0)));
  Compressor compressor;
  const Bytes packed = compressor.compress(codec, kDefaultLevel, as_bytes(text)).value();
  Decompressor decompressor;
  Buffer out;
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(decompressor.decompress(codec, packed, out));
  }
  count(state, text.size(), 1);
}
BENCHMARK_CAPTURE(Decompress, gzip, Codec::kGzip)
    ->Name("wire/decompress/gzip")
    ->Arg(16'384)
    ->Arg(1 << 20);
BENCHMARK_CAPTURE(Decompress, snappy, Codec::kSnappy)
    ->Name("wire/decompress/snappy")
    ->Arg(16'384)
    ->Arg(1 << 20);
BENCHMARK_CAPTURE(Decompress, lz4, Codec::kLz4)
    ->Name("wire/decompress/lz4")
    ->Arg(16'384)
    ->Arg(1 << 20);
BENCHMARK_CAPTURE(Decompress, zstd, Codec::kZstd)
    ->Name("wire/decompress/zstd")
    ->Arg(16'384)
    ->Arg(1 << 20);

}  // namespace
}  // namespace odradek::wire
