#pragma once

#include <string>
#include <vector>

#include "backup/archive/archive.h"

// A large manifest keeps its topics in objects of their own, named by their content, so that a
// rewrite only writes what changed. Source: docs/formats/backup-commit-log.md.
namespace odradek::backup {

struct ManifestPart {
  std::string key{};
  Slice content{};  // JSON of one topic in one zstd frame
};

struct SplitManifest {
  std::string text{};
  std::vector<ManifestPart> parts{};
};

// Moves the topics of a manifest longer than `bytes_max` into parts.
Result<SplitManifest> split_manifest(std::string text, const ArchiveKeys& keys, size_t bytes_max);

// The manifest with its parts back in. Errors: kMalformed, kChecksum (a part is not what the
// manifest says), kNotFound, kIo.
Result<std::string> join_manifest(store::ObjectStore& store, std::string text);

// The keys of the parts a manifest names, none for a text that is no manifest.
std::vector<std::string> part_keys(std::string_view manifest);

}  // namespace odradek::backup
