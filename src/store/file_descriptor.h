#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace odradek::store {

// What errno says of an operation on a file. Codes: kNotFound, kAlreadyExists, kIo.
Error io_error(std::string_view operation, std::string_view path);

// An open file of the kernel, closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();
  int get() const { return fd_; }

 private:
  int fd_;
};

// flags as of open(2). Errors: those of io_error.
Result<Descriptor> open_file(const std::string& path, int flags);

}  // namespace odradek::store
