#include "client/producer/split.h"

#include <iterator>

#include "wire/record_iterator.h"

namespace odradek::client {
namespace {

// Records [from, to) of the batch as a batch of their own.
Result<SealedBatchPtr> build_part(const SealedBatch& batch, const wire::BatchView& view,
                                  Bytes section, int32_t from, int32_t to,
                                  wire::BatchOptions options, wire::Compressor& compressor) {
  options.producer_id = batch.producer_id;
  options.producer_epoch = batch.producer_epoch;
  options.transactional = view.is_transactional();
  const bool is_numbered = batch.base_sequence != wire::kNoSequence;
  options.base_sequence =
      is_numbered ? wire::advance_sequence(batch.base_sequence, from) : wire::kNoSequence;
  wire::BatchBuilder builder(options, section.size());
  wire::RecordCursor cursor(view, section, wire::RecordMode::kOffsets);
  int32_t index = 0;
  while (const wire::RecordView* record = cursor.next()) {
    if (index >= from && index < to) {
      ODK_TRY_VOID(builder.append_payload(index - from, record->timestamp_ms, record->payload));
    }
    ++index;
  }
  ODK_TRY_VOID(cursor.status());
  auto part = std::make_unique<SealedBatch>();
  part->id = batch.id;
  part->part = batch.part + static_cast<uint32_t>(from);
  part->ordinal = batch.ordinal;
  part->created_at = batch.created_at;
  part->record_count = to - from;
  part->base_sequence = options.base_sequence;
  part->producer_id = batch.producer_id;
  part->producer_epoch = batch.producer_epoch;
  ODK_TRY(part->pieces[0], builder.finish(compressor));
  return part;
}

}  // namespace

Result<std::pair<SealedBatchPtr, SealedBatchPtr>> split(SealedBatch& batch,
                                                        const wire::BatchOptions& options,
                                                        wire::Compressor& compressor) {
  SliceChain chain(batch.pieces[0]);
  chain.append(batch.pieces[1]);
  const Slice whole = chain.flatten();
  ODK_TRY(const wire::BatchView view, wire::BatchView::parse(whole.bytes()));
  wire::Decompressor decompressor;
  Buffer unpacked;
  ODK_TRY(const Bytes section, wire::records_of(view, decompressor, unpacked));
  const int32_t half = batch.record_count / 2;
  ODK_TRY(SealedBatchPtr first, build_part(batch, view, section, 0, half, options, compressor));
  ODK_TRY(SealedBatchPtr second,
          build_part(batch, view, section, half, batch.record_count, options, compressor));
  const auto middle = batch.reports.begin() + half;
  first->reports.assign(std::make_move_iterator(batch.reports.begin()),
                        std::make_move_iterator(middle));
  second->reports.assign(std::make_move_iterator(middle),
                         std::make_move_iterator(batch.reports.end()));
  first->charged_bytes = batch.charged_bytes / 2;
  second->charged_bytes = batch.charged_bytes - first->charged_bytes;
  return std::pair(std::move(first), std::move(second));
}

}  // namespace odradek::client
