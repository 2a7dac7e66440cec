#include "backup/inspect/render.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

namespace odradek::backup {
namespace {

using Json = nlohmann::ordered_json;

// JSON texts are YAML scalars, and quoted ones are never taken for something else.
std::string scalar(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Names need no quotes, unless YAML takes them for something else.
std::string key_text(const std::string& key) {
  constexpr std::string_view kTaken[] = {"true", "false", "null", "yes", "no",
                                         "on",   "off",   "y",    "n"};
  const bool is_name = !key.empty() && std::isalpha(static_cast<unsigned char>(key[0])) != 0 &&
                       std::ranges::all_of(key, [](unsigned char c) {
                         return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-';
                       });
  const bool is_taken = std::ranges::any_of(kTaken, [&key](std::string_view word) {
    return std::ranges::equal(
        key, word, [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
  });
  return is_name && !is_taken ? key : scalar(key);
}

bool is_block(const Json& value) { return value.is_structured() && !value.empty(); }

void write_block(const Json& value, size_t indent, std::string& out);

void write_entry(const Json& value, size_t indent, std::string& out) {
  if (is_block(value)) {
    out += '\n';
    write_block(value, indent, out);
  } else {
    out += ' ' + scalar(value) + '\n';
  }
}

void write_list(const Json& list, size_t indent, std::string& out) {
  for (const Json& item : list) {
    out += std::string(indent, ' ') + '-';
    if (item.is_object() && !item.empty()) {
      std::string inner;
      write_block(item, indent + 2, inner);
      // The first key stands behind the dash.
      out += ' ' + inner.substr(indent + 2);
    } else {
      write_entry(item, indent + 2, out);
    }
  }
}

void write_block(const Json& value, size_t indent, std::string& out) {
  if (value.is_array()) {
    write_list(value, indent, out);
    return;
  }
  for (const auto& [key, item] : value.items()) {
    out += std::string(indent, ' ') + key_text(key) + ':';
    write_entry(item, indent + 2, out);
  }
}

}  // namespace

std::string render(const Json& value, OutputFormat format) {
  if (format == OutputFormat::kYaml) {
    if (!is_block(value)) return scalar(value) + '\n';
    std::string out;
    write_block(value, 0, out);
    return out;
  }
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace odradek::backup
