#include "log/disk/disk_store.h"

#include <algorithm>

#include "base/log.h"
#include "log/disk/segment_files.h"
#include "log/stored_batch.h"

namespace odradek::log {

Result<void> DiskStore::append(const wire::HeaderBytes& header, Bytes stored_records,
                               int64_t now_ms) {
  ODK_ASSERT(stored::base_offset(header.data()) >= end_offset());
  if (is_full_for(stored::next_offset(header.data()) - 1)) ODK_TRY_VOID(roll(now_ms));
  ODK_TRY_VOID(segments_.back()->append(header, stored_records, options_.index, now_ms));
  size_bytes_ += header.size() + stored_records.size();
  return {};
}

bool DiskStore::is_full_for(int64_t last_offset) const {
  return segments_.back()->is_full_for(last_offset, options_.index);
}

Result<void> DiskStore::roll(int64_t now_ms) {
  log::Segment& last = *segments_.back();
  if (last.size_bytes() == 0 && last.base_offset() == last.next_offset()) return {};
  last.seal();
  write_indexes(last);
  return add_segment(last.next_offset(), now_ms);
}

Result<void> DiskStore::add_segment(int64_t base_offset, int64_t now_ms) {
  auto segment = std::make_unique<log::Segment>(cache_, options_.directory, base_offset, "");
  ODK_TRY_VOID(segment->create(now_ms));
  segments_.push_back(std::move(segment));
  ++name_changes_;
  return {};
}

// The segment whose range contains the offset.
size_t DiskStore::segment_at(int64_t offset) const {
  const auto behind = std::ranges::partition_point(
      segments_, [offset](const SegmentPointer& each) { return each->base_offset() <= offset; });
  return behind == segments_.begin() ? 0 : static_cast<size_t>(behind - segments_.begin()) - 1;
}

Result<uint32_t> DiskStore::position_in(const log::Segment& segment, int64_t offset) const {
  if (offset >= segment.next_offset()) return segment.size_bytes();
  for (const ReadEnd& end : read_ends_) {
    if (end.offset == offset && end.segment == &segment) return end.position;
  }
  return segment.position_of(offset);
}

void DiskStore::remember(const log::Segment& segment, int64_t offset, uint32_t position) const {
  read_ends_[next_read_end_++ % kReadEnds] = {&segment, offset, position};
}

Result<size_t> DiskStore::read(const ReadRange& range, std::vector<Slice>& out) const {
  size_t total = 0;
  for (size_t index = segment_at(range.offset); index < segments_.size(); ++index) {
    const log::Segment& segment = *segments_[index];
    if (segment.base_offset() >= range.end_offset) break;
    ODK_TRY(uint32_t position, position_in(segment, range.offset));
    ODK_TRY(const uint32_t limit, position_in(segment, range.end_offset));
    while (position < limit) {
      const bool first_whole = total == 0 && range.first_batch_whole;
      const size_t room = range.bytes_max - std::min(total, range.bytes_max);
      if (room == 0 && !first_whole) return total;
      ODK_TRY(log::Segment::Chunk chunk, segment.read(position, limit, room, first_whole));
      if (chunk.batches.empty()) return total;
      position += static_cast<uint32_t>(chunk.batches.size());
      total += chunk.batches.size();
      remember(segment, chunk.next_offset, position);
      out.push_back(std::move(chunk.batches));
    }
  }
  return total;
}

Result<std::optional<TimedOffset>> DiskStore::find_by_time(int64_t timestamp_ms,
                                                           int64_t from_offset,
                                                           Unpacker& unpacker) const {
  for (size_t index = segment_at(from_offset); index < segments_.size(); ++index) {
    const log::Segment& segment = *segments_[index];
    if (segment.max_timestamp_ms() < timestamp_ms) continue;
    ODK_TRY(const std::optional<TimedOffset> found,
            segment.find_by_time(timestamp_ms, from_offset, unpacker));
    if (found) return found;
  }
  return std::optional<TimedOffset>();
}

Result<std::optional<TimedOffset>> DiskStore::find_max_timestamp(int64_t from_offset,
                                                                 Unpacker& unpacker) const {
  int64_t largest = -1;
  for (size_t index = segment_at(from_offset); index < segments_.size(); ++index) {
    ODK_TRY(const int64_t each, segments_[index]->max_timestamp_from(from_offset));
    largest = std::max(largest, each);
  }
  return find_by_time(largest, from_offset, unpacker);
}

std::vector<BatchStore::Segment> DiskStore::segments() const {
  std::vector<BatchStore::Segment> all;
  all.reserve(segments_.size());
  for (const SegmentPointer& segment : segments_) all.push_back(segment->summary());
  return all;
}

std::optional<BatchStore::Segment> DiskStore::oldest_segment() const {
  if (segments_.size() == 1 && segments_.front()->size_bytes() == 0) return std::nullopt;
  return segments_.front()->summary();
}

std::optional<BatchStore::Segment> DiskStore::newest_segment() const {
  if (segments_.back()->size_bytes() == 0) return std::nullopt;
  return segments_.back()->summary();
}

int64_t DiskStore::drop_before(int64_t offset) {
  if (end_offset() <= offset && segments_.back()->size_bytes() > 0) {
    // The offset the log goes on with is kept as the name of an empty segment.
    if (const Result<void> rolled = roll(0); !rolled) {
      ODK_LOG(warn, "the last segment stays", kv("directory", options_.directory),
              kv("reason", rolled.error().message()));
    }
  }
  while (segments_.size() > 1 && segments_[1]->base_offset() <= offset) {
    if (!retire(segments_.front())) break;
    segments_.pop_front();
  }
  return first_offset();
}

// Gives the files names that nobody loads, to be removed later.
bool DiskStore::retire(SegmentPointer& segment) {
  read_ends_.fill({});
  if (const Result<void> renamed = segment->rename_files(kDeletedSuffix); !renamed) {
    ODK_LOG(warn, "a segment cannot be deleted", kv("directory", options_.directory),
            kv("offset", segment->base_offset()), kv("reason", renamed.error().message()));
    return false;
  }
  ++name_changes_;
  size_bytes_ -= segment->size_bytes();
  doomed_.push_back({std::move(segment)});
  return true;
}

void DiskStore::configure(const LogConfig& config) {
  options_.index.interval_bytes = static_cast<uint32_t>(config.index_interval_bytes);
  options_.index.bytes_max = static_cast<uint32_t>(config.index_bytes_max);
  options_.file_delete_delay_ms = config.file_delete_delay_ms;
}

void DiskStore::tidy(int64_t now_ms) {
  for (Doomed& each : doomed_) {
    if (each.due_ms < 0) each.due_ms = now_ms + options_.file_delete_delay_ms;
  }
  while (!doomed_.empty() && doomed_.front().due_ms <= now_ms) {
    if (const Result<void> removed = doomed_.front().segment->remove_files(); !removed) {
      ODK_LOG(warn, "a deleted segment cannot be removed", kv("reason", removed.error().message()));
    }
    doomed_.pop_front();
  }
}

Result<BatchStore::Flush> DiskStore::begin_flush() {
  std::vector<std::shared_ptr<File>> dirty;
  for (const SegmentPointer& segment : segments_) {
    const bool is_last = segment == segments_.back();
    if (segment->next_offset() <= flushed_offset_ && (is_last || segment->indexes_safe())) continue;
    // Indexes can be made anew: without space for them the batches become safe all the same.
    const bool has_indexes = write_indexes(*segment);
    ODK_TRY(std::vector<std::shared_ptr<File>> files, segment->share_files());
    if (is_last || !has_indexes) {
      files.resize(1);
    } else {
      segment->set_indexes_safe(true);
    }
    for (auto& file : files) dirty.push_back(std::move(file));
  }
  name_changes_begun_ = name_changes_;
  // One that never had a record is made again when it is missing.
  const bool is_new = end_offset() == 0;
  std::string directory = is_new || name_changes_ == name_changes_safe_ ? "" : options_.directory;
  return Flush{end_offset(),
               [dirty = std::move(dirty), directory = std::move(directory),
                &files = cache_.files()]() -> Result<void> {
                 for (const auto& file : dirty) ODK_TRY_VOID(file->sync());
                 if (directory.empty()) return {};
                 return files.sync_directory(directory);
               }};
}

void DiskStore::flushed(int64_t end_offset) {
  flushed_offset_ = std::max(flushed_offset_, end_offset);
  name_changes_safe_ = name_changes_begun_;
}

}  // namespace odradek::log
