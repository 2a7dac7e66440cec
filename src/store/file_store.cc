#include "store/file_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/ids.h"

namespace odradek::store {
namespace {

namespace fs = std::filesystem;

// Temporary names begin with this, so that list() never shows an object in the making.
constexpr std::string_view kTemporaryPrefix = ".tmp-";
// Larger files leave the page cache once they are on disk.
constexpr uint64_t kUncachedBytesMin = 1 << 20;

Error io_error(std::string_view operation, std::string_view path) {
  const int number = errno;
  const Errc code = number == ENOENT   ? Errc::kNotFound
                    : number == EEXIST ? Errc::kAlreadyExists
                                       : Errc::kIo;
  return {code, fmt::format("{} {}: {}", operation, path, std::strerror(number))};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Result<Descriptor> open_file(const std::string& path, int flags) {
  Descriptor file(::open(path.c_str(), flags | O_CLOEXEC, 0644));
  if (file.get() < 0) return io_error("open", path);
  return file;
}

Result<void> sync_folder(const std::string& folder) {
  ODK_TRY(const Descriptor file, open_file(folder, O_RDONLY | O_DIRECTORY));
  if (::fsync(file.get()) != 0) return io_error("fsync", folder);
  return {};
}

Result<void> make_folders(const std::string& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) {
    return Error(Errc::kIo, fmt::format("create folder {}: {}", folder, failure.message()));
  }
  return {};
}

Result<void> write_fully(int fd, Bytes bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error("write", path);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

ObjectInfo info_of(const std::string& key, const struct stat& status) {
  // Inode and change time name the content: every put makes a new inode.
  return {
      key, static_cast<uint64_t>(status.st_size),
      fmt::format("{:x}-{:x}-{:x}", status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec)};
}

Result<ObjectInfo> stat_object(const std::string& path, const std::string& key) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return io_error("stat", path);
  return info_of(key, status);
}

// A file in the making: temporary name beside the final one, removed unless published.
class FileWriter final : public ObjectWriter {
 public:
  static Result<std::unique_ptr<FileWriter>> create(std::string path, std::string key) {
    std::string folder = fs::path(path).parent_path().string();
    ODK_TRY_VOID(make_folders(folder));
    std::string temporary =
        fmt::format("{}/{}{}", folder, kTemporaryPrefix, Uuid::random().to_string());
    ODK_TRY(Descriptor file, open_file(temporary, O_WRONLY | O_CREAT | O_EXCL));
    return std::unique_ptr<FileWriter>(new FileWriter(
        std::move(path), std::move(key), std::move(folder), std::move(temporary), std::move(file)));
  }
  ~FileWriter() override {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }

  Result<void> write(Bytes bytes) override {
    written_bytes_ += bytes.size();
    return write_fully(file_.get(), bytes, temporary_);
  }

  Result<ObjectInfo> commit_if_absent() override {
    ODK_TRY_VOID(sync());
    if (::link(temporary_.c_str(), path_.c_str()) != 0) return io_error("create", path_);
    ::unlink(temporary_.c_str());
    temporary_.clear();
    ODK_TRY_VOID(sync_folder(folder_));
    return stat_object(path_, key_);
  }

  Result<ObjectInfo> commit_replacing() {
    ODK_TRY_VOID(sync());
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) return io_error("rename", path_);
    temporary_.clear();
    ODK_TRY_VOID(sync_folder(folder_));
    return stat_object(path_, key_);
  }

  const std::string& folder() const { return folder_; }

 private:
  FileWriter(std::string path, std::string key, std::string folder, std::string temporary,
             Descriptor file)
      : path_(std::move(path)),
        key_(std::move(key)),
        folder_(std::move(folder)),
        temporary_(std::move(temporary)),
        file_(std::move(file)) {}

  Result<void> sync() {
    if (::fsync(file_.get()) != 0) return io_error("fsync", temporary_);
    if (written_bytes_ < kUncachedBytesMin) return {};
    // Advice only: what was written is not read soon, and others need the memory.
    ::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_DONTNEED);
    return {};
  }

  std::string path_;
  std::string key_;
  std::string folder_;
  std::string temporary_;
  Descriptor file_;
  uint64_t written_bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<FileStore>> FileStore::open(const std::string& root) {
  ODK_TRY_VOID(make_folders(root));
  std::error_code failure;
  const fs::path whole = fs::canonical(root, failure);
  if (failure) return Error(Errc::kIo, fmt::format("open {}: {}", root, failure.message()));
  return std::unique_ptr<FileStore>(new FileStore(whole.string()));
}

Result<std::unique_ptr<ObjectWriter>> FileStore::open_writer(
    const std::string& key, const std::optional<WriterOptions>& /*options*/) {
  ODK_TRY_VOID(check_key(key));
  ODK_TRY(std::unique_ptr<FileWriter> writer, FileWriter::create(path_of(key), key));
  return writer;
}

Result<ObjectInfo> FileStore::put_if_absent(const std::string& key, Bytes content) {
  ODK_TRY(const std::unique_ptr<ObjectWriter> writer, open_writer(key));
  ODK_TRY_VOID(writer->write(content));
  return writer->commit_if_absent();
}

Result<ObjectInfo> FileStore::put(const std::string& key, Bytes content) {
  ODK_TRY_VOID(check_key(key));
  ODK_TRY(const std::unique_ptr<FileWriter> writer, FileWriter::create(path_of(key), key));
  ODK_TRY_VOID(writer->write(content));
  return writer->commit_replacing();
}

Result<ObjectInfo> FileStore::put_if_match(const std::string& key, Bytes content,
                                           const std::string& etag) {
  if (etag.empty()) return put_if_absent(key, content);
  ODK_TRY_VOID(check_key(key));
  ODK_TRY(const std::unique_ptr<FileWriter> writer, FileWriter::create(path_of(key), key));
  ODK_TRY_VOID(writer->write(content));
  ODK_TRY(const Descriptor folder, open_file(writer->folder(), O_RDONLY | O_DIRECTORY));
  if (::flock(folder.get(), LOCK_EX) != 0) return io_error("lock", writer->folder());
  const Result<ObjectInfo> current = stat_object(path_of(key), key);
  if (!current || current->etag != etag) {
    return Error(Errc::kPrecondition, fmt::format("object {} was changed by another", key));
  }
  return writer->commit_replacing();
}

Result<Slice> FileStore::get_range(const std::string& key, uint64_t offset, uint64_t length) {
  ODK_TRY_VOID(check_key(key));
  const std::string path = path_of(key);
  ODK_TRY(const Descriptor file, open_file(path, O_RDONLY));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return io_error("stat", path);
  const uint64_t size = static_cast<uint64_t>(status.st_size);
  const uint64_t from = std::min(offset, size);
  Buffer content;
  content.resize(std::min(length, size - from));
  size_t got = 0;
  while (got < content.size()) {
    const ssize_t count = ::pread(file.get(), content.data() + got, content.size() - got,
                                  static_cast<off_t>(from + got));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error("read", path);
    if (count == 0) break;
    got += static_cast<size_t>(count);
  }
  content.resize(got);
  return content.freeze();
}

Result<Slice> FileStore::get(const std::string& key) { return get_range(key, 0, UINT64_MAX); }

Result<Slice> FileStore::get_suffix(const std::string& key, uint64_t length) {
  ODK_TRY(const ObjectInfo object, head(key));
  return get_range(key, object.size_bytes - std::min(length, object.size_bytes), length);
}

Result<ObjectInfo> FileStore::head(const std::string& key) {
  ODK_TRY_VOID(check_key(key));
  return stat_object(path_of(key), key);
}

Result<std::vector<ObjectInfo>> FileStore::list(const std::string& prefix) {
  std::vector<ObjectInfo> found;
  const size_t slash = prefix.rfind('/');
  const std::string folder = slash == prefix.npos ? root_ : path_of(prefix.substr(0, slash));
  std::error_code failure;
  fs::recursive_directory_iterator walk(folder, failure);
  if (failure == std::errc::no_such_file_or_directory) return found;
  for (; !failure && walk != fs::recursive_directory_iterator(); walk.increment(failure)) {
    if (!walk->is_regular_file(failure) || failure) continue;
    const std::string path = walk->path().string();
    if (walk->path().filename().string().starts_with(kTemporaryPrefix)) continue;
    const std::string key = path.substr(root_.size() + 1);
    if (!key.starts_with(prefix)) continue;
    // Between two readings of the folder a file may go: then it was not there.
    if (Result<ObjectInfo> info = stat_object(path, key)) found.push_back(*std::move(info));
  }
  if (failure) return Error(Errc::kIo, fmt::format("list {}: {}", folder, failure.message()));
  std::ranges::sort(found, {}, &ObjectInfo::key);
  return found;
}

Result<void> FileStore::remove(const std::string& key) {
  ODK_TRY_VOID(check_key(key));
  const std::string path = path_of(key);
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return {};
    return io_error("remove", path);
  }
  return sync_folder(fs::path(path).parent_path().string());
}

}  // namespace odradek::store
