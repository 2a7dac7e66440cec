#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "log/disk/file_system.h"

namespace odradek::log {

// A file system in memory that can fail, and lose what was not synced.
class MemoryFileSystem final : public FileSystem {
 public:
  struct Content {
    std::vector<uint8_t> bytes;
    std::vector<uint8_t> synced;  // what a crash leaves at least
  };

  // The machine stops: of each file stays what was synced and a random part of what came since,
  // whole or torn. Names stay.
  void crash(std::mt19937& random) {
    for (auto& [path, content] : files_) {
      std::vector<uint8_t>& now = content->bytes;
      const size_t safe = std::min(content->synced.size(), now.size());
      if (now.size() > safe) {
        now.resize(safe + random() % (now.size() - safe + 1));
        if (now.size() > safe && random() % 3 == 0) {
          // The size is on the disk, the last pages are not.
          const size_t from = safe + random() % (now.size() - safe);
          std::fill(now.begin() + static_cast<std::ptrdiff_t>(from), now.end(), 0);
        }
      } else {
        now = content->synced;
      }
      content->synced = now;
    }
  }
  // The process stops: what was written stays.
  void kill() const {}

  // Room for so many more bytes; a write that does not fit is done in part.
  void set_space(size_t bytes) { space_ = bytes; }
  void set_no_limit() { space_.reset(); }
  bool fail_reads = false;
  bool fail_syncs = false;
  bool fail_truncates = false;
  size_t syncs = 0;

  Content* find(const std::string& path) {
    const auto found = files_.find(path);
    return found == files_.end() ? nullptr : found->second.get();
  }
  std::vector<std::string> paths() const {
    std::vector<std::string> all;
    for (const auto& [path, content] : files_) all.push_back(path);
    return all;
  }
  void put(const std::string& path, std::vector<uint8_t> bytes) {
    files_[path] = std::make_shared<Content>(Content{bytes, bytes});
  }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    auto found = files_.find(path);
    if (found == files_.end()) {
      if (mode != OpenMode::kCreate) return Error(Errc::kNotFound, "no file " + path);
      found = files_.emplace(path, std::make_shared<Content>()).first;
    }
    return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, found->second));
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    std::vector<std::string> names;
    const std::string prefix = directory + "/";
    for (const auto& [path, content] : files_) {
      if (!path.starts_with(prefix)) continue;
      std::string name = path.substr(prefix.size());
      name = name.substr(0, name.find('/'));
      if (names.empty() || names.back() != name) names.push_back(std::move(name));
    }
    return names;
  }
  Result<void> make_directory(const std::string& /*path*/) override { return {}; }
  Result<void> remove_directory(const std::string& path) override {
    std::erase_if(files_, [&](const auto& each) { return each.first.starts_with(path + "/"); });
    return {};
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    const auto found = files_.find(from);
    if (found == files_.end()) return Error(Errc::kNotFound, "no file " + from);
    std::shared_ptr<Content> content = std::move(found->second);
    files_.erase(found);
    files_[to] = std::move(content);
    return {};
  }
  Result<void> remove(const std::string& path) override {
    if (files_.erase(path) == 0) return Error(Errc::kNotFound, "no file " + path);
    return {};
  }
  Result<void> sync_directory(const std::string& /*path*/) override { return {}; }
  Result<std::unique_ptr<File>> lock(const std::string& path) override {
    return open(path, OpenMode::kCreate);
  }
  Result<Space> space(const std::string& /*path*/) override {
    return Space{space_.value_or(size_t{1} << 40U), size_t{1} << 40U};
  }

 private:
  class OpenFile final : public File {
   public:
    OpenFile(MemoryFileSystem& system, std::shared_ptr<Content> content)
        : system_(system), content_(std::move(content)) {}

    Result<size_t> read_at(uint64_t position, MutableBytes out) const override {
      if (system_.fail_reads) return Error(Errc::kIo, "the disk is broken");
      const std::vector<uint8_t>& bytes = content_->bytes;
      if (position >= bytes.size()) return size_t{0};
      const size_t got = std::min<size_t>(out.size(), bytes.size() - position);
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(position), got, out.begin());
      return got;
    }
    Result<void> write_at(uint64_t position, std::span<const Bytes> parts) override {
      for (const Bytes part : parts) {
        for (const uint8_t byte : part) {
          if (position >= content_->bytes.size()) {
            if (system_.space_ && (*system_.space_)-- == 0) {
              system_.space_ = 0;
              return Error(Errc::kLimitExceeded, "no space left");
            }
            content_->bytes.resize(position + 1);
          }
          content_->bytes[position++] = byte;
        }
      }
      return {};
    }
    Result<void> truncate(uint64_t size) override {
      if (system_.fail_truncates) return Error(Errc::kIo, "the disk is broken");
      if (system_.space_ && size < content_->bytes.size()) {
        *system_.space_ += content_->bytes.size() - size;
      }
      content_->bytes.resize(size);
      return {};
    }
    Result<void> sync() override {
      ++system_.syncs;
      if (system_.fail_syncs) return Error(Errc::kIo, "the disk is broken");
      content_->synced = content_->bytes;
      return {};
    }
    Result<uint64_t> size() const override { return content_->bytes.size(); }

   private:
    MemoryFileSystem& system_;
    std::shared_ptr<Content> content_;
  };

  std::map<std::string, std::shared_ptr<Content>> files_;
  std::optional<size_t> space_;
};

}  // namespace odradek::log
