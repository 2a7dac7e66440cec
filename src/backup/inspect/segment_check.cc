#include "backup/inspect/segment_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/open_store.h"
#include "wire/record_iterator.h"

namespace odradek::backup {
namespace {

// Looks at one frame after the other and goes on behind a fault.
class SegmentCheck {
 public:
  explicit SegmentCheck(SegmentReader& reader) : reader_(reader) {}

  Result<std::vector<std::string>> run() {
    ODK_TRY_VOID(note(reader_.check_sha256()));
    size_t first = 0;
    for (size_t frame = 0; frame < reader_.index().frames.size(); ++frame) {
      const size_t end = batches_end(frame, first);
      ODK_TRY_VOID(check_frame(frame, first, end));
      first = end;
    }
    // What only shows in the sum of all frames.
    if (faults_.empty()) ODK_TRY_VOID(note(reader_.verify()));
    return std::move(faults_);
  }

 private:
  Result<void> note(const Result<void>& checked) {
    if (checked) return {};
    if (!is_damage(checked.error())) return checked.error();
    faults_.push_back(checked.error().to_string());
    return {};
  }

  size_t batches_end(size_t frame, size_t first) const {
    const auto& batches = reader_.index().batches;
    while (first < batches.size() && batches[first].frame == frame) ++first;
    return first;
  }

  Result<void> check_frame(size_t frame, size_t first, size_t end) {
    const auto& batches = reader_.index().batches;
    const Result<Slice> content = reader_.read_frame(frame);
    if (!content) {
      if (!is_damage(content.error())) return content.error();
      faults_.push_back(fmt::format("{}: offsets {}..{} cannot be read",
                                    content.error().to_string(), batches[first].base_offset,
                                    batches[end - 1].last_offset));
      return {};
    }
    for (size_t i = first; i < end; ++i) {
      if (const Result<void> checked = check_batch(*content, i); !checked) {
        faults_.push_back(fmt::format("object {}: batch {} at offset {}: {}", reader_.key(), i,
                                      batches[i].base_offset, checked.error().to_string()));
      }
    }
    return {};
  }

  Result<void> check_batch(const Slice& content, size_t number) {
    const BatchEntry& entry = reader_.index().batches[number];
    ODK_TRY(const Slice bytes, reader_.batch(content, number));
    ODK_TRY(const wire::BatchView batch, wire::BatchView::parse(bytes.bytes()));
    ODK_TRY_VOID(batch.verify_crc());
    ODK_TRY(const Bytes records, wire::records_of(batch, decompressor_, scratch_));
    wire::RecordCursor cursor(batch, records);
    TimestampMs smallest = batch.max_timestamp();
    while (const wire::RecordView* record = cursor.next()) {
      smallest = std::min(smallest, record->timestamp_ms);
    }
    ODK_TRY_VOID(cursor.status());
    if (smallest != entry.min_timestamp || batch.max_timestamp() != entry.max_timestamp) {
      return Error(Errc::kMalformed, "other timestamps than the index says");
    }
    if (batch.base_offset() != entry.base_offset || batch.last_offset() != entry.last_offset ||
        batch.record_count() != entry.record_count || batch.is_control() != entry.is_control()) {
      return Error(Errc::kMalformed, "another batch than the index says");
    }
    return {};
  }

  SegmentReader& reader_;
  wire::Decompressor decompressor_;
  Buffer scratch_;
  std::vector<std::string> faults_;
};

}  // namespace

bool is_damage(const Error& error) {
  // The cloud's own complaints, "throttled" or "changed on the way", say nothing of the object.
  if (store::is_about_store(error)) return error.code() == Errc::kNotFound;
  switch (error.code()) {
    case Errc::kMalformed:
    case Errc::kChecksum:
    case Errc::kNotFound:
    case Errc::kLimitExceeded:
    case Errc::kUnsupported: return true;
    default: return false;  // the store itself failed: that says nothing about the archive
  }
}

Result<std::vector<std::string>> find_faults(SegmentReader& reader) {
  return SegmentCheck(reader).run();
}

}  // namespace odradek::backup
