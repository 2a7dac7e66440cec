#include "store/large_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

namespace odradek::store {
namespace {

constexpr uint64_t kCachedBytesMax = 1 << 20;
constexpr size_t kStageBytes = 1 << 20;
// What O_DIRECT asks of addresses, positions and lengths on the disks in use.
constexpr size_t kAlignment = 4096;
// Of the whole process: many files being written must not hold much memory.
constexpr int kStagesMax = 16;

std::atomic<int> stages_in_use = 0;

bool take_stage() {
  if (stages_in_use.fetch_add(1, std::memory_order_relaxed) < kStagesMax) return true;
  stages_in_use.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

}  // namespace

LargeFile::~LargeFile() {
  if (stage_ != nullptr) stages_in_use.fetch_sub(1, std::memory_order_relaxed);
}

Result<void> LargeFile::write(Bytes bytes) {
  if (!was_staging_tried_ && cached_bytes_ + bytes.size() > kCachedBytesMax) {
    ODK_TRY_VOID(begin_staging(bytes));
  }
  if (stage_ == nullptr) return write_through_cache(bytes);
  while (!bytes.empty()) {
    const Bytes piece = bytes.first(std::min(bytes.size(), kStageBytes - staged_bytes_));
    std::memcpy(stage_.get() + staged_bytes_, piece.data(), piece.size());
    staged_bytes_ += piece.size();
    if (staged_bytes_ == kStageBytes) ODK_TRY_VOID(write_stage());
    bytes = bytes.subspan(piece.size());
  }
  return {};
}

// What the file lacks to a place that O_DIRECT allows is written first: kCachedBytesMax is such a
// place, and bytes reach beyond it.
Result<void> LargeFile::begin_staging(Bytes& bytes) {
  was_staging_tried_ = true;
  if (!take_stage()) return {};
  const size_t missing = (kAlignment - cached_bytes_ % kAlignment) % kAlignment;
  ODK_TRY_VOID(write_through_cache(bytes.first(missing)));
  bytes = bytes.subspan(missing);
  if (set_direct(true)) {
    stage_.reset(static_cast<uint8_t*>(std::aligned_alloc(kAlignment, kStageBytes)));
  }
  if (stage_ == nullptr) stages_in_use.fetch_sub(1, std::memory_order_relaxed);
  return {};
}

Result<void> LargeFile::write_stage() {
  const Bytes staged(stage_.get(), std::exchange(staged_bytes_, 0));
  if (!is_direct_) return write_through_cache(staged);
  size_t written = 0;
  while (written < staged.size()) {
    const ssize_t count = ::write(file_.get(), staged.data() + written, staged.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EINVAL) return io_error("write", path_);
    if (count > 0) written += static_cast<size_t>(count);
    // A disk with other rules, or a write cut short where none can go on.
    if (count <= 0 || written % kAlignment != 0) {
      set_direct(false);
      return write_through_cache(staged.subspan(written));
    }
  }
  return {};
}

Result<void> LargeFile::write_through_cache(Bytes bytes) {
  cached_bytes_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error("write", path_);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

Result<void> LargeFile::sync() {
  if (is_direct_) set_direct(false);
  if (staged_bytes_ > 0) ODK_TRY_VOID(write_stage());
  if (::fsync(file_.get()) != 0) return io_error("fsync", path_);
  if (cached_bytes_ < kCachedBytesMax && stage_ == nullptr) return {};
  // Advice only: what was written is not read soon, and others need the memory.
  ::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_DONTNEED);
  return {};
}

// Whether it took effect: not every file system can.
bool LargeFile::set_direct(bool is_on) {
  const int flags = ::fcntl(file_.get(), F_GETFL);
  const bool is_set =
      ::fcntl(file_.get(), F_SETFL, is_on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
  if (is_set) is_direct_ = is_on;
  return is_set;
}

}  // namespace odradek::store
