#pragma once

#include <string>
#include <vector>

#include "backup/format/segment_reader.h"

namespace odradek::backup {

// Everything that is wrong inside a segment that opens: hash of the object, frames, batches,
// records against the index. Each sentence names the object and, below the object, the offsets.
// Errors: the store's own (kIo and the like).
Result<std::vector<std::string>> find_faults(SegmentReader& reader);

// Says this about the archive, rather than about the store or the way to it?
bool is_damage(const Error& error);

}  // namespace odradek::backup
