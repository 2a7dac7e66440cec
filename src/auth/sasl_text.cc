#include <fmt/format.h>

#include "auth/scram_credential.h"
#include "base/utf8.h"

namespace odradek::auth {
namespace {

bool is_control(std::string_view sequence) {
  const auto first = static_cast<uint8_t>(sequence[0]);
  if (sequence.size() == 1) return first < 0x20 || first == 0x7F;
  // U+0080 to U+009F
  return first == 0xC2 && static_cast<uint8_t>(sequence[1]) < 0xA0;
}

}  // namespace

Result<void> check_sasl_text(std::string_view what, std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_sequence_bytes(text);
    if (length == 0) {
      return Error(Errc::kInvalidArgument, fmt::format("{} is not UTF-8", what));
    }
    if (is_control(text.substr(0, length))) {
      return Error(Errc::kInvalidArgument, fmt::format("{} has a control character", what));
    }
    text.remove_prefix(length);
  }
  return {};
}

}  // namespace odradek::auth
