#pragma once

#include <cstdint>

namespace odradek::broker {

// An "authorized operations" field when nobody asked, or may not know.
inline constexpr int32_t kOperationsNotAsked = -2'147'483'647 - 1;

}  // namespace odradek::broker
