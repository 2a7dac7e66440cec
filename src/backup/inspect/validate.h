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

struct ValidateOptions {
  ValidateDepth depth = ValidateDepth::kShallow;
  // Of a deep validation: this share of the segments is read in full, chosen at random; the others
  // as a shallow one does.
  double sample = 1.0;
  uint64_t sample_seed = 0;
  size_t threads = 1;  // segments checked at once
};

struct ValidationReport {
  uint64_t segments = 0;
  uint64_t segments_read = 0;  // in full
  uint64_t records = 0;
  uint64_t raw_bytes = 0;
  uint64_t stored_bytes = 0;
  uint64_t orphans = 0;  // objects no commit names: left by a crash, harmless
  std::vector<std::string> findings;  // one sentence each; empty means valid
};

// Checks one archive and lists everything that is wrong with it, each finding with the object's
// name. When the state cannot be read the segments are checked by themselves. Blocking. Errors:
// kIo, kNotFound when there is no such archive.
Result<ValidationReport> validate(store::ObjectStore& store, const ArchiveKeys& keys,
                                  ValidateOptions options);
Result<ValidationReport> validate(store::ObjectStore& store, const ArchiveKeys& keys,
                                  ValidateDepth depth);

}  // namespace odradek::backup
