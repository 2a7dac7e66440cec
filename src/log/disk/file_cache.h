#pragma once

#include <list>
#include <memory>
#include <string>

#include "base/result.h"
#include "log/disk/file_system.h"

namespace odradek::log {

class CachedFile;

// Keeps the files used last open, at most so many: partitions are more than descriptors. One loop.
class FileCache {
 public:
  FileCache(FileSystem& files, size_t open_max) : files_(files), open_max_(open_max) {}
  FileCache(const FileCache&) = delete;
  FileCache& operator=(const FileCache&) = delete;

  FileSystem& files() { return files_; }
  size_t open_count() const { return used_.size(); }

 private:
  friend class CachedFile;
  Result<void> open(CachedFile& file, OpenMode mode);

  FileSystem& files_;
  size_t open_max_;
  std::list<CachedFile*> used_;  // the latest last
};

// A file by its path, open or not. The cache must outlive it.
class CachedFile {
 public:
  CachedFile(FileCache& cache, std::string path) : cache_(cache), path_(std::move(path)) {}
  CachedFile(const CachedFile&) = delete;
  CachedFile& operator=(const CachedFile&) = delete;
  ~CachedFile() { close(); }

  const std::string& path() const { return path_; }
  FileSystem& files() { return cache_.files(); }
  // The open file, valid until another one of the cache is asked for.
  Result<File*> get(OpenMode mode = OpenMode::kWrite);
  // The open file, kept open by who holds it: for other threads.
  Result<std::shared_ptr<File>> share();
  void close();
  // It has another name now; an open descriptor stays good.
  void moved(std::string path) { path_ = std::move(path); }

 private:
  friend class FileCache;
  FileCache& cache_;
  std::string path_;
  std::shared_ptr<File> file_;
  std::list<CachedFile*>::iterator place_;  // while file_ is there
};

}  // namespace odradek::log
