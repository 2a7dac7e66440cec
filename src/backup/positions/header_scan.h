#pragma once

#include <optional>

#include "backup/engine/source.h"

namespace odradek::backup {

// The first record of the partition whose header x-original-offset is `original` or above, by
// binary search: the headers rise with the offsets, as a restore writes them. The partition's end
// when all are below; none when records have no such header. About 20 fetches. Errors: what the
// cluster answers, kMalformed.
io::Task<Result<std::optional<int64_t>>> scan_for_original(Source& source, TopicPartition partition,
                                                           int64_t original);

}  // namespace odradek::backup
