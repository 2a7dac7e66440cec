#include "config/binder.h"

#include <algorithm>

#include "base/assert.h"
#include "base/nearest_name.h"

namespace odradek::config {
namespace {

class CustomSetting final : public Setting {
 public:
  CustomSetting(std::string key, std::string doc, std::string type, Binder::ReadNode read)
      : Setting(std::move(key), std::move(doc)), type_(std::move(type)), read_(std::move(read)) {}

  std::string type_name() const override { return type_; }
  std::string show() const override { return {}; }

 private:
  Result<void> read(const ConfigNode& node, const Where& where) override {
    return read_(node, where);
  }

  std::string type_;
  Binder::ReadNode read_;
};

std::string joined(const std::string& prefix, std::string_view key) {
  return prefix.empty() ? std::string(key) : fmt::format("{}.{}", prefix, key);
}

// The part of `key` right under the section `prefix`; empty when it is elsewhere.
std::string_view child_name(std::string_view key, std::string_view prefix) {
  if (!prefix.empty()) {
    if (!key.starts_with(prefix) || key.size() <= prefix.size() || key[prefix.size()] != '.')
      return {};
    key.remove_prefix(prefix.size() + 1);
  }
  return key.substr(0, key.find('.'));
}

}  // namespace

Setting& Binder::custom(std::string key, std::string type, ReadNode read, std::string doc) {
  return insert(std::make_unique<CustomSetting>(std::move(key), std::move(doc), std::move(type),
                                                std::move(read)));
}

void Binder::add_setting(std::unique_ptr<Setting> setting) {
  ODK_ASSERT(find(setting->key()) == nullptr, "{} is declared twice", setting->key());
  ODK_ASSERT(!is_section(setting->key()), "{} is a section already", setting->key());
  setting->default_text_ = setting->show();
  settings_.push_back(std::move(setting));
}

Setting* Binder::find(std::string_view key) const {
  for (const auto& setting : settings_) {
    if (setting->key() == key) return setting.get();
  }
  return nullptr;
}

bool Binder::is_section(std::string_view key) const {
  const auto is_inside = [&](const auto& setting) {
    return !child_name(setting->key(), key).empty();
  };
  return std::ranges::any_of(settings_, is_inside);
}

Result<void> Binder::load(const Sources& sources) {
  const Environment environment = sources.environment ? sources.environment : process_environment();
  Where where{sources.file.empty() ? std::string("settings") : sources.file, ""};
  if (!sources.file.empty()) {
    ODK_TRY(const ConfigNode root, load_yaml(sources.file, environment));
    ODK_TRY_VOID(read(root, where));
  }
  if (!sources.environment_prefix.empty()) {
    ODK_TRY_VOID(read_environment(sources.environment_prefix, environment));
  }
  for (const Override& given : sources.overrides) ODK_TRY_VOID(read_override(given));
  return check_required(where);
}

Result<void> Binder::read(const ConfigNode& root, const Where& where) {
  if (root.is_null()) return {};
  if (!root.is_map()) {
    return where.error(root, fmt::format("expected a section, found {}", describe_kind(root.kind)));
  }
  return read_section(root, "", where);
}

Result<void> Binder::read_section(const ConfigNode& section, const std::string& prefix,
                                  const Where& where) {
  for (const ConfigNode& item : section.items) {
    const std::string key = joined(prefix, item.key);
    const Where place = where.child(item.key);
    if (Setting* const setting = find(key); setting != nullptr) {
      ODK_TRY_VOID(set(*setting, item, place));
    } else if (!is_section(key)) {
      return unknown_key(item, prefix, where);
    } else if (item.is_map()) {
      ODK_TRY_VOID(read_section(item, key, place));
    } else if (!item.is_null()) {
      return place.error(item,
                         fmt::format("expected a section, found {}", describe_kind(item.kind)));
    }
  }
  return {};
}

Result<void> Binder::set(Setting& setting, const ConfigNode& node, const Where& where) {
  // "a: {b: 1}" beside "a.b: 2" in one file is a mistake; another source replaces the value.
  if (setting.is_set() && setting.where_.origin == where.origin && node.line > 0) {
    return where.error(node, fmt::format("set twice, first in line {}", setting.line_));
  }
  ODK_TRY_VOID(setting.read(node, where));
  setting.where_ = where;
  setting.line_ = node.line;
  return {};
}

Result<void> Binder::read_environment(const std::string& prefix, const Environment& environment) {
  for (const auto& setting : settings_) {
    if (!setting->is_text()) continue;
    const std::string name = environment_name(prefix, setting->key());
    const std::optional<std::string> value = environment(name);
    if (!value) continue;
    const Where where{"environment variable " + name, setting->key()};
    ODK_TRY_VOID(set(*setting, ConfigNode::scalar(*value), where));
  }
  return {};
}

Result<void> Binder::read_override(const Override& given) {
  const Where where{given.origin, given.key};
  Setting* const setting = find(given.key);
  if (setting == nullptr) {
    std::vector<std::string> keys;
    keys.reserve(settings_.size());
    for (const auto& known : settings_) keys.push_back(known->key());
    const std::string nearest = nearest_name(given.key, keys);
    return where.error(
        0, nearest.empty() ? "unknown key" : fmt::format("unknown key, did you mean {}?", nearest));
  }
  if (!setting->is_text()) return where.error(0, "can be set in the file only");
  return set(*setting, ConfigNode::scalar(given.text), where);
}

Result<void> Binder::check_required(const Where& where) const {
  for (const auto& setting : settings_) {
    if (!setting->is_required() || setting->is_set()) continue;
    return where.child(setting->key()).error(0, fmt::format("is required ({})", setting->doc()));
  }
  return {};
}

Error Binder::unknown_key(const ConfigNode& item, const std::string& prefix,
                          const Where& where) const {
  std::vector<std::string> here;
  std::vector<std::string> elsewhere;
  for (const auto& setting : settings_) {
    const std::string_view name = child_name(setting->key(), prefix);
    if (!name.empty()) here.emplace_back(name);
    // The right word in the wrong section.
    const std::string& key = setting->key();
    if (key.ends_with("." + item.key)) elsewhere.push_back(key);
  }
  std::string nearest = nearest_name(item.key, here);
  if (nearest.empty() && elsewhere.size() == 1) nearest = elsewhere.front();
  const Where place = where.child(item.key);
  const int line = item.key_line;
  if (nearest.empty()) return place.error(line, "unknown key");
  return place.error(line, fmt::format("unknown key, did you mean {}?", nearest));
}

Error Binder::error_at(std::string_view key, std::string_view what) const {
  const Setting* const setting = find(key);
  ODK_ASSERT(setting != nullptr, "{} is not declared", key);
  if (setting->is_set()) return setting->where_.error(setting->line_, what);
  return {Errc::kConfig, fmt::format("{}: {}", key, what)};
}

bool Binder::is_set(std::string_view key) const {
  const Setting* const setting = find(key);
  ODK_ASSERT(setting != nullptr, "{} is not declared", key);
  return setting->is_set();
}

std::string environment_name(std::string_view prefix, std::string_view key) {
  std::string name(prefix);
  for (const char c : key) {
    const bool is_letter = c >= 'a' && c <= 'z';
    const bool is_digit = c >= '0' && c <= '9';
    name += is_letter ? static_cast<char>(c - 'a' + 'A') : is_digit ? c : '_';
  }
  return name;
}

}  // namespace odradek::config
