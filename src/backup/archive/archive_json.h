#pragma once

#include <string>

#include "backup/archive/model.h"

namespace odradek::backup {

// JSON texts of the archive's objects; the layout is in docs/formats/backup-commit-log.md.
// Parsers check types, hex lengths and ranges. Errors: kMalformed (where and what), kUnsupported (a
// higher schema).
std::string to_json(const Commit& commit);
Result<Commit> parse_commit(std::string_view text);

// Fields of `previous` (the manifest as it was read, maybe empty) that we do not know are kept.
std::string to_json(const ArchiveState& state, std::string_view previous);
Result<ArchiveState> parse_manifest(std::string_view text);

// Lower-case hexadecimal.
std::string to_hex(Bytes bytes);
// False unless `text` is exactly the hexadecimal form of into.size() bytes.
bool from_hex(std::string_view text, MutableBytes into);

}  // namespace odradek::backup
