#include "broker/security/listener_properties.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace odradek::broker {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return result;
}

}  // namespace

ListenerProperties::ListenerProperties(const Settings& settings, std::string_view listener)
    : settings_(settings), prefix_(fmt::format("listener.name.{}.", lower(listener))) {}

std::optional<std::string> ListenerProperties::given(std::string_view key) const {
  if (auto own = settings_.given(prefix_ + std::string(key))) return own;
  return settings_.given(key);
}

std::optional<std::string> ListenerProperties::get(std::string_view key) const {
  if (auto own = settings_.given(prefix_ + std::string(key))) return own;
  const ConfigDef* def = find_broker_config(key);
  return def == nullptr ? std::nullopt : settings_.get(*def).value;
}

std::optional<std::string> ListenerProperties::of_mechanism(std::string_view mechanism,
                                                            std::string_view key) const {
  const std::string name = fmt::format("{}.{}", lower(mechanism), key);
  if (auto own = settings_.given(prefix_ + name)) return own;
  return settings_.given(name);
}

int64_t ListenerProperties::number(std::string_view key) const { return config_long(text(key)); }

std::vector<std::string> ListenerProperties::list(std::string_view key) const {
  std::vector<std::string> items;
  const std::string text = this->text(key);
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find(',', begin), text.size());
    std::string_view item = std::string_view(text).substr(begin, end - begin);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
    begin = end + 1;
  }
  return items;
}

}  // namespace odradek::broker
