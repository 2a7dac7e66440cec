#include "log/memory_store.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/assert.h"
#include "wire/endian.h"
#include "wire/record_iterator.h"

namespace odradek::log {
namespace {

using wire::BatchView;
namespace layout = wire::batch_layout;

// Header fields of a stored batch, which was whole when it was appended.
size_t batch_size(const uint8_t* batch) {
  return layout::kPrefixBytes +
         static_cast<size_t>(wire::load_be<int32_t>(batch + layout::kLength));
}
int64_t base_offset(const uint8_t* batch) {
  return wire::load_be<int64_t>(batch + layout::kBaseOffset);
}
int64_t next_offset(const uint8_t* batch) {
  return base_offset(batch) + wire::load_be<int32_t>(batch + layout::kLastOffsetDelta) + 1;
}
int64_t max_timestamp(const uint8_t* batch) {
  return wire::load_be<int64_t>(batch + layout::kMaxTimestamp);
}

// The first record of the batch at or behind `from_offset` that is not earlier.
Result<std::optional<TimedOffset>> search_batch(const BatchView& batch, int64_t timestamp_ms,
                                                int64_t from_offset, Unpacker& unpacker) {
  ODK_TRY(const Bytes records, wire::records_of(batch, unpacker.decompressor, unpacker.scratch));
  wire::RecordCursor cursor(batch, records, wire::RecordMode::kOffsets);
  while (const wire::RecordView* record = cursor.next()) {
    if (record->timestamp_ms < timestamp_ms || record->offset < from_offset) continue;
    return std::optional(TimedOffset{record->offset, record->timestamp_ms, batch.leader_epoch()});
  }
  ODK_TRY_VOID(cursor.status());
  return std::optional<TimedOffset>();
}

}  // namespace

Result<void> MemoryStore::append(const wire::HeaderBytes& header, Bytes stored_records,
                                 int64_t now_ms) {
  const size_t bytes = header.size() + stored_records.size();
  const int64_t base = base_offset(header.data());
  ODK_ASSERT(base >= end_offset_ && batch_size(header.data()) == bytes);
  if (parts_.empty() || parts_.back().chunk->capacity() - parts_.back().chunk->used() < bytes) {
    ODK_TRY_VOID(add_part(bytes, base));
  }
  Part& part = parts_.back();
  const size_t position = part.chunk->used();
  if (part.index.empty() || position - part.index.back().position >= kIndexIntervalBytes) {
    part.index.push_back({base, part.max_timestamp, position});
  }
  uint8_t* at = part.chunk->extend(bytes);
  std::memcpy(at, header.data(), header.size());
  if (!stored_records.empty()) {
    std::memcpy(at + header.size(), stored_records.data(), stored_records.size());
  }
  end_offset_ = part.next_offset = next_offset(header.data());
  part.max_timestamp = std::max(part.max_timestamp, max_timestamp(header.data()));
  part.appended_ms = now_ms;
  size_bytes_ += bytes;
  return {};
}

Result<void> MemoryStore::add_part(size_t batch_bytes, int64_t base_offset) {
  const size_t doubled = parts_.empty() ? 0 : parts_.back().chunk->capacity() * 2;
  const size_t wanted = std::max(batch_bytes, std::min(doubled, ChunkPool::kChunkBytesMax));
  Chunk* chunk = pool_->allocate(wanted);
  if (chunk == nullptr) {
    return Error(Errc::kLimitExceeded, "the system gives no more memory for records");
  }
  Slice memory(chunk, Bytes(chunk->data(), chunk->capacity()));
  parts_.push_back({std::move(memory),
                    chunk,
                    base_offset,
                    base_offset,
                    std::numeric_limits<int64_t>::min(),
                    0,
                    {}});
  return {};
}

std::deque<MemoryStore::Part>::const_iterator MemoryStore::part_of(int64_t offset) const {
  return std::ranges::partition_point(
      parts_, [offset](const Part& part) { return part.next_offset <= offset; });
}

// Where the batch begins that contains `offset` or, behind a hole, follows it.
size_t MemoryStore::position_of(const Part& part, int64_t offset) {
  const auto behind = std::ranges::partition_point(
      part.index, [offset](const IndexEntry& entry) { return entry.offset <= offset; });
  size_t position = behind == part.index.begin() ? 0 : std::prev(behind)->position;
  const size_t end = part.chunk->used();
  while (position < end && next_offset(part.chunk->data() + position) <= offset) {
    position += batch_size(part.chunk->data() + position);
  }
  return position;
}

// The end of the last whole batch within `bytes_max` of `begin`; `begin` when none fits.
size_t MemoryStore::end_within(const Part& part, size_t begin, size_t bytes_max) {
  const size_t used = part.chunk->used();
  if (used - begin <= bytes_max) return used;
  const size_t limit = begin + bytes_max;
  const auto behind = std::ranges::partition_point(
      part.index, [limit](const IndexEntry& entry) { return entry.position <= limit; });
  size_t end = std::max(begin, std::prev(behind)->position);
  while (true) {
    const size_t next = end + batch_size(part.chunk->data() + end);
    if (next > limit) return end;
    end = next;
  }
}

size_t MemoryStore::read(const ReadRange& range, std::vector<Slice>& out) const {
  size_t total = 0;
  for (auto part = part_of(range.offset); part != parts_.end(); ++part) {
    const size_t begin = total == 0 ? position_of(*part, range.offset) : 0;
    size_t used = part->chunk->used();
    if (part->next_offset > range.end_offset) used = position_of(*part, range.end_offset);
    if (begin >= used) break;
    size_t end = std::min(used, end_within(*part, begin, range.bytes_max - total));
    if (end == begin && total == 0 && range.first_batch_whole) {
      end = begin + batch_size(part->chunk->data() + begin);
    }
    if (end == begin) break;
    out.push_back(part->memory.subslice(begin, end - begin));
    total += end - begin;
    if (end < part->chunk->used() || total >= range.bytes_max) break;
  }
  return total;
}

wire::BatchView MemoryStore::batch_at(const Part& part, size_t position) {
  const Bytes rest(part.chunk->data() + position, part.chunk->used() - position);
  Result<BatchView> batch = BatchView::parse(rest);
  ODK_ASSERT(batch.has_value(), "a stored batch does not parse");
  return *batch;
}

Result<std::optional<TimedOffset>> MemoryStore::search_part(const Part& part, int64_t timestamp_ms,
                                                            int64_t from_offset,
                                                            Unpacker& unpacker) {
  // The last entry before which everything is too early.
  const auto behind = std::ranges::partition_point(part.index, [&](const IndexEntry& entry) {
    return entry.max_timestamp_before < timestamp_ms;
  });
  const size_t early = behind == part.index.begin() ? 0 : std::prev(behind)->position;
  size_t position = std::max(early, position_of(part, from_offset));
  while (position < part.chunk->used()) {
    const uint8_t* at = part.chunk->data() + position;
    if (max_timestamp(at) >= timestamp_ms) {
      ODK_TRY(const std::optional<TimedOffset> found,
              search_batch(batch_at(part, position), timestamp_ms, from_offset, unpacker));
      if (found) return found;
    }
    position += batch_size(at);
  }
  return std::optional<TimedOffset>();
}

Result<std::optional<TimedOffset>> MemoryStore::find_by_time(int64_t timestamp_ms,
                                                             int64_t from_offset,
                                                             Unpacker& unpacker) const {
  for (auto part = part_of(from_offset); part != parts_.end(); ++part) {
    if (part->max_timestamp < timestamp_ms) continue;
    ODK_TRY(const std::optional<TimedOffset> found,
            search_part(*part, timestamp_ms, from_offset, unpacker));
    if (found) return found;
  }
  return std::optional<TimedOffset>();
}

Result<std::optional<TimedOffset>> MemoryStore::find_max_timestamp(int64_t from_offset,
                                                                   Unpacker& unpacker) const {
  int64_t largest = std::numeric_limits<int64_t>::min();
  for (auto part = part_of(from_offset); part != parts_.end(); ++part) {
    // Only the first part can hold records that do not count.
    if (part->base_offset >= from_offset) {
      largest = std::max(largest, part->max_timestamp);
      continue;
    }
    for (size_t position = position_of(*part, from_offset); position < part->chunk->used();
         position += batch_size(part->chunk->data() + position)) {
      largest = std::max(largest, max_timestamp(part->chunk->data() + position));
    }
  }
  return find_by_time(largest, from_offset, unpacker);
}

int64_t MemoryStore::drop_before(int64_t offset) {
  while (!parts_.empty() && parts_.front().next_offset <= offset) {
    size_bytes_ -= parts_.front().chunk->used();
    parts_.pop_front();
  }
  return first_offset();
}

std::optional<BatchStore::Segment> MemoryStore::oldest_segment() const {
  if (parts_.empty()) return std::nullopt;
  const Part& part = parts_.front();
  return Segment{part.base_offset, part.next_offset, part.max_timestamp, part.appended_ms,
                 part.chunk->used()};
}

int64_t MemoryStore::first_offset() const {
  return parts_.empty() ? end_offset_ : parts_.front().base_offset;
}

}  // namespace odradek::log
