#include "client/consumer/fetched_chunk.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "wire/control_record.h"
#include "wire/record_batch.h"
#include "wire/record_iterator.h"

namespace odradek::kafka {

// The only writer of RecordViews.
struct RecordViewAccess {
  static RecordView make(const wire::RecordView& source) {
    RecordView record;
    record.offset_ = source.offset;
    record.timestamp_ms_ = source.timestamp_ms;
    record.key_ = as_text(source.key);
    record.value_ = as_text(source.value);
    const Bytes headers = source.headers.encoded();
    record.headers_ = headers.data();
    record.headers_end_ = headers.data() + headers.size();
    record.header_count_ = source.headers.size();
    return record;
  }
};

}  // namespace odradek::kafka

namespace odradek::client {
namespace {

// Tells which transactional batches were aborted. The broker lists the aborted transactions of
// the range; each is over at its abort marker. Source: KIP-98, "Discarding aborted transactions".
class AbortFilter {
 public:
  AbortFilter(std::vector<AbortedTransaction> aborted, bool is_on)
      : aborted_(std::move(aborted)), is_on_(is_on) {
    std::ranges::sort(aborted_, {}, &AbortedTransaction::first_offset);
  }

  bool drops(const wire::BatchView& batch) {
    if (!is_on_ || !batch.is_transactional()) return false;
    open_up_to(batch.last_offset());
    return open_.contains(batch.producer_id());
  }
  // The marker may be the first batch of the chunk, its transaction's data in one before.
  void on_abort_marker(const wire::BatchView& marker) {
    open_up_to(marker.last_offset());
    open_.erase(marker.producer_id());
  }

 private:
  void open_up_to(int64_t offset) {
    while (next_ < aborted_.size() && aborted_[next_].first_offset <= offset) {
      open_.insert(aborted_[next_++].producer_id);
    }
  }

  std::vector<AbortedTransaction> aborted_;
  size_t next_ = 0;
  std::set<int64_t> open_;
  bool is_on_;
};

Result<bool> is_abort_marker(const wire::BatchView& batch, Bytes records) {
  wire::RecordCursor cursor(batch, records);
  const wire::RecordView* record = cursor.next();
  ODK_TRY_VOID(cursor.status());
  if (record == nullptr) return false;
  ODK_TRY(const wire::ControlType type, wire::control_type(*record));
  return type == wire::ControlType::kAbort;
}

Result<void> index_records(const wire::BatchView& batch, Bytes section, int64_t first_offset,
                           std::vector<kafka::RecordView>& into) {
  wire::RecordCursor cursor(batch, section);
  while (const wire::RecordView* record = cursor.next()) {
    if (record->offset >= first_offset) into.push_back(kafka::RecordViewAccess::make(*record));
  }
  return cursor.status();
}

}  // namespace

Result<ChunkExtent> measure_chunk(Bytes records, int64_t fetch_offset) {
  ChunkExtent extent{.whole = {}, .next_offset = fetch_offset};
  wire::BatchCursor cursor(records);
  while (true) {
    ODK_TRY(const auto batch, cursor.next());
    if (!batch) break;
    extent.next_offset = std::max(extent.next_offset, batch->next_offset());
    ++extent.batch_count;
    extent.leader_epoch = batch->leader_epoch();
  }
  extent.whole = records.first(records.size() - cursor.rest().size());
  if (extent.batch_count == 0 && !records.empty()) {
    return Error(Errc::kLimitExceeded, "the broker cut the first record batch");
  }
  return extent;
}

Result<kafka::RecordBatch> ChunkDecoder::decode(FetchedChunk chunk) {
  auto content = std::make_unique<kafka::RecordBatch::Content>();
  content->fetched = std::move(chunk.batches);
  content->topic = chunk.topic;
  content->partition = chunk.partition;
  content->next_offset = chunk.next_offset;
  content->high_watermark = chunk.high_watermark;

  AbortFilter aborted(std::move(chunk.aborted), chunk.read_committed);
  const auto decode_batch = [&](const wire::BatchView& batch) -> Result<void> {
    if (options_.check_crc) ODK_TRY_VOID(batch.verify_crc());
    content->leader_epoch = batch.leader_epoch();
    if (batch.is_control()) {
      Buffer none;
      ODK_TRY(const Bytes section, wire::records_of(batch, decompressor_, none));
      ODK_TRY(const bool is_abort, is_abort_marker(batch, section));
      if (is_abort) aborted.on_abort_marker(batch);
      return {};
    }
    if (aborted.drops(batch) || batch.last_offset() < chunk.first_offset) return {};
    Buffer unpacked;
    ODK_TRY(const Bytes section, wire::records_of(batch, decompressor_, unpacked));
    // Freezing moves the memory's owner, not the memory: `section` stays valid.
    if (!unpacked.empty()) content->unpacked.push_back(unpacked.freeze());
    content->records.reserve(content->records.size() +
                             static_cast<size_t>(std::max(batch.record_count(), 0)));
    return index_records(batch, section, chunk.first_offset, content->records);
  };
  const auto walked = wire::for_each_batch(content->fetched.bytes(), decode_batch);
  if (!walked) {
    return walked.error().with_context(
        fmt::format("{}-{} at offset {}", *content->topic, content->partition, chunk.first_offset));
  }
  return kafka::RecordBatch(std::move(content));
}

}  // namespace odradek::client
