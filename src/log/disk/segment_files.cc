#include "log/disk/segment_files.h"

#include <fmt/format.h>

#include <charconv>

namespace odradek::log {

std::string segment_path(std::string_view directory, int64_t base_offset, std::string_view suffix) {
  return fmt::format("{}/{:020}{}", directory, base_offset, suffix);
}

std::optional<int64_t> offset_in_name(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  int64_t offset = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), offset);
  if (error != std::errc() || end != name.data() + name.size() || offset < 0) return std::nullopt;
  return offset;
}

}  // namespace odradek::log
