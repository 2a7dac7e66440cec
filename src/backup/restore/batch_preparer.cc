#include "backup/restore/batch_preparer.h"

#include <algorithm>

#include "backup/restore/offset_headers.h"
#include "wire/batch_rewrite.h"
#include "wire/murmur2.h"
#include "wire/record_iterator.h"

namespace odradek::backup {
namespace {

// More than a record's length, attributes, time and offset take.
constexpr size_t kRecordFrameBytesMax = 32;

wire::Codec original_codec(const BatchEntry& entry) {
  return static_cast<wire::Codec>((entry.flags & kBatchCodecMask) >> kBatchCodecShift);
}

bool is_aborted(const BatchEntry& entry, std::span<const OffsetRange> aborted) {
  if ((entry.flags & kBatchTransactional) == 0) return false;
  const auto behind = std::ranges::upper_bound(aborted, entry.base_offset, {}, &OffsetRange::first);
  return behind != aborted.begin() && std::prev(behind)->second >= entry.last_offset;
}

// One run: the batch is dense, offset for offset.
std::vector<RestoredRun> whole(const wire::BatchView& batch) {
  return {{batch.base_offset(), 0, static_cast<uint32_t>(batch.record_count())}};
}

}  // namespace

std::string_view restore_path_name(RestorePath path) {
  switch (path) {
    case RestorePath::kNothing: return "nothing";
    case RestorePath::kRaw: return "raw";
    case RestorePath::kRecompress: return "recompress";
    case RestorePath::kRenumber: return "renumber";
    case RestorePath::kRecords: return "records";
    case RestorePath::kCoalesce: return "coalesce";
  }
  return "";
}

RestorePath BatchPreparer::path_of(const PrepareOptions& options, const BatchScope& scope,
                                   const BatchEntry& entry, size_t batch_bytes) {
  const bool is_out_of_scope =
      entry.last_offset < scope.first_offset || entry.base_offset >= scope.end_offset;
  if (entry.is_control() || entry.record_count == 0 || is_out_of_scope ||
      options.window.is_outside(entry.min_timestamp, entry.max_timestamp) ||
      (!options.keeps_aborted && is_aborted(entry, scope.aborted))) {
    return RestorePath::kNothing;
  }
  const bool is_cut = entry.base_offset < scope.first_offset ||
                      entry.last_offset >= scope.end_offset ||
                      !options.window.contains_all(entry.min_timestamp, entry.max_timestamp);
  const bool changes_records = options.adds_offset_headers || options.strips_offset_headers ||
                               options.spread != Spread::kNone;
  if (is_cut || changes_records || (entry.flags & kBatchLogAppendTime) != 0) {
    return RestorePath::kRecords;
  }
  if (options.coalesces && batch_bytes < kCoalesceBelowBytes) return RestorePath::kCoalesce;
  if ((entry.flags & kBatchHasHoles) != 0) return RestorePath::kRenumber;
  const bool is_transcoded = (entry.flags & kBatchTranscoded) != 0 && options.compresses;
  return is_transcoded ? RestorePath::kRecompress : RestorePath::kRaw;
}

Result<RestorePath> BatchPreparer::add(const Slice& archived, const BatchEntry& entry,
                                       const BatchScope& scope) {
  const RestorePath path = path_of(options_, scope, entry, archived.size());
  if (path == RestorePath::kNothing) return path;
  ODK_TRY(const wire::BatchView batch, wire::BatchView::parse(archived.bytes()));
  ODK_TRY_VOID(batch.verify_crc());
  switch (path) {
    case RestorePath::kRaw: ODK_TRY_VOID(add_whole(archived, batch, scope)); break;
    case RestorePath::kRecompress:
      ODK_TRY_VOID(recompress(batch, original_codec(entry), scope));
      break;
    default:
      ODK_TRY_VOID(add_records(batch, original_codec(entry), scope));
      if (path != RestorePath::kCoalesce && !options_.coalesces &&
          options_.spread == Spread::kNone) {
        ODK_TRY_VOID(close(scope.target_partition));
      }
  }
  return path;
}

Result<void> BatchPreparer::flush() {
  for (auto& [target, open] : open_) ODK_TRY_VOID(close(target, open));
  return {};
}

Result<void> BatchPreparer::add_whole(const Slice& archived, const wire::BatchView& batch,
                                      const BatchScope& scope) {
  ODK_TRY_VOID(close(scope.target_partition));
  ready_.push_back({archived, scope.target_partition, batch.record_count(), whole(batch)});
  return {};
}

Result<void> BatchPreparer::recompress(const wire::BatchView& batch, wire::Codec codec,
                                       const BatchScope& scope) {
  ODK_TRY_VOID(close(scope.target_partition));
  ODK_TRY(const Bytes records, wire::records_of(batch, decompressor_, scratch_));
  ODK_TRY(const Bytes compressed, compressor_.compress(codec, wire::kDefaultLevel, records));
  ODK_TRY(Slice bytes, wire::with_stored_records(batch, codec, compressed));
  ready_.push_back({std::move(bytes), scope.target_partition, batch.record_count(), whole(batch)});
  return {};
}

Result<void> BatchPreparer::add_records(const wire::BatchView& batch, wire::Codec codec,
                                        const BatchScope& scope) {
  const bool needs_fields = options_.adds_offset_headers || options_.strips_offset_headers ||
                            options_.spread == Spread::kByKey;
  ODK_TRY(const Bytes decoded, wire::records_of(batch, decompressor_, scratch_));
  wire::RecordCursor cursor(batch, decoded,
                            needs_fields ? wire::RecordMode::kFull : wire::RecordMode::kOffsets);
  while (const wire::RecordView* record = cursor.next()) {
    if (!keeps(*record, scope)) continue;
    ODK_TRY_VOID(append(*record, target_of(*record, scope), codec, scope));
  }
  return cursor.status();
}

bool BatchPreparer::keeps(const wire::RecordView& record, const BatchScope& scope) const {
  return scope.first_offset <= record.offset && record.offset < scope.end_offset &&
         options_.window.contains(record.timestamp_ms);
}

int32_t BatchPreparer::target_of(const wire::RecordView& record, const BatchScope& scope) const {
  if (options_.spread == Spread::kNone) return scope.target_partition;
  if (options_.spread == Spread::kByKey && record.key.data() != nullptr) {
    return wire::partition_for_key(record.key, options_.spread_partitions);
  }
  return static_cast<int32_t>((record.offset + scope.source_partition) %
                              options_.spread_partitions);
}

Result<void> BatchPreparer::append(const wire::RecordView& record, int32_t target,
                                   wire::Codec codec, const BatchScope& scope) {
  Bytes payload = record.payload;
  if (options_.adds_offset_headers || options_.strips_offset_headers) {
    OffsetHeaders added{record.offset, record.timestamp_ms, scope.source_partition,
                        options_.source_cluster};
    payload_.clear();
    put_payload(payload_, record, options_.adds_offset_headers ? &added : nullptr);
    payload = payload_.bytes();
  }
  Open& open = open_for(target);
  const bool is_full =
      open.builder.size() + payload.size() + kRecordFrameBytesMax > options_.batch_bytes_max;
  if (!open.builder.empty() && (is_full || open.codec != codec)) {
    ODK_TRY_VOID(close(target, open));
  }
  open.codec = codec;
  open.builder.options().codec = options_.compresses ? codec : wire::Codec::kNone;
  const int32_t delta = open.builder.next_offset_delta();
  ODK_TRY_VOID(open.builder.append_payload(delta, record.timestamp_ms, payload));
  if (!open.runs.empty() &&
      record.offset == open.runs.back().source_first + open.runs.back().count) {
    ++open.runs.back().count;
  } else {
    open.runs.push_back({record.offset, delta, 1});
  }
  return {};
}

BatchPreparer::Open& BatchPreparer::open_for(int32_t target) {
  const auto found = open_.find(target);
  if (found != open_.end()) return found->second;
  return open_.try_emplace(target, Open{wire::BatchBuilder(wire::BatchOptions{})}).first->second;
}

Result<void> BatchPreparer::close(int32_t target, Open& open) {
  if (open.builder.empty()) return {};
  PreparedBatch batch;
  batch.target_partition = target;
  batch.record_count = open.builder.record_count();
  batch.runs = std::exchange(open.runs, {});
  ODK_TRY(batch.bytes, open.builder.finish(compressor_));
  ready_.push_back(std::move(batch));
  return {};
}

Result<void> BatchPreparer::close(int32_t target) {
  const auto found = open_.find(target);
  if (found == open_.end()) return {};
  return close(target, found->second);
}

}  // namespace odradek::backup
