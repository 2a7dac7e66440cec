#pragma once

#include "backup/format/segment_format.h"
#include "base/bytes.h"

namespace odradek::backup {

// SHA-256 of bytes.
Sha256 sha256_of(Bytes bytes);

}  // namespace odradek::backup
