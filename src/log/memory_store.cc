#include "log/memory_store.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "log/stored_batch.h"

namespace odradek::log {
namespace {

using stored::base_offset;
using stored::max_timestamp;
using stored::next_offset;
using wire::BatchView;

size_t batch_size(const uint8_t* batch) { return stored::size(batch); }

}  // namespace

Result<void> MemoryStore::append(const wire::HeaderBytes& header, Bytes stored_records,
                                 int64_t now_ms) {
  const int64_t base = base_offset(header.data());
  ODK_ASSERT(base >= end_offset_);
  if (std::exchange(must_roll_, false) && !parts_.empty()) {
    ODK_TRY_VOID(add_part(parts_, header.size() + stored_records.size(), base, now_ms));
  }
  ODK_TRY_VOID(put(parts_, header, stored_records, now_ms));
  end_offset_ = next_offset(header.data());
  size_bytes_ += header.size() + stored_records.size();
  return {};
}

Result<void> MemoryStore::put(std::deque<Part>& parts, Bytes header, Bytes rest, int64_t now_ms) {
  const size_t bytes = header.size() + rest.size();
  const int64_t base = base_offset(header.data());
  ODK_ASSERT(batch_size(header.data()) == bytes);
  if (parts.empty() || parts.back().chunk->capacity() - parts.back().chunk->used() < bytes) {
    ODK_TRY_VOID(add_part(parts, bytes, base, now_ms));
  }
  Part& part = parts.back();
  const size_t position = part.chunk->used();
  if (part.index.empty() || position - part.index.back().position >= kIndexIntervalBytes) {
    part.index.push_back({base, part.max_timestamp, position});
  }
  uint8_t* at = part.chunk->extend(bytes);
  std::memcpy(at, header.data(), header.size());
  if (!rest.empty()) std::memcpy(at + header.size(), rest.data(), rest.size());
  part.next_offset = next_offset(header.data());
  part.max_timestamp = std::max(part.max_timestamp, max_timestamp(header.data()));
  part.appended_ms = now_ms;
  return {};
}

Result<void> MemoryStore::add_part(std::deque<Part>& parts, size_t batch_bytes, int64_t base_offset,
                                   int64_t now_ms) {
  const size_t doubled = parts.empty() ? 0 : parts.back().chunk->capacity() * 2;
  const size_t wanted = std::max(batch_bytes, std::min(doubled, ChunkPool::kChunkBytesMax));
  Chunk* chunk = pool_->allocate(wanted);
  if (chunk == nullptr) {
    return Error(Errc::kLimitExceeded, "the system gives no more memory for records");
  }
  Slice memory(chunk, Bytes(chunk->data(), chunk->capacity()));
  parts.push_back({std::move(memory),
                   chunk,
                   base_offset,
                   base_offset,
                   std::numeric_limits<int64_t>::min(),
                   now_ms,
                   now_ms,
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

Result<size_t> MemoryStore::read(const ReadRange& range, std::vector<Slice>& out) const {
  size_t total = 0;
  for (auto part = part_of(range.offset); part != parts_.end(); ++part) {
    const size_t begin = total == 0 ? position_of(*part, range.offset) : 0;
    size_t used = part->chunk->used();
    if (part->next_offset > range.end_offset) used = position_of(*part, range.end_offset);
    if (begin >= used) {
      if (part->next_offset > range.end_offset) break;
      continue;  // compaction left nothing behind the offset here
    }
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
              stored::search(batch_at(part, position), timestamp_ms, from_offset, unpacker));
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

BatchStore::Segment MemoryStore::segment_of(const Part& part) {
  return {part.base_offset, part.next_offset, part.max_timestamp, max_timestamp(part.chunk->data()),
          part.created_ms,  part.appended_ms, part.chunk->used()};
}

std::vector<BatchStore::Segment> MemoryStore::segments() const {
  std::vector<Segment> all;
  all.reserve(parts_.size());
  for (const Part& part : parts_) all.push_back(segment_of(part));
  return all;
}

std::optional<BatchStore::Segment> MemoryStore::oldest_segment() const {
  if (parts_.empty()) return std::nullopt;
  return segment_of(parts_.front());
}

std::optional<BatchStore::Segment> MemoryStore::newest_segment() const {
  if (parts_.empty() || must_roll_) return std::nullopt;
  return segment_of(parts_.back());
}

Result<void> MemoryStore::roll(int64_t /*now_ms*/) {
  must_roll_ = true;
  return {};
}

class MemoryStore::Writer final : public SegmentWriter {
 public:
  Writer(MemoryStore& store, int64_t first_base, int64_t last_base)
      : store_(store), first_base_(first_base), last_base_(last_base) {}

  Result<void> append(Bytes batch) override {
    size_bytes_ += batch.size();
    return store_.put(parts_, batch, {}, 0);
  }
  size_t size_bytes() const override { return size_bytes_; }
  Result<std::function<Result<void>()>> sync_work() override {
    return std::function<Result<void>()>([] { return Result<void>(); });
  }
  Result<void> finish() override {
    store_.put_in_place(first_base_, last_base_, std::move(parts_));
    return {};
  }

 private:
  MemoryStore& store_;
  int64_t first_base_;
  int64_t last_base_;
  std::deque<Part> parts_;
  size_t size_bytes_ = 0;
};

Result<std::unique_ptr<SegmentWriter>> MemoryStore::replace(int64_t first_base, int64_t last_base) {
  return std::unique_ptr<SegmentWriter>(std::make_unique<Writer>(*this, first_base, last_base));
}

void MemoryStore::put_in_place(int64_t first_base, int64_t last_base, std::deque<Part> parts) {
  const auto first = std::ranges::find_if(
      parts_, [&](const Part& part) { return part.base_offset >= first_base; });
  const auto last = std::find_if(first, parts_.end(),
                                 [&](const Part& part) { return part.base_offset > last_base; });
  if (first == last) return;  // retention was faster
  for (auto old = first; old != last; ++old) size_bytes_ -= old->chunk->used();
  if (!parts.empty()) {
    for (Part& part : parts) {
      size_bytes_ += part.chunk->used();
      part.appended_ms = std::prev(last)->appended_ms;
    }
    parts.back().next_offset = std::prev(last)->next_offset;
  }
  const auto behind = parts_.erase(first, last);
  parts_.insert(behind, std::make_move_iterator(parts.begin()),
                std::make_move_iterator(parts.end()));
}

int64_t MemoryStore::first_offset() const {
  return parts_.empty() ? end_offset_ : parts_.front().base_offset;
}

}  // namespace odradek::log
