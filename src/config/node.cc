#include "config/node.h"

#include <fmt/format.h>

namespace odradek::config {

const ConfigNode* ConfigNode::find(std::string_view name) const {
  if (!is_map()) return nullptr;
  for (const ConfigNode& item : items) {
    if (item.key == name) return &item;
  }
  return nullptr;
}

std::string_view describe_kind(ConfigNode::Kind kind) {
  switch (kind) {
    case ConfigNode::Kind::kNull: return "nothing";
    case ConfigNode::Kind::kScalar: return "a text";
    case ConfigNode::Kind::kList: return "a list";
    case ConfigNode::Kind::kMap: return "a section";
  }
  return "something else";
}

Error Where::error(int line, std::string_view what) const {
  std::string place = origin;
  if (line > 0) place += fmt::format(":{}", line);
  if (path.empty()) return {Errc::kConfig, fmt::format("{}: {}", place, what)};
  return {Errc::kConfig, fmt::format("{}: {}: {}", place, path, what)};
}

Where Where::child(std::string_view key) const {
  return {origin, path.empty() ? std::string(key) : fmt::format("{}.{}", path, key)};
}

Where Where::element(size_t index) const { return {origin, fmt::format("{}[{}]", path, index)}; }

}  // namespace odradek::config
