#include <fmt/format.h>
#include <zstd.h>

#include "backup/format/little_endian.h"
#include "backup/format/segment_format.h"
#include "backup/format/zstd_frame.h"

namespace odradek::backup {
namespace {

constexpr std::string_view kIndexMagic = "ODRKIDX1";
constexpr int kIndexLevel = 3;
// Bounds what a damaged or hostile index can make us allocate: 16 bytes a batch is generous, and
// a segment of ten million batches is beyond anything the writer makes.
constexpr uint64_t kIndexRawBytesMax = 256ULL * 1024 * 1024;
constexpr int64_t kEntriesMax = 10'000'000;

class ColumnWriter {
 public:
  void put(int64_t value) {
    uint64_t raw = (static_cast<uint64_t>(value) << 1U) ^ static_cast<uint64_t>(value >> 63);
    while (raw >= 0x80) {
      put_little_endian(out_, static_cast<uint8_t>(raw | 0x80U));
      raw >>= 7U;
    }
    put_little_endian(out_, static_cast<uint8_t>(raw));
  }
  // Differences wrap around, so that any two values have one.
  void put_difference(int64_t value, int64_t before) {
    put(static_cast<int64_t>(static_cast<uint64_t>(value) - static_cast<uint64_t>(before)));
  }
  Bytes bytes() const { return out_.bytes(); }

 private:
  Buffer out_;
};

class ColumnReader {
 public:
  explicit ColumnReader(Bytes bytes) : reader_(bytes) {}

  int64_t take() {
    uint64_t raw = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      const auto byte = reader_.take<uint8_t>();
      raw |= uint64_t{byte & 0x7FU} << (shift & 63U);
      if (byte < 0x80) return static_cast<int64_t>((raw >> 1U) ^ (~(raw & 1U) + 1U));
    }
    overlong_ = true;
    return 0;
  }
  int64_t take_difference(int64_t before) {
    return static_cast<int64_t>(static_cast<uint64_t>(take()) + static_cast<uint64_t>(before));
  }
  bool ok() const { return reader_.ok() && !overlong_; }
  size_t remaining() const { return reader_.remaining(); }

 private:
  LittleEndianReader reader_;
  bool overlong_ = false;
};

// Calls action(entry, entry before) for each entry: one column.
template <class Entries, class Action>
void column(Entries& entries, Action action) {
  typename std::remove_const_t<Entries>::value_type before{};
  for (auto& entry : entries) {
    action(entry, before);
    before = entry;
  }
}

void put_columns(ColumnWriter& out, const SegmentIndex& index) {
  out.put(static_cast<int64_t>(index.frames.size()));
  out.put(static_cast<int64_t>(index.batches.size()));
  column(index.frames, [&](const auto& e, const auto& before) {
    out.put_difference(static_cast<int64_t>(e.position), static_cast<int64_t>(before.position));
  });
  column(index.frames,
         [&](const auto& e, const auto&) { out.put(static_cast<int64_t>(e.stored_bytes)); });
  column(index.frames,
         [&](const auto& e, const auto&) { out.put(static_cast<int64_t>(e.raw_bytes)); });
  const auto& batches = index.batches;
  column(batches, [&](const auto& e, const auto& b) { out.put_difference(e.frame, b.frame); });
  column(batches, [&](const auto& e, const auto&) { out.put(e.position); });
  column(batches,
         [&](const auto& e, const auto& b) { out.put_difference(e.base_offset, b.last_offset); });
  column(batches,
         [&](const auto& e, const auto&) { out.put_difference(e.last_offset, e.base_offset); });
  column(batches, [&](const auto& e, const auto&) { out.put(e.record_count); });
  column(batches, [&](const auto& e, const auto& b) {
    out.put_difference(e.min_timestamp, b.min_timestamp);
  });
  column(batches,
         [&](const auto& e, const auto&) { out.put_difference(e.max_timestamp, e.min_timestamp); });
  column(batches,
         [&](const auto& e, const auto& b) { out.put_difference(e.leader_epoch, b.leader_epoch); });
  column(batches, [&](const auto& e, const auto&) { out.put(e.flags); });
}

void take_columns(ColumnReader& in, SegmentIndex& index) {
  column(index.frames, [&](auto& e, const auto& before) {
    e.position = static_cast<uint64_t>(in.take_difference(static_cast<int64_t>(before.position)));
  });
  column(index.frames,
         [&](auto& e, const auto&) { e.stored_bytes = static_cast<uint64_t>(in.take()); });
  column(index.frames,
         [&](auto& e, const auto&) { e.raw_bytes = static_cast<uint64_t>(in.take()); });
  auto& batches = index.batches;
  column(batches, [&](auto& e, const auto& b) {
    e.frame = static_cast<uint32_t>(in.take_difference(b.frame));
  });
  column(batches, [&](auto& e, const auto&) { e.position = static_cast<uint32_t>(in.take()); });
  // The difference needs the last offset of the batch before, which comes one column later: the
  // base offset column is kept as it is and resolved with it.
  column(batches, [&](auto& e, const auto&) { e.base_offset = in.take(); });
  int64_t last_before = 0;
  for (BatchEntry& e : batches) {
    e.base_offset = static_cast<int64_t>(static_cast<uint64_t>(e.base_offset) +
                                         static_cast<uint64_t>(last_before));
    e.last_offset = in.take_difference(e.base_offset);
    last_before = e.last_offset;
  }
  column(batches, [&](auto& e, const auto&) { e.record_count = static_cast<int32_t>(in.take()); });
  column(batches,
         [&](auto& e, const auto& b) { e.min_timestamp = in.take_difference(b.min_timestamp); });
  column(batches,
         [&](auto& e, const auto&) { e.max_timestamp = in.take_difference(e.min_timestamp); });
  column(batches, [&](auto& e, const auto& b) {
    e.leader_epoch = static_cast<int32_t>(in.take_difference(b.leader_epoch));
  });
  column(batches, [&](auto& e, const auto&) { e.flags = static_cast<uint16_t>(in.take()); });
}

}  // namespace

Result<Slice> encode_index(const SegmentIndex& index) {
  ColumnWriter columns;
  put_columns(columns, index);
  ODK_TRY(const Slice compressed, pack_zstd(columns.bytes(), kIndexLevel));
  Buffer frame;
  put_little_endian(frame, kSkippableMagic);
  put_little_endian(frame, static_cast<uint32_t>(kIndexMagic.size() + compressed.size()));
  frame.append(kIndexMagic);
  frame.append(compressed.bytes());
  return frame.freeze();
}

Result<SegmentIndex> decode_index(Bytes frame) {
  ODK_TRY(const uint64_t size, skippable_frame_bytes(frame));
  if (size != frame.size()) return Error(Errc::kMalformed, "segment: index has the wrong length");
  const Bytes content = frame.subspan(kSkippableHeaderBytes);
  if (!as_text(content).starts_with(kIndexMagic)) {
    return Error(Errc::kMalformed, "segment: index does not begin with ODRKIDX1");
  }
  const Bytes compressed = content.subspan(kIndexMagic.size());
  const auto raw_bytes = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
  if (raw_bytes > kIndexRawBytesMax) {  // also ZSTD_CONTENTSIZE_ERROR and _UNKNOWN
    return Error(Errc::kMalformed, "segment: index is no zstd frame of known size");
  }
  ZstdFrameReader zstd;
  ODK_TRY(const Slice raw, zstd.decompress(compressed, raw_bytes));

  ColumnReader columns(raw.bytes());
  const int64_t frames = columns.take();
  const int64_t batches = columns.take();
  const auto bytes = static_cast<int64_t>(raw.size());
  if (!columns.ok() || frames < 0 || batches < 0 || frames > kEntriesMax || batches > kEntriesMax ||
      frames > bytes || batches > bytes) {
    return Error(Errc::kMalformed,
                 fmt::format("segment: index of {} frames and {} batches in {} bytes", frames,
                             batches, raw.size()));
  }
  SegmentIndex index;
  index.frames.resize(static_cast<size_t>(frames));
  index.batches.resize(static_cast<size_t>(batches));
  take_columns(columns, index);
  if (!columns.ok() || columns.remaining() != 0) {
    return Error(Errc::kMalformed, "segment: index columns have the wrong length");
  }
  return index;
}

}  // namespace odradek::backup
