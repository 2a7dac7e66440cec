#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/assert.h"
#include "log/disk/file_system.h"

namespace odradek::log {
namespace {

Error failed(std::string_view what, const std::string& path, int number) {
  Errc code = Errc::kIo;
  if (number == ENOENT) code = Errc::kNotFound;
  if (number == ENOSPC || number == EDQUOT || number == EMFILE || number == ENFILE) {
    code = Errc::kLimitExceeded;
  }
  return {code, fmt::format("{} {}: {}", what, path, std::generic_category().message(number))};
}

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~PosixFile() override { ::close(descriptor_); }

  Result<size_t> read_at(uint64_t position, MutableBytes out) const override {
    size_t done = 0;
    while (done < out.size()) {
      const ssize_t got = ::pread(descriptor_, out.data() + done, out.size() - done,
                                  static_cast<off_t>(position + done));
      if (got == 0) break;
      if (got < 0) {
        if (errno == EINTR) continue;
        return failed("cannot read", path_, errno);
      }
      done += static_cast<size_t>(got);
    }
    return done;
  }

  Result<void> write_at(uint64_t position, std::span<const Bytes> parts) override {
    std::array<iovec, kPartsMax> vectors{};
    ODK_ASSERT(parts.size() <= kPartsMax);
    size_t left = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      vectors[i] = {const_cast<uint8_t*>(parts[i].data()), parts[i].size()};
      left += parts[i].size();
    }
    size_t first = 0;
    while (left > 0) {
      const ssize_t done =
          ::pwritev(descriptor_, &vectors[first], static_cast<int>(parts.size() - first),
                    static_cast<off_t>(position));
      if (done < 0) {
        if (errno == EINTR) continue;
        return failed("cannot write", path_, errno);
      }
      position += static_cast<size_t>(done);
      left -= static_cast<size_t>(done);
      skip(vectors, first, static_cast<size_t>(done));
    }
    return {};
  }

  Result<void> truncate(uint64_t size) override {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) == 0) return {};
    return failed("cannot truncate", path_, errno);
  }

  Result<void> sync() override {
    if (::fdatasync(descriptor_) == 0) return {};
    return failed("cannot sync", path_, errno);
  }

  Result<uint64_t> size() const override {
    struct stat status = {};
    if (::fstat(descriptor_, &status) != 0) return failed("cannot look at", path_, errno);
    return static_cast<uint64_t>(status.st_size);
  }

 private:
  static constexpr size_t kPartsMax = 4;

  static void skip(std::array<iovec, kPartsMax>& vectors, size_t& first, size_t done) {
    while (first < vectors.size() && done >= vectors[first].iov_len) {
      done -= vectors[first].iov_len;
      if (++first == vectors.size()) return;
    }
    vectors[first].iov_base = static_cast<uint8_t*>(vectors[first].iov_base) + done;
    vectors[first].iov_len -= done;
  }

  int descriptor_;
  std::string path_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    int flags = mode == OpenMode::kRead ? O_RDONLY : O_RDWR;
    if (mode == OpenMode::kCreate) flags |= O_CREAT;
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
    if (descriptor < 0) return failed("cannot open", path, errno);
    return std::unique_ptr<File>(std::make_unique<PosixFile>(descriptor, path));
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    std::vector<std::string> names;
    DIR* open = ::opendir(directory.c_str());
    if (open == nullptr) return failed("cannot list", directory, errno);
    errno = 0;
    while (const dirent* entry = ::readdir(open)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    const int number = errno;
    ::closedir(open);
    if (number != 0) return failed("cannot list", directory, number);
    return names;
  }

  Result<void> make_directory(const std::string& path) override {
    if (::mkdir(path.c_str(), 0755) == 0) return {};
    std::error_code error;
    std::filesystem::create_directories(path, error);
    return error ? Result<void>(failed("cannot make", path, error.value())) : Result<void>();
  }
  Result<void> remove_directory(const std::string& path) override {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    return error ? Result<void>(failed("cannot remove", path, error.value())) : Result<void>();
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    return failed("cannot rename", from, errno);
  }
  Result<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) == 0) return {};
    return failed("cannot remove", path, errno);
  }
  Result<void> sync_directory(const std::string& path) override {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return failed("cannot open", path, errno);
    const int number = ::fsync(descriptor) == 0 ? 0 : errno;
    ::close(descriptor);
    return number == 0 ? Result<void>() : Result<void>(failed("cannot sync", path, number));
  }
  Result<std::unique_ptr<File>> lock(const std::string& path) override {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) return failed("cannot open", path, errno);
    std::unique_ptr<File> file = std::make_unique<PosixFile>(descriptor, path);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return file;
    if (errno != EWOULDBLOCK) return failed("cannot lock", path, errno);
    return Error(Errc::kPrecondition, fmt::format("{} is held by another process", path));
  }
  Result<Space> space(const std::string& path) override {
    struct statvfs status = {};
    if (::statvfs(path.c_str(), &status) != 0) return failed("cannot look at", path, errno);
    return Space{uint64_t{status.f_bavail} * status.f_frsize,
                 uint64_t{status.f_blocks} * status.f_frsize};
  }
};

}  // namespace

std::unique_ptr<FileSystem> posix_file_system() { return std::make_unique<PosixFileSystem>(); }

}  // namespace odradek::log
