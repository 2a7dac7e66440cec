#include "broker/metadata_log.h"

#include <fmt/format.h>

#include "wire/batch_builder.h"
#include "wire/batch_rewrite.h"
#include "wire/record_iterator.h"

namespace odradek::broker {
namespace {

constexpr uint32_t kFrameVersion = 1;
constexpr size_t kReplayBytes = size_t{1} << 20U;

}  // namespace

void MetadataBatch::put(int16_t type, int16_t version, Result<SliceChain> message) {
  if (!message) {
    status_ = std::move(message).error();
    return;
  }
  wire::Writer frame(16);
  frame.uvarint(kFrameVersion);
  frame.uvarint(static_cast<uint32_t>(type));
  frame.uvarint(static_cast<uint32_t>(version));
  Result<SliceChain> framed = frame.finish();
  if (!framed) {
    status_ = std::move(framed).error();
    return;
  }
  framed->append(*std::move(message));
  records_.push_back(framed->flatten());
}

Result<void> MetadataLog::open(log::FileCache& cache, std::string directory, bool clean,
                               int64_t now_ms) {
  log::DiskOptions options;
  options.directory = std::move(directory);
  log::DiskState state;
  state.clean = clean;
  log::DiskRecovery recovery;
  ODK_TRY(store_, log::DiskStore::open(cache, std::move(options), state, now_ms, recovery));
  return replay();
}

Result<void> MetadataLog::replay() {
  int64_t offset = store_->first_offset();
  std::vector<Slice> slices;
  while (offset < store_->end_offset()) {
    slices.clear();
    ODK_TRY(const size_t bytes,
            store_->read({offset, kReplayBytes, true, store_->end_offset()}, slices));
    if (bytes == 0) break;
    for (const Slice& slice : slices) {
      ODK_TRY_VOID(
          wire::for_each_batch(slice.bytes(), [&](const wire::BatchView& batch) -> Result<void> {
            offset = batch.next_offset();
            wire::RecordCursor cursor(batch, batch.stored_records());
            while (const wire::RecordView* record = cursor.next()) {
              Result<void> applied = apply(record->value);
              if (!applied) {
                return applied.error().with_context(
                    fmt::format("metadata record {}", record->offset));
              }
            }
            return cursor.status();
          }));
    }
  }
  return {};
}

Result<void> MetadataLog::apply(Bytes value) {
  Arena arena;
  wire::Reader reader(value, arena);
  const uint32_t frame = reader.uvarint();
  const auto type = static_cast<int16_t>(reader.uvarint());
  const auto version = static_cast<int16_t>(reader.uvarint());
  if (!reader.ok()) return Error(Errc::kMalformed, "a frame that is cut");
  const auto found = appliers_.find(type);
  if (frame != kFrameVersion || found == appliers_.end()) {
    return Error(Errc::kUnsupported,
                 fmt::format("frame version {}, type {}: written by a later release", frame, type));
  }
  return found->second(reader, version);
}

Result<void> MetadataLog::commit(const MetadataBatch& batch, int64_t now_ms) {
  ODK_TRY_VOID(batch.status_);
  if (store_ == nullptr || batch.empty()) return {};
  if (fault_) return *fault_;
  wire::BatchOptions options;
  options.base_offset = store_->end_offset();
  options.leader_epoch = 0;
  wire::BatchBuilder builder(options);
  for (const Slice& record : batch.records_) {
    ODK_TRY_VOID(builder.append({now_ms, {}, record.bytes()}));
  }
  ODK_TRY(const Slice bytes, builder.finish(compressor_));
  ODK_TRY(const wire::BatchView view, wire::BatchView::parse(bytes.bytes()));
  const auto append = [&] {
    return store_->append(wire::edited_header(view, {}), view.stored_records(), now_ms);
  };
  Result<void> appended = append();
  const bool is_full = !appended && appended.error().code() == Errc::kLimitExceeded;
  if (is_full && batch.frees_space_ && make_space_ && make_space_()) appended = append();
  if (!appended) return appended;
  return sync_each_ ? flush() : Result<void>();
}

Result<void> MetadataLog::flush() {
  if (store_ == nullptr || store_->flushed_offset() == store_->end_offset()) return {};
  ODK_TRY(const log::BatchStore::Flush flush, store_->begin_flush());
  if (Result<void> synced = flush.run(); !synced) {
    fault_ = synced.error();  // the next sync would not tell
    return synced;
  }
  store_->flushed(flush.end_offset);
  return {};
}

void MetadataLog::clear() {
  if (store_ != nullptr) store_->drop_before(store_->end_offset());
}

}  // namespace odradek::broker
