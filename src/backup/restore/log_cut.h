#pragma once

#include "backup/restore/unit_loader.h"

namespace odradek::backup {

// Where to cut an archived partition so that it holds what a reader of committed records had seen
// at `end`: its first record or transaction marker with a later time, or, when a transaction was
// open there, the first record of the oldest such. INT64_MAX when nothing is later. Reads indexes,
// one batch where the cut lies, and the headers of transactional batches before it. Blocking.
// Errors: those of SegmentReader.
Result<int64_t> log_cut(store::ObjectStore& store, const SourcePart& source, TimestampMs end);

}  // namespace odradek::backup
