#include "broker/group/member_id.h"

#include <fmt/format.h>

#include "base/ids.h"

namespace odradek::broker {

std::string make_member_id(std::string_view prefix) {
  const std::array<uint8_t, 16> b = Uuid::random().bytes;
  return fmt::format(
      "{}-{:02x}{:02x}{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-"
      "{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}",
      prefix, b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
      b[13], b[14], b[15]);
}

}  // namespace odradek::broker
