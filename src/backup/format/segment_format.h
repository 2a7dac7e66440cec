#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/slice.h"

// The pieces of a backup segment and how they are laid out in bytes.
// Source: docs/formats/backup-segment.md.
namespace odradek::backup {

inline constexpr uint32_t kSkippableMagic = 0x184D2A5B;
inline constexpr size_t kSkippableHeaderBytes = 8;
inline constexpr size_t kFooterBytes = 160;

using Sha256 = std::array<uint8_t, 32>;
using Xxh128 = std::array<uint8_t, 16>;

struct SegmentHeader {
  std::string topic;
  Uuid topic_id;
  int32_t partition = 0;
  int64_t first_offset = 0;
  uint32_t incarnation = 1;
  uint32_t writer_epoch = 0;
  Uuid backup_set;
  TimestampMs created_ms = 0;
  uint32_t dictionary_id = 0;

  bool operator==(const SegmentHeader&) const = default;
};

// What BatchEntry::flags says of a batch.
inline constexpr uint16_t kBatchCommitMarker = 1U << 0U;
inline constexpr uint16_t kBatchAbortMarker = 1U << 1U;
inline constexpr uint16_t kBatchTransactional = 1U << 2U;
inline constexpr uint16_t kBatchLogAppendTime = 1U << 3U;
inline constexpr uint16_t kBatchHasHoles = 1U << 4U;
inline constexpr unsigned kBatchCodecShift = 5;
inline constexpr uint16_t kBatchCodecMask = 7U << kBatchCodecShift;
inline constexpr uint16_t kBatchTranscoded = 1U << 8U;
inline constexpr uint16_t kBatchOtherControl = 1U << 9U;
inline constexpr uint16_t kBatchControlMask =
    kBatchCommitMarker | kBatchAbortMarker | kBatchOtherControl;

struct FrameEntry {
  uint64_t position = 0;  // in the object
  uint64_t stored_bytes = 0;
  uint64_t raw_bytes = 0;

  bool operator==(const FrameEntry&) const = default;
};

struct BatchEntry {
  uint32_t frame = 0;
  uint32_t position = 0;  // in the decompressed frame
  int64_t base_offset = 0;
  int64_t last_offset = 0;
  int32_t record_count = 0;
  TimestampMs min_timestamp = 0;
  TimestampMs max_timestamp = 0;
  int32_t leader_epoch = -1;
  uint16_t flags = 0;

  bool is_control() const { return (flags & kBatchControlMask) != 0; }
  bool operator==(const BatchEntry&) const = default;
};

struct SegmentIndex {
  std::vector<FrameEntry> frames;
  std::vector<BatchEntry> batches;

  bool operator==(const SegmentIndex&) const = default;
};

struct SegmentFooter {
  uint64_t index_position = 0;
  uint32_t index_bytes = 0;  // the whole skippable frame
  uint32_t frame_count = 0;
  uint32_t batch_count = 0;
  uint32_t control_batch_count = 0;
  uint64_t record_count = 0;
  int64_t first_offset = 0;
  int64_t last_offset = -1;
  int64_t covered_start = 0;
  int64_t covered_end = -1;  // inclusive
  TimestampMs min_timestamp = -1;
  TimestampMs max_timestamp = -1;
  uint64_t raw_bytes = 0;
  Xxh128 raw_xxh128{};
  Sha256 sha256{};  // of the object before this field

  bool operator==(const SegmentFooter&) const = default;
};

// Each encode gives whole skippable frames; each decode takes one, and checks all it can check
// alone. Errors: kMalformed, kChecksum, kUnsupported (a newer version), with the reason.
Slice encode_header(const SegmentHeader& header);
Result<SegmentHeader> decode_header(Bytes frame);
Result<Slice> encode_index(const SegmentIndex& index);
Result<SegmentIndex> decode_index(Bytes frame);
// The footer up to its SHA-256 field, and the rest once the hash is known.
inline constexpr size_t kFooterHashedBytes = 120;
Slice encode_footer_head(const SegmentFooter& footer);
Slice encode_footer(const SegmentFooter& footer);
Result<SegmentFooter> decode_footer(Bytes last_bytes);  // exactly kFooterBytes

// The length of the skippable frame that begins here. kMalformed when it is none.
Result<uint64_t> skippable_frame_bytes(Bytes begin);

}  // namespace odradek::backup
