#include "io/system_error.h"

#include <fmt/format.h>

#include <cctype>
#include <system_error>

namespace odradek::io {

std::string errno_text(int error_number) {
  std::string text = std::generic_category().message(error_number);
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

Error network_error(std::string_view attempted, int error_number) {
  return {Errc::kNetwork, fmt::format("{}: {}", attempted, errno_text(error_number))};
}

}  // namespace odradek::io
