#include "proxy/remap/chunk_scan.h"

#include <algorithm>

#include "proxy/remap/batch_mark.h"
#include "proxy/remap/filler.h"
#include "wire/batch_rewrite.h"
#include "wire/record_batch.h"

namespace odradek::proxy {
namespace {

// Batches up to this size are copied: one piece of the gathered write is then cheaper than two.
constexpr size_t kCopiedBatchBytesMax = 1024;

void append_restored(PieceList& pieces, const Slice& chunk, const wire::BatchView& batch,
                     const wire::HeaderEdit& edit) {
  const wire::HeaderBytes header = wire::edited_header(batch, edit);
  pieces.made().append(Bytes(header));
  if (batch.size() <= kCopiedBatchBytesMax) {
    pieces.made().append(batch.stored_records());
  } else {
    pieces.share(chunk, batch.stored_records());
  }
}

}  // namespace

struct ChunkScan::Seen {
  wire::BatchView batch;
  std::optional<wire::HeaderEdit> restore;
};

void VirtualReader::pass(const wire::BatchView& batch) {
  if (full_ || cursor_ >= batch.next_offset()) return;
  cursor_ = batch.next_offset();
  last_epoch_ = batch.leader_epoch();
  last_timestamp_ms_ = batch.max_timestamp();
}

std::vector<Slice> VirtualReader::finish() {
  const int64_t filled_from = taken_end_ < 0 ? from_ : taken_end_;
  std::vector<Slice> answer = pieces_.take();
  if (needs_filler()) {
    const int64_t end = std::min(cursor_, filled_from + kFillerOffsetsMax);
    const Filler filler = {.first = client_offset_base_ + filled_from,
                           .end = client_offset_base_ + end,
                           .leader_epoch = last_epoch_,
                           .timestamp_ms = last_timestamp_ms_};
    answer.push_back(make_filler(filler));
  }
  return answer;
}

// Takes the batch for `reader` or, when it does not fit, ends the reader just before it.
bool ChunkScan::take(VirtualReader& reader, const Slice& chunk, const Seen& seen,
                     AnswerBudget& budget) {
  const wire::BatchView& batch = seen.batch;
  const auto bytes = static_cast<int64_t>(batch.size());
  const bool fits_reader =
      reader.pieces_.empty() || reader.taken_bytes() + bytes <= reader.bytes_max_;
  if (!budget.is_empty && (!fits_reader || bytes > budget.bytes_left)) {
    reader.full_ = true;
    return false;
  }
  if (seen.restore || reader.client_offset_base_ != 0) {
    wire::HeaderEdit edit = seen.restore.value_or(wire::HeaderEdit{});
    if (reader.client_offset_base_ != 0) {
      edit.base_offset = reader.client_offset_base_ + batch.base_offset();
    }
    append_restored(reader.pieces_, chunk, batch, edit);
  } else {
    reader.pieces_.share(chunk, batch.bytes());
  }
  reader.pass(batch);
  reader.taken_end_ = reader.cursor_;
  budget.is_empty = false;
  budget.bytes_left -= bytes;
  return true;
}

// Readers pass the batches before the last one together, in one step at the end, except where they
// stop: `last` is the batch before the one that did not fit.
ScanResult ChunkScan::scan(const Slice& chunk, Offset read_from, Coverage coverage,
                           std::span<VirtualReader> readers, AnswerBudget& budget) const {
  ScanResult result;
  const auto groups = static_cast<size_t>(remapper_->compression_ratio());
  std::vector<VirtualReader*> by_group(groups, nullptr);
  std::vector<VirtualReader*> covered;
  for (VirtualReader& reader : readers) {
    if (reader.full_ || reader.cursor() < read_from) continue;
    if (coverage == Coverage::kFromHere && reader.cursor() != read_from) continue;
    by_group[static_cast<size_t>(remapper_->group_of(reader.partition()).value())] = &reader;
    covered.push_back(&reader);
  }

  wire::BatchCursor batches(chunk.bytes());
  std::optional<wire::BatchView> last;
  const auto offer = [&](VirtualReader* reader, const Seen& seen) {
    if (reader == nullptr || reader->full_) return;
    if (reader->cursor_ >= seen.batch.next_offset()) return;
    if (last) reader->pass(*last);
    if (take(*reader, chunk, seen, budget)) {
      result.taken_bytes += static_cast<int64_t>(seen.batch.size());
    }
  };
  while (true) {
    const Result<std::optional<wire::BatchView>> next = batches.next();
    result.is_corrupt = !next;
    if (!next || !*next) break;
    const wire::BatchView& batch = **next;
    result.scanned_bytes += static_cast<int64_t>(batch.size());
    const BatchOwner owner = owner_of(batch, *remapper_, partition_);
    const Seen seen{batch, restore_edit(batch)};
    switch (owner.kind) {
      case BatchOwner::Kind::kOne:
        offer(by_group[static_cast<size_t>(remapper_->group_of(owner.partition).value())], seen);
        break;
      case BatchOwner::Kind::kEvery:
        for (VirtualReader* reader : covered) offer(reader, seen);
        break;
      case BatchOwner::Kind::kNobody: ++result.mark_errors; break;
    }
    last = batch;
  }
  if (last) {
    for (VirtualReader* reader : covered) reader->pass(*last);
  }
  result.was_cut = !result.is_corrupt && !batches.rest().empty();
  return result;
}

}  // namespace odradek::proxy
