#pragma once

#include <string>
#include <vector>

#include "backup/restore/restore_state.h"
#include "backup/restore/unit_loader.h"

namespace odradek::backup {

// The units a restored topic is loaded and verified in, by what was decided for it. Their topic id
// is left to the caller. kMalformed when the archive does not have the topic any more.
Result<std::vector<LoadUnit>> units_of(const RestoredTopic& topic, const ArchiveState& archive,
                                       const ArchiveKeys& keys, const std::string& restore_id);

}  // namespace odradek::backup
