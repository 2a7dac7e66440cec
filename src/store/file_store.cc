#include "store/file_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/ids.h"
#include "store/file_descriptor.h"
#include "store/large_file.h"

namespace odradek::store {
namespace {

namespace fs = std::filesystem;

// Temporary names begin with this, so that list() never shows an object in the making.
constexpr std::string_view kTemporaryPrefix = ".tmp-";

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

  Result<void> write(Bytes bytes) override { return file_.write(bytes); }

  Result<ObjectInfo> commit_if_absent() override {
    ODK_TRY_VOID(file_.sync());
    if (::link(temporary_.c_str(), path_.c_str()) != 0) return io_error("create", path_);
    ::unlink(temporary_.c_str());
    temporary_.clear();
    ODK_TRY_VOID(sync_folder(folder_));
    return stat_object(path_, key_);
  }

  Result<ObjectInfo> commit_replacing() {
    ODK_TRY_VOID(file_.sync());
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
        file_(std::move(file), temporary_) {}

  std::string path_;
  std::string key_;
  std::string folder_;
  std::string temporary_;
  LargeFile file_;
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
