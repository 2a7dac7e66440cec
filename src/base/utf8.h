#pragma once

#include <cstddef>
#include <string_view>

namespace odradek {

// Bytes of the well-formed UTF-8 sequence (RFC 3629) at the start of `text`, which is not empty;
// 0 when there is none (overlong, surrogate, cut short, not UTF-8 at all).
size_t utf8_sequence_bytes(std::string_view text);

}  // namespace odradek
