#include "log/disk/index_file.h"

#include <fmt/format.h>

#include <cstring>

#include "base/assert.h"

#include "base/log.h"

namespace odradek::log {

Result<void> IndexFile::load() {
  ODK_TRY(const File* const file, file_.get());
  ODK_TRY(const uint64_t size, file->size());
  if (size % entry_bytes_ != 0) {
    return Error(Errc::kMalformed, fmt::format("index {} has {} bytes", file_.path(), size));
  }
  written_ = size / entry_bytes_;
  waiting_.clear();
  return {};
}

void IndexFile::reset() {
  written_ = 0;
  must_reset_ = true;
  waiting_.clear();
}

void IndexFile::append(Bytes entry) {
  ODK_ASSERT(entry.size() == entry_bytes_);
  waiting_.insert(waiting_.end(), entry.begin(), entry.end());
  const size_t waiting = waiting_.size() / entry_bytes_;
  if (waiting < kWaitingMax || waiting % kWaitingMax != 0) return;
  if (const Result<void> flushed = flush(); !flushed) {
    // Searching goes on with what is in memory, and the index can be made anew from the log.
    ODK_LOG(warn, "an index waits to be written", kv("reason", flushed.error().message()));
  }
}

Result<void> IndexFile::flush() {
  if (waiting_.empty() && !must_reset_) return {};
  ODK_TRY(File* const file, file_.get(OpenMode::kCreate));
  if (must_reset_) ODK_TRY_VOID(file->truncate(0));
  must_reset_ = false;
  if (!waiting_.empty()) ODK_TRY_VOID(file->write_at(written_ * entry_bytes_, Bytes(waiting_)));
  written_ = count();
  waiting_.clear();
  if (waiting_.capacity() > kWaitingMax * entry_bytes_) waiting_.shrink_to_fit();
  return {};
}

Result<IndexFile::Entry> IndexFile::at(size_t index) const {
  Entry entry{};
  if (index >= written_) {
    std::memcpy(entry.data(), waiting_.data() + (index - written_) * entry_bytes_, entry_bytes_);
    return entry;
  }
  ODK_TRY(const File* const file, file_.get());
  ODK_TRY(const size_t got,
          file->read_at(index * entry_bytes_, MutableBytes(entry.data(), entry_bytes_)));
  if (got == entry_bytes_) return entry;
  return Error(Errc::kMalformed, fmt::format("index {} became shorter", file_.path()));
}

Result<std::optional<IndexFile::Entry>> IndexFile::last_where(
    const std::function<bool(const Entry&)>& before) const {
  std::optional<Entry> found;
  size_t low = 0;
  size_t high = count();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    ODK_TRY(const Entry entry, at(middle));
    if (before(entry)) {
      found = entry;
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return found;
}

}  // namespace odradek::log
