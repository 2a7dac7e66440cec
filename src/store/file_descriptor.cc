#include "store/file_descriptor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace odradek::store {

Error io_error(std::string_view operation, std::string_view path) {
  const int number = errno;
  const Errc code = number == ENOENT   ? Errc::kNotFound
                    : number == EEXIST ? Errc::kAlreadyExists
                                       : Errc::kIo;
  return {code, fmt::format("{} {}: {}", operation, path, std::strerror(number))};
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Descriptor> open_file(const std::string& path, int flags) {
  Descriptor file(::open(path.c_str(), flags | O_CLOEXEC, 0644));
  if (file.get() < 0) return io_error("open", path);
  return file;
}

}  // namespace odradek::store
