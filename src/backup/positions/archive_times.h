#pragma once

#include <optional>

#include "backup/archive/model.h"
#include "store/object_store.h"

namespace odradek::backup {

// The smallest time of the archived records at or behind `offset`: a consumer that goes on with the
// first record of that time or later misses none of them, whatever their order. None when there is
// no such record. Reads indexes, and one batch. Blocking. Errors: those of SegmentReader.
Result<std::optional<TimestampMs>> time_at(store::ObjectStore& store,
                                           const PartitionState& partition, int64_t offset);

}  // namespace odradek::backup
