#include "log/disk/file_system.h"

#include <fmt/format.h>

namespace odradek::log {

Result<std::string> read_whole(FileSystem& files, const std::string& path, size_t bytes_max) {
  ODK_TRY(const std::unique_ptr<File> file, files.open(path, OpenMode::kRead));
  ODK_TRY(const uint64_t size, file->size());
  if (size > bytes_max) {
    return Error(Errc::kLimitExceeded,
                 fmt::format("{} has {} bytes, at most {} are read", path, size, bytes_max));
  }
  std::string content(size, '\0');
  ODK_TRY(const size_t got,
          file->read_at(0, {reinterpret_cast<uint8_t*>(content.data()), content.size()}));
  content.resize(got);
  return content;
}

Result<void> replace_file(FileSystem& files, const std::string& path, std::string_view content,
                          bool sync) {
  const std::string unfinished = path + ".tmp";
  {
    ODK_TRY(const std::unique_ptr<File> file, files.open(unfinished, OpenMode::kCreate));
    ODK_TRY_VOID(file->truncate(0));
    ODK_TRY_VOID(file->write_at(0, as_bytes(content)));
    if (sync) ODK_TRY_VOID(file->sync());
  }
  ODK_TRY_VOID(files.rename(unfinished, path));
  if (!sync) return {};
  const size_t slash = path.rfind('/');
  return files.sync_directory(slash == std::string::npos ? "." : path.substr(0, slash));
}

}  // namespace odradek::log
