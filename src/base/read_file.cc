#include "base/read_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace odradek {
namespace {

Error last_error() {
  const int number = errno;
  return {number == ENOENT ? Errc::kNotFound : Errc::kIo,
          std::error_code(number, std::generic_category()).message()};
}

Result<std::string> read_all(int file, size_t max_bytes) {
  std::string text;
  std::array<char, 16 * 1024> chunk;
  while (true) {
    const ssize_t count = ::read(file, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return last_error();
    if (count == 0) return text;
    if (static_cast<size_t>(count) > max_bytes - text.size()) {
      return Error(Errc::kLimitExceeded, fmt::format("larger than {} bytes", max_bytes));
    }
    text.append(chunk.data(), static_cast<size_t>(count));
  }
}

}  // namespace

Result<std::string> read_file(const std::string& path, size_t max_bytes) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return last_error();
  Result<std::string> text = read_all(file, max_bytes);
  ::close(file);
  return text;
}

}  // namespace odradek
