#include "log/disk/file_cache.h"

namespace odradek::log {

Result<void> FileCache::open(CachedFile& file, OpenMode mode) {
  ODK_TRY(file.file_, files_.open(file.path_, mode));
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
