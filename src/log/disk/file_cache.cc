#include "log/disk/file_cache.h"

namespace odradek::log {

Result<void> FileCache::open(CachedFile& file, OpenMode mode) {
  Result<std::unique_ptr<File>> opened = files_.open(file.path_, mode);
  if (!opened && opened.error().code() == Errc::kLimitExceeded && !used_.empty()) {
    // Connections took the descriptors: what was used last is worth one.
    used_.front()->close();
    opened = files_.open(file.path_, mode);
  }
  if (!opened) return std::move(opened).error();
  file.file_ = *std::move(opened);
  used_.push_back(&file);
  file.place_ = std::prev(used_.end());
  if (used_.size() > open_max_) used_.front()->close();
  return {};
}

Result<File*> CachedFile::get(OpenMode mode) {
  if (file_ != nullptr) [[likely]] {
    cache_.used_.splice(cache_.used_.end(), cache_.used_, place_);
  } else {
    ODK_TRY_VOID(cache_.open(*this, mode));
  }
  return file_.get();
}

Result<std::shared_ptr<File>> CachedFile::share() {
  ODK_TRY_VOID(get());
  return file_;
}

void CachedFile::close() {
  if (file_ == nullptr) return;
  cache_.used_.erase(place_);
  file_.reset();
}

}  // namespace odradek::log
