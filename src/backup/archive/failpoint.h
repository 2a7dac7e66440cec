#pragma once

#include <string_view>

namespace odradek::backup {

// Kills this process (SIGKILL) when ODRADEK_BACKUP_FAILPOINT is "name" or "name:n", at the first
// or nth time this place is reached: crash tests name the moment. Nothing otherwise.
void failpoint(std::string_view name);

}  // namespace odradek::backup
