#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "log/disk/file_system.h"

namespace odradek::log {

// The system's files, with a disk that can be full, broken or slow.
class FaultyFileSystem final : public FileSystem {
 public:
  std::atomic<bool> fail_syncs = false;
  std::atomic<bool> fail_writes = false;
  static constexpr int64_t kEndless = int64_t{1} << 60U;
  std::atomic<int64_t> room = kEndless;  // for more bytes
  std::atomic<int> syncs = 0;

  // Syncs of files wait until release_syncs().
  void hold_syncs() {
    const std::scoped_lock lock(mutex_);
    held_ = true;
  }
  void release_syncs() {
    const std::scoped_lock lock(mutex_);
    held_ = false;
    released_.notify_all();
  }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    ODK_TRY(std::unique_ptr<File> file, files_->open(path, mode));
    return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, std::move(file)));
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return files_->list(directory);
  }
  Result<void> make_directory(const std::string& path) override {
    return files_->make_directory(path);
  }
  Result<void> remove_directory(const std::string& path) override {
    return files_->remove_directory(path);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return files_->rename(from, to);
  }
  Result<void> remove(const std::string& path) override {
    uint64_t size = 0;
    if (const auto file = files_->open(path, OpenMode::kRead)) size = (*file)->size().value_or(0);
    ODK_TRY_VOID(files_->remove(path));
    if (room < kEndless) room += static_cast<int64_t>(size);
    return {};
  }
  Result<void> sync_directory(const std::string& path) override {
    return files_->sync_directory(path);
  }
  Result<std::unique_ptr<File>> lock(const std::string& path) override {
    return files_->lock(path);
  }
  Result<Space> space(const std::string& path) override { return files_->space(path); }

 private:
  class OpenFile final : public File {
   public:
    OpenFile(FaultyFileSystem& system, std::unique_ptr<File> file)
        : system_(system), file_(std::move(file)) {}

    Result<size_t> read_at(uint64_t position, MutableBytes out) const override {
      return file_->read_at(position, out);
    }
    // A disk that becomes full takes the beginning.
    Result<void> write_at(uint64_t position, std::span<const Bytes> parts) override {
      if (system_.fail_writes) return Error(Errc::kIo, "the disk is broken");
      for (const Bytes part : parts) {
        const auto wanted = static_cast<int64_t>(part.size());
        const int64_t given = std::min(wanted, system_.room.load());
        if (system_.room < kEndless) system_.room -= given;
        ODK_TRY_VOID(file_->write_at(position, part.first(static_cast<size_t>(given))));
        if (given < wanted) return Error(Errc::kLimitExceeded, "no space left");
        position += part.size();
      }
      return {};
    }
    Result<void> truncate(uint64_t size) override { return file_->truncate(size); }
    Result<void> sync() override {
      ++system_.syncs;
      std::unique_lock lock(system_.mutex_);
      system_.released_.wait(lock, [this] { return !system_.held_; });
      if (system_.fail_syncs) return Error(Errc::kIo, "the disk is broken");
      return file_->sync();
    }
    Result<uint64_t> size() const override { return file_->size(); }

   private:
    FaultyFileSystem& system_;
    std::unique_ptr<File> file_;
  };

  std::unique_ptr<FileSystem> files_ = posix_file_system();
  std::mutex mutex_;
  std::condition_variable released_;
  bool held_ = false;
};

}  // namespace odradek::log
