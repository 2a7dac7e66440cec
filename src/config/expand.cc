#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "config/yaml.h"

namespace odradek::config {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::ranges::all_of(name, is_name_character);
}

Error invalid(std::string what) { return {Errc::kInvalidArgument, std::move(what)}; }

// `inside` is what stands between the braces.
Result<std::string> value_of(std::string_view inside, const Environment& environment) {
  const size_t separator = inside.find(":-");
  const std::string name(inside.substr(0, separator));
  if (!is_variable_name(name)) {
    return invalid(fmt::format("${{{}}} does not name an environment variable", inside));
  }
  const std::optional<std::string> value = environment(name);
  if (separator == std::string_view::npos) {
    if (!value) return invalid(fmt::format("environment variable {} is not set", name));
    return *value;
  }
  if (value && !value->empty()) return *value;
  return std::string(inside.substr(separator + 2));
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

Result<std::string> expand_variables(std::string_view text, const Environment& environment) {
  std::string result;
  while (true) {
    const size_t at = text.find("${");
    if (at == std::string_view::npos) {
      result += text;
      return result;
    }
    if (at > 0 && text[at - 1] == '$') {
      result += text.substr(0, at - 1);
      result += "${";
      text.remove_prefix(at + 2);
      continue;
    }
    const size_t end = text.find('}', at);
    if (end == std::string_view::npos) return invalid("${ without its closing }");
    result += text.substr(0, at);
    ODK_TRY(const std::string value, value_of(text.substr(at + 2, end - at - 2), environment));
    result += value;
    text.remove_prefix(end + 1);
  }
}

}  // namespace odradek::config
