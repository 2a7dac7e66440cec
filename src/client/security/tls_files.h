#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "auth/tls_context.h"

namespace odradek::client {

// A TLS context made from files, made again when one of them changed since: by its time, size or
// identity. While the new files cannot be used, or only some were replaced yet, the context before
// goes on. Costs a stat() per file and connection. One loop.
class TlsFiles {
 public:
  // `files` may hold empty names. Errors: those of `load`.
  static Result<std::shared_ptr<TlsFiles>> create(auth::TlsContextHolder::Load load,
                                                  std::vector<std::string> files);

  auth::TlsContext get();

 private:
  struct Stamp {
    int64_t modified_ns = -1;  // -1: there is no such file
    int64_t changed_ns = -1;
    uint64_t inode = 0;
    int64_t bytes = 0;
    bool operator==(const Stamp&) const = default;
  };

  std::vector<Stamp> stamps() const;

  std::unique_ptr<auth::TlsContextHolder> holder_;
  std::vector<std::string> files_;
  std::vector<Stamp> loaded_;
};

}  // namespace odradek::client
