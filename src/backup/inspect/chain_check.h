#pragma once

#include <string>
#include <vector>

#include "backup/archive/archive.h"

namespace odradek::backup {

// What is wrong with the archive's own bookkeeping: the commits that must still be there, each
// sealed and naming the one before; the manifest where a run ended; the lease; and that every
// offset of every partition is spoken for. `state` is null when it could not be read, `objects`
// is everything the archive has. Errors: the store's own.
Result<std::vector<std::string>> check_chain(store::ObjectStore& store, const ArchiveKeys& keys,
                                             const ArchiveState* state,
                                             const std::vector<store::ObjectInfo>& objects);

}  // namespace odradek::backup
