#include "backup/restore/record_hash.h"

#include <cstring>

namespace odradek::backup {

RecordHash::RecordHash() : state_(XXH3_createState()) {
  ODK_ASSERT(state_ != nullptr);
  XXH3_128bits_reset(state_.get());
}

Result<void> RecordHash::add(const wire::BatchView& batch, int64_t from_offset) {
  if (batch.is_control()) return {};
  ODK_TRY(const Bytes records, wire::records_of(batch, decompressor_, scratch_));
  wire::RecordCursor cursor(batch, records, wire::RecordMode::kOffsets);
  while (const wire::RecordView* record = cursor.next()) {
    if (record->offset < from_offset) continue;
    // The payload is key, value and headers with their lengths: nothing can move between them.
    const uint64_t frame[2] = {static_cast<uint64_t>(record->timestamp_ms), record->payload.size()};
    XXH3_128bits_update(state_.get(), frame, sizeof frame);
    XXH3_128bits_update(state_.get(), record->payload.data(), record->payload.size());
    ++records_;
  }
  return cursor.status();
}

Xxh128 RecordHash::digest() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_.get()));
  Xxh128 bytes{};
  std::memcpy(bytes.data(), canonical.digest, bytes.size());
  return bytes;
}

}  // namespace odradek::backup
