#include "config/node.h"

#include <fmt/format.h>

namespace odradek::config {

const Node* Node::find(std::string_view name) const {
  if (!is_map()) return nullptr;
  for (const Node& item : items) {
    if (item.key == name) return &item;
  }
  return nullptr;
}

std::string_view describe_kind(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kNull: return "nothing";
    case Node::Kind::kScalar: return "a text";
    case Node::Kind::kList: return "a list";
    case Node::Kind::kMap: return "a section";
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
