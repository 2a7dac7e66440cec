#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace odradek::io {

// "connection refused" for ECONNREFUSED: as the system says it, beginning small.
std::string errno_text(int error_number);
// kNetwork: "`attempted`: connection refused".
Error network_error(std::string_view attempted, int error_number);

}  // namespace odradek::io
