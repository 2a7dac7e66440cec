#include "config/binder.h"

namespace odradek::config {
namespace {

std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result;
}

void append_rows(const Binder& binder, const std::string& prefix, std::string_view environment,
                 std::string& out) {
  for (const auto& setting : binder.settings()) {
    const std::string key = prefix + setting->key();
    const std::string& value = setting->default_text();
    const std::string shown = setting->is_required() ? "required"
                              : value.empty()        ? ""
                                                     : fmt::format("`{}`", cell(value));
    out += fmt::format("| `{}` | {} | {} | {} |", key, cell(setting->type_name()), shown,
                       cell(setting->doc()));
    if (!environment.empty()) {
      const bool has_variable = prefix.empty() && setting->is_text();
      out += has_variable ? fmt::format(" `{}` |", environment_name(environment, key)) : " |";
    }
    out += '\n';
    Binder inner;
    setting->describe_inner(inner);
    append_rows(inner, key + ".*.", environment, out);
  }
}

}  // namespace

std::string describe_settings(const Binder& binder, std::string_view environment_prefix) {
  std::string out = "| key | type | default | meaning |";
  out +=
      environment_prefix.empty() ? "\n|---|---|---|---|\n" : " variable |\n|---|---|---|---|---|\n";
  append_rows(binder, "", environment_prefix, out);
  return out;
}

}  // namespace odradek::config
