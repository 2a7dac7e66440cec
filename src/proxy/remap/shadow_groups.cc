#include "proxy/remap/shadow_groups.h"

#include <fmt/format.h>

#include <charconv>

#include "base/bytes.h"

namespace odradek::proxy {
namespace {

constexpr char kPacked = '\x01';

}  // namespace

std::string ShadowGroups::name(std::string_view group, GroupIndex index) const {
  if (index.value() == 0) return std::string(group);
  return fmt::format("{}{}{}", group, suffix_, index.value());
}

std::optional<std::string_view> ShadowGroups::main_of(std::string_view name) const {
  const size_t at = name.rfind(suffix_);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view index = name.substr(at + suffix_.size());
  const bool is_number = !index.empty() && index.find_first_not_of("0123456789") == index.npos;
  if (!is_number) return std::nullopt;
  return name.substr(0, at);
}

std::string_view pack_commit_note(const CommitNote& note, std::string& scratch) {
  const bool looks_packed = !note.metadata.empty() && note.metadata.front() == kPacked;
  if (note.leader_epoch == -1 && !looks_packed) return note.metadata;
  scratch = fmt::format("{}{};{}", kPacked, note.leader_epoch, note.metadata);
  return scratch;
}

CommitNote unpack_commit_note(std::string_view packed) {
  const CommitNote plain = {.leader_epoch = -1, .metadata = packed};
  if (packed.empty() || packed.front() != kPacked) return plain;
  CommitNote note;
  const char* end = packed.data() + packed.size();
  const auto [at, error] = std::from_chars(packed.data() + 1, end, note.leader_epoch);
  if (error != std::errc() || at == end || *at != ';') return plain;
  note.metadata = packed.substr(static_cast<size_t>(at - packed.data()) + 1);
  return note;
}

}  // namespace odradek::proxy
