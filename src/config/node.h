#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace odradek::config {

// A piece of a configuration as it was written, before anybody asked for a type. Owns its text.
struct ConfigNode {
  enum class Kind : uint8_t { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  int line = 0;       // where it begins, from 1; 0 for what comes from no file
  std::string key;    // inside a map
  int key_line = 0;   // where the key stands
  std::string text;   // of a scalar
  bool quoted = false;
  std::vector<ConfigNode> items;  // of a list; of a map, in the order written

  static ConfigNode scalar(std::string text) {
    ConfigNode node;
    node.kind = Kind::kScalar;
    node.text = std::move(text);
    return node;
  }

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }
  const ConfigNode* find(std::string_view name) const;  // of a map; nullptr when there is none
};

// "a text", "a list", ...: for errors.
std::string_view describe_kind(ConfigNode::Kind kind);

// Where a value comes from and what it is called; makes the one-sentence errors
// "broker.yaml:12: listeners.tls.cert_file: expected a text, found a list".
struct Where {
  std::string origin;  // a file, "environment variable X", "--listen"
  std::string path;    // "listeners.tls.cert_file", "rules[2].topic"; empty: the whole document

  Error error(int line, std::string_view what) const;
  Error error(const ConfigNode& node, std::string_view what) const {
    return error(node.line, what);
  }
  Where child(std::string_view key) const;
  Where element(size_t index) const;
};

}  // namespace odradek::config
