// YAML documents through the parser, variable expansion and a table with every kind of setting.
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "config/binder.h"

namespace {

using namespace odradek;
using namespace odradek::config;

struct Inner {
  int32_t count = 1;
};

void declare_inner(Binder& binder, Inner& inner) {
  binder.add("count", inner.count, "a number").range(1, 100);
}

std::optional<std::string> variable(const std::string& name) {
  if (name == "A") return "value";
  return std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  YamlLimits limits;
  limits.max_bytes = 64 * 1024;
  limits.max_nodes = 5000;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<ConfigNode> root = parse_yaml(text, "fuzz.yaml", variable, limits);
  if (!root) {
    if (root.error().code() != Errc::kConfig || root.error().message().empty()) __builtin_trap();
    return 0;
  }
  std::string name;
  bool flag = false;
  double ratio = 0;
  Secret secret;
  ByteSize bytes;
  std::chrono::milliseconds timeout{};
  std::vector<std::string> list;
  std::map<std::string, Secret> users;
  std::map<std::string, Inner> topics;
  std::vector<Inner> rules;
  Binder binder;
  binder.add("a.name", name, "");
  binder.add("a.flag", flag, "");
  binder.add("a.ratio", ratio, "");
  binder.add("b.secret", secret, "");
  binder.add("b.bytes", bytes, "");
  binder.add("b.timeout_ms", timeout, "");
  binder.add("list", list, "");
  binder.add("users", users, "");
  binder.map_of<Inner>("topics", topics, declare_inner, "");
  binder.list_of<Inner>("rules", rules, declare_inner, "");
  const Result<void> read = binder.read(*root, {"fuzz.yaml", ""});
  if (!read && read.error().code() != Errc::kConfig) __builtin_trap();
  return 0;
}
