#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "proto/api_key.h"
#include "proto/array_of.h"
#include "proto/unknown_tags.h"
#include "wire/records.h"

// What the header of every generated message needs. Decoding and encoding helpers, which only
// the generated sources use, are in proto/codec.h.

namespace odradek::wire {
class Reader;
class Writer;
}  // namespace odradek::wire

namespace odradek::proto {

// kFirstFlexible of a message that has no flexible version.
inline constexpr int16_t kNeverFlexible = 32767;

}  // namespace odradek::proto
