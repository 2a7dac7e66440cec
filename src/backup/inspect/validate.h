#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "backup/archive/archive.h"

namespace odradek::backup {

enum class ValidateDepth : uint8_t {
  kShallow,  // chain, cover, every object there with its size, header, index and footer
  kDeep,     // and every byte: hashes, frames, batch CRCs, records against the index
};

struct ValidationReport {
  uint64_t segments = 0;
  uint64_t records = 0;
  uint64_t raw_bytes = 0;
  uint64_t stored_bytes = 0;
  uint64_t orphans = 0;  // segment objects no commit names: left by a crash, harmless
  std::vector<std::string> findings;  // one sentence each; empty means valid
};

// Checks one archive and lists everything that is wrong with it. An archive whose state cannot be
// read has that as its only finding. Blocking. Errors: kIo, kNotFound when there is no such
// archive.
Result<ValidationReport> validate(store::ObjectStore& store, const ArchiveKeys& keys,
                                  ValidateDepth depth);

}  // namespace odradek::backup
