#include "backup/restore/log_cut.h"

#include <algorithm>
#include <map>

#include "wire/record_iterator.h"

namespace odradek::backup {
namespace {

// Follows a partition batch by batch until a record later than the end.
class CutFinder {
 public:
  CutFinder(int64_t stop, TimestampMs end) : stop_(stop), end_(end) {}

  Result<void> walk(store::ObjectStore& store, const SegmentRef& segment) {
    ODK_TRY(const std::unique_ptr<SegmentReader> reader, open_segment(store, segment));
    const int64_t start = reader->footer().covered_start;
    const SegmentIndex& index = reader->index();
    std::optional<uint32_t> read_frame;
    Slice content;
    for (size_t i = 0; i < index.batches.size() && !is_found(); ++i) {
      const BatchEntry& entry = index.batches[i];
      if (entry.last_offset < start) continue;
      if (entry.base_offset >= stop_) break;
      const bool may_cut = entry.max_timestamp > end_;
      const bool has_producer = entry.is_control() || (entry.flags & kBatchTransactional) != 0;
      if (!may_cut && !has_producer) continue;
      if (read_frame != entry.frame) {
        ODK_TRY(content, reader->read_frame(entry.frame));
        read_frame = entry.frame;
      }
      ODK_TRY(const Slice bytes, reader->batch(content, i));
      ODK_TRY(const wire::BatchView batch, wire::BatchView::parse(bytes.bytes()));
      if (may_cut && entry.is_control()) cut_ = entry.base_offset;
      if (may_cut && !entry.is_control()) ODK_TRY_VOID(look_into(batch, start));
      if (!is_found() || batch.base_offset() < cut_) follow_transaction(entry, batch);
    }
    return {};
  }

  bool is_found() const { return cut_ != INT64_MAX; }

  int64_t cut() const {
    int64_t cut = cut_;
    if (!is_found()) return cut;
    for (const auto& [producer, first] : open_) cut = std::min(cut, first);
    return cut;
  }

 private:
  Result<void> look_into(const wire::BatchView& batch, int64_t start) {
    ODK_TRY(const Bytes records, wire::records_of(batch, decompressor_, scratch_));
    wire::RecordCursor cursor(batch, records, wire::RecordMode::kOffsets);
    while (const wire::RecordView* record = cursor.next()) {
      if (record->offset < start || record->timestamp_ms <= end_) continue;
      cut_ = std::min(cut_, record->offset);
      break;
    }
    return cursor.status();
  }

  void follow_transaction(const BatchEntry& entry, const wire::BatchView& batch) {
    if (!batch.has_producer()) return;
    if (entry.is_control()) {
      open_.erase(batch.producer_id());
    } else if (batch.is_transactional()) {
      open_.try_emplace(batch.producer_id(), batch.base_offset());
    }
  }

  int64_t stop_;
  TimestampMs end_;
  int64_t cut_ = INT64_MAX;
  std::map<int64_t, int64_t> open_;  // producer -> first offset of its open transaction
  wire::Decompressor decompressor_;
  Buffer scratch_;
};

}  // namespace

Result<int64_t> log_cut(store::ObjectStore& store, const SourcePart& source, TimestampMs end) {
  CutFinder finder(source.end_offset, end);
  for (const SegmentRef& segment : source.segments) {
    if (finder.is_found()) break;
    if (segment.covered_start >= source.end_offset) break;
    ODK_TRY_VOID(finder.walk(store, segment));
  }
  return finder.cut();
}

}  // namespace odradek::backup
