#include "proxy/consistency/settings_topic.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "proxy/single_log.h"
#include "wire/batch_builder.h"
#include "wire/record_iterator.h"

namespace odradek::proxy {
namespace {

// All records have the same key, so that compaction keeps the last.
constexpr std::string_view kKey = "mapping";
constexpr int32_t kReadWaitMs = 100;

Result<Slice> record_of(std::string_view text) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  wire::BatchBuilder builder{wire::BatchOptions{}};
  const wire::NewRecord record = {
      .timestamp_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count(),
      .key = as_bytes(kKey),
      .value = as_bytes(text),
      .headers = {}};
  ODK_TRY_VOID(builder.append(record));
  wire::Compressor uncompressed;
  return builder.finish(uncompressed);
}

// The texts in a chunk from an offset on, in order, and the offset behind them.
struct Texts {
  std::vector<std::string> all;
  int64_t end = 0;
};

Result<void> read_chunk(Bytes chunk, Texts& into) {
  wire::Decompressor decompressor;
  Buffer scratch;
  wire::BatchCursor batches(chunk);
  while (true) {
    ODK_TRY(const std::optional<wire::BatchView> batch, batches.next());
    if (!batch) return {};
    const int64_t from = into.end;
    into.end = std::max(into.end, batch->next_offset());
    if (batch->is_control()) continue;
    ODK_TRY(const Bytes records, wire::records_of(*batch, decompressor, scratch));
    wire::RecordCursor cursor(*batch, records);
    while (const wire::RecordView* record = cursor.next()) {
      const bool is_ours = record->offset >= from && as_text(record->key) == kKey;
      if (is_ours) into.all.emplace_back(as_text(record->value));
    }
    ODK_TRY_VOID(cursor.status());
  }
}

// What is written from `texts.end` on, up to `end`; without one, up to the end of the log.
io::Task<Result<void>> read_on(SingleLog& log, std::optional<int64_t> end, Texts& texts) {
  while (true) {
    const Result<SingleLog::Chunk> chunk = co_await log.read(texts.end, kReadWaitMs);
    if (!chunk) co_return chunk.error();
    const int64_t before = texts.end;
    ODK_CO_TRY_VOID(read_chunk(chunk->batches.bytes(), texts));
    if (texts.end >= end.value_or(chunk->high_watermark)) co_return Result<void>{};
    if (texts.end == before && !chunk->batches.empty()) {
      co_return Error(Errc::kMalformed, "a batch is larger than a read");
    }
  }
}

Result<void> check_text(const SharedSettings& own, const std::string& text) {
  Result<SharedSettings> others = parse_shared_settings(text);
  if (!others) {
    return Error(Errc::kConfig,
                 "what another instance wrote cannot be read: " + others.error().to_string());
  }
  return check_shared(own, *others);
}

// Writes the settings behind what was read. Another instance may have been quicker: then what it
// wrote counts, and is written once more so that it is also the last.
io::Task<Result<void>> write_down(SingleLog& log, const SharedSettings& own, Texts read) {
  ODK_CO_TRY(const Slice record, record_of(to_text(own)));
  const Result<int64_t> offset = co_await log.append({record});
  if (!offset) co_return offset.error();
  read.all.clear();
  const Result<void> again = co_await read_on(log, *offset + 1, read);
  if (!again) co_return again.error();
  for (const std::string& text : read.all) {
    if (text == to_text(own)) break;
    const Result<void> checked = check_text(own, text);
    if (checked) continue;
    ODK_CO_TRY(const Slice first, record_of(text));
    const Result<int64_t> repaired = co_await log.append({first});
    if (!repaired) co_return repaired.error();
    co_return checked;
  }
  ODK_LOG(info, "settings written down", kv("topic", log.topic()));
  co_return Result<void>{};
}

}  // namespace

io::Task<Result<void>> agree_on_settings(cluster::Cluster& cluster, SharedSettings own) {
  SingleLog log(cluster, std::string(kSettingsTopic));
  const Result<void> created = co_await log.create("compact");
  if (!created && created.error().code() != Errc::kAlreadyExists) co_return created.error();
  const Result<int64_t> begin = co_await log.begin();
  if (!begin) co_return begin.error();
  Texts texts;
  texts.end = *begin;
  const Result<void> read = co_await read_on(log, std::nullopt, texts);
  if (!read) co_return read.error();
  if (!texts.all.empty()) {
    ODK_CO_TRY_VOID(check_text(own, texts.all.back()));
    if (texts.all.back() == to_text(own)) co_return Result<void>{};
  }
  co_return co_await write_down(log, own, std::move(texts));
}

}  // namespace odradek::proxy
