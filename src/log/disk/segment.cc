#include "log/disk/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "log/disk/segment_files.h"
#include "log/stored_batch.h"

namespace odradek::log {
namespace {

constexpr size_t kOffsetEntryBytes = 8;
constexpr size_t kTimeEntryBytes = 12;

int32_t relative_offset(const IndexFile::Entry& entry, size_t at) {
  return wire::load_be<int32_t>(entry.data() + at);
}

}  // namespace

Segment::Segment(FileCache& cache, std::string directory, int64_t base_offset,
                 std::string_view suffix)
    : directory_(std::move(directory)),
      suffix_(suffix),
      base_offset_(base_offset),
      next_offset_(base_offset),
      max_timestamp_offset_(base_offset),
      log_(cache, segment_path(directory_, base_offset, kLogSuffix) + suffix_),
      index_(cache, segment_path(directory_, base_offset, kIndexSuffix) + suffix_,
             kOffsetEntryBytes),
      time_index_(cache, segment_path(directory_, base_offset, kTimeIndexSuffix) + suffix_,
                  kTimeEntryBytes) {}

Result<void> Segment::create(int64_t now_ms) {
  created_ms_ = appended_ms_ = now_ms;
  ODK_TRY(File* const file, log_.get(OpenMode::kCreate));
  ODK_TRY_VOID(file->truncate(0));
  begin_indexes();
  return {};
}

void Segment::begin_indexes() {
  index_.reset();
  time_index_.reset();
  bytes_since_entry_ = 0;
  max_timestamp_ms_ = last_time_entry_ms_ = first_timestamp_ms_ = -1;
  max_timestamp_offset_ = next_offset_ = base_offset_;
}

// Counts a batch that is in the log (or will be, when its append succeeds).
void Segment::take(const StoredHeader& batch, const IndexConfig& config) {
  const int64_t last_offset = batch.next_offset - 1;
  if (batch.position == 0) first_timestamp_ms_ = batch.max_timestamp_ms;
  if (batch.max_timestamp_ms > max_timestamp_ms_) {
    max_timestamp_ms_ = batch.max_timestamp_ms;
    max_timestamp_offset_ = last_offset;
  }
  if (bytes_since_entry_ > config.interval_bytes) {
    std::array<uint8_t, kOffsetEntryBytes> entry{};
    wire::store_be(entry.data(), static_cast<int32_t>(last_offset - base_offset_));
    wire::store_be(entry.data() + 4, static_cast<int32_t>(batch.position));
    index_.append(entry);
    add_time_entry();
    bytes_since_entry_ = 0;
  }
  bytes_since_entry_ += batch.size;
  next_offset_ = batch.next_offset;
  size_ = batch.end();
}

void Segment::add_time_entry() {
  if (max_timestamp_ms_ <= last_time_entry_ms_) return;
  std::array<uint8_t, kTimeEntryBytes> entry{};
  wire::store_be(entry.data(), max_timestamp_ms_);
  wire::store_be(entry.data() + 8, static_cast<int32_t>(max_timestamp_offset_ - base_offset_));
  time_index_.append(entry);
  last_time_entry_ms_ = max_timestamp_ms_;
}

Result<void> Segment::append(Bytes header, Bytes stored_records, const IndexConfig& config,
                             int64_t now_ms) {
  ODK_TRY(File* const file, log_.get());
  if (torn_) {
    ODK_TRY_VOID(file->truncate(size_));
    torn_ = false;
  }
  const std::array<Bytes, 2> parts{header, stored_records};
  Result<void> written = file->write_at(size_, parts);
  if (!written) {
    torn_ = !file->truncate(size_);
    return written;
  }
  take({size_, static_cast<uint32_t>(header.size() + stored_records.size()),
        stored::base_offset(header.data()), stored::next_offset(header.data()),
        stored::max_timestamp(header.data())},
       config);
  appended_ms_ = now_ms;
  if (created_ms_ == 0) created_ms_ = now_ms;
  return {};
}

bool Segment::is_full_for(int64_t last_offset, const IndexConfig& config) const {
  return last_offset - base_offset_ > std::numeric_limits<int32_t>::max() ||
         index_.size_bytes() + kOffsetEntryBytes > config.bytes_max ||
         time_index_.size_bytes() + kTimeEntryBytes > config.bytes_max ||
         size_ > uint32_t{std::numeric_limits<int32_t>::max()} / 2;
}

void Segment::seal() { add_time_entry(); }

Result<void> Segment::write_indexes() {
  ODK_TRY_VOID(index_.flush());
  return time_index_.flush();
}

Result<void> Segment::load(const IndexConfig& config, std::optional<int64_t> next_base) {
  ODK_TRY(const File* const file, log_.get());
  ODK_TRY(const uint64_t bytes, file->size());
  if (bytes > std::numeric_limits<int32_t>::max()) {
    return Error(Errc::kMalformed, fmt::format("{} is larger than 2 GiB", log_.path()));
  }
  size_ = static_cast<uint32_t>(bytes);
  indexes_safe_ = true;
  if (!check_indexes(bytes)) {
    ODK_TRY(const std::optional<Fault> fault, verify(config));
    if (fault) {
      return Error(Errc::kMalformed,
                   fmt::format("{}: {} at byte {}", log_.path(), fault->reason, fault->position));
    }
  } else if (next_base) {
    next_offset_ = *next_base;
  } else {
    ODK_TRY_VOID(load_tail(config));
  }
  if (next_base) next_offset_ = *next_base;
  return {};
}

// Whether the indexes can belong to the log. Source: OffsetIndex.sanityCheck, TimeIndex.
Result<void> Segment::check_indexes(uint64_t log_bytes) {
  ODK_TRY_VOID(index_.load());
  ODK_TRY_VOID(time_index_.load());
  const Error senseless(Errc::kMalformed, "an index does not belong to its log");
  if (index_.count() > 0) {
    ODK_TRY(const IndexFile::Entry last, index_.at(index_.count() - 1));
    const auto position = wire::load_be<int32_t>(last.data() + 4);
    if (relative_offset(last, 0) <= 0 || position <= 0 ||
        static_cast<uint64_t>(position) >= log_bytes) {
      return senseless;
    }
  }
  if (time_index_.count() > 0) {
    ODK_TRY(const IndexFile::Entry last, time_index_.at(time_index_.count() - 1));
    if (relative_offset(last, 8) < 0) return senseless;
    max_timestamp_ms_ = last_time_entry_ms_ = wire::load_be<int64_t>(last.data());
    max_timestamp_offset_ = base_offset_ + relative_offset(last, 8);
  } else if (index_.count() > 0) {
    return senseless;
  }
  return {};
}

// The state of the last segment, from the last index entry on.
Result<void> Segment::load_tail(const IndexConfig& config) {
  const uint32_t end = size_;
  uint32_t begin = 0;
  if (index_.count() > 0) {
    ODK_TRY(const IndexFile::Entry last, index_.at(index_.count() - 1));
    begin = wire::load_be<uint32_t>(last.data() + 4);
    ODK_TRY(const File* const file, log_.get());
    ODK_TRY(const std::optional<StoredHeader> first, HeaderScan(*file, 0, end).next());
    first_timestamp_ms_ = first ? first->max_timestamp_ms : -1;
  }
  bytes_since_entry_ = 0;
  ODK_TRY(const File* const file, log_.get());
  HeaderScan scan(*file, begin, end);
  while (true) {
    ODK_TRY(const std::optional<StoredHeader> batch, scan.next());
    if (!batch) return {};
    take(*batch, config);
  }
}

Result<std::optional<Segment::Fault>> Segment::verify(const IndexConfig& config) {
  ODK_TRY(const std::shared_ptr<File> file, log_.share());
  ODK_TRY(const uint64_t bytes, file->size());
  if (bytes > std::numeric_limits<int32_t>::max()) {
    return Error(Errc::kMalformed, fmt::format("{} is larger than 2 GiB", log_.path()));
  }
  begin_indexes();
  indexes_safe_ = false;
  size_ = 0;
  VerifyingScan scan(*file, 0, static_cast<uint32_t>(bytes));
  while (true) {
    const uint32_t at = scan.position();
    ODK_TRY(const std::optional<StoredHeader> batch, scan.next());
    if (!batch && scan.fault().empty()) break;
    const bool fits = batch && batch->base_offset >= next_offset_ &&
                      batch->next_offset - base_offset_ <= std::numeric_limits<int32_t>::max();
    if (!fits) {
      torn_ = true;
      seal();
      return std::optional(Fault{
          at, next_offset_, std::string(batch ? "an offset that does not follow" : scan.fault())});
    }
    take(*batch, config);
  }
  seal();
  return std::optional<Fault>();
}

Result<void> Segment::cut_invalid() {
  ODK_TRY(File* const file, log_.get());
  ODK_TRY_VOID(file->truncate(size_));
  torn_ = false;
  return {};
}

BatchStore::Segment Segment::summary() const {
  return {base_offset_, next_offset_, max_timestamp_ms_, first_timestamp_ms_, created_ms_,
          appended_ms_, size_};
}

Result<void> Segment::rename_files(std::string_view suffix) {
  const auto rename = [&](CachedFile& file, std::string_view own, bool may_miss) -> Result<void> {
    std::string to = segment_path(directory_, base_offset_, own);
    to += suffix;
    Result<void> renamed = log_.files().rename(file.path(), to);
    if (!renamed && !(may_miss && renamed.error().code() == Errc::kNotFound)) return renamed;
    file.moved(std::move(to));
    return {};
  };
  // The log last: a segment is there for as long as its log is.
  ODK_TRY_VOID(rename(index_.file(), kIndexSuffix, true));
  ODK_TRY_VOID(rename(time_index_.file(), kTimeIndexSuffix, true));
  ODK_TRY_VOID(rename(log_, kLogSuffix, false));
  suffix_ = suffix;
  return {};
}

Result<void> Segment::remove_files() {
  Result<void> result;
  for (CachedFile* file : {&index_.file(), &time_index_.file(), &log_}) {
    file->close();
    Result<void> removed = log_.files().remove(file->path());
    if (!removed && removed.error().code() != Errc::kNotFound) result = std::move(removed);
  }
  return result;
}

Result<std::vector<std::shared_ptr<File>>> Segment::share_files() {
  std::vector<std::shared_ptr<File>> files(3);
  ODK_TRY(files[0], log_.share());
  ODK_TRY(files[1], index_.file().share());
  ODK_TRY(files[2], time_index_.file().share());
  return files;
}

}  // namespace odradek::log
