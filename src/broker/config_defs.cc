#include "broker/config_defs.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace odradek::broker {
namespace {

using enum ConfigType;

constexpr double kNoLeast = std::numeric_limits<double>::lowest();
constexpr double kNoMost = std::numeric_limits<double>::max();

constexpr ConfigDef kTopicDefs[] = {
#define ODK_TOPIC_CONFIG(name, type, fallback, broker_name, least, most, allowed, text) \
  ConfigDef{name, type, fallback, broker_name, true, least, most, allowed, text},
#include "broker/topic_config_table.inc"
#undef ODK_TOPIC_CONFIG
};

constexpr ConfigDef kBrokerDefs[] = {
#define ODK_BROKER_CONFIG(name, type, fallback, dynamic, least, most, allowed, text) \
  ConfigDef{name, type, fallback, "", dynamic, least, most, allowed, text},
#include "broker/broker_config_table.inc"
#undef ODK_BROKER_CONFIG
};

// Source: GroupConfig of Kafka 4.3.
constexpr ConfigDef kGroupDefs[] = {
    {"consumer.assignment.interval.ms", kInt, "1000", "group.consumer.assignment.interval.ms", true,
     0, kNoMost, "", "How long at the least between two assignments of the group's partitions."},
    {"consumer.heartbeat.interval.ms", kInt, "5000", "group.consumer.heartbeat.interval.ms", true,
     1, kNoMost, "", "How often members of the group are to send heartbeats."},
    {"consumer.session.timeout.ms", kInt, "45000", "group.consumer.session.timeout.ms", true, 1,
     kNoMost, "", "After how long a silence a member is out of the group."},
};

static_assert(std::ranges::is_sorted(kTopicDefs, {}, &ConfigDef::name));
static_assert(std::ranges::is_sorted(kBrokerDefs, {}, &ConfigDef::name));

const ConfigDef* find(std::span<const ConfigDef> defs, std::string_view name) {
  const auto found = std::ranges::lower_bound(defs, name, {}, &ConfigDef::name);
  return found != defs.end() && found->name == name ? &*found : nullptr;
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

template <class Visit>
void for_each_item(std::string_view list, Visit&& visit) {
  if (trim(list).empty()) return;
  size_t begin = 0;
  while (begin <= list.size()) {
    const size_t comma = std::min(list.find(',', begin), list.size());
    visit(trim(list.substr(begin, comma - begin)));
    begin = comma + 1;
  }
}

template <class T>
std::optional<T> parse_number(std::string_view value) {
  value = trim(value);
  if (!value.empty() && value.front() == '+') value.remove_prefix(1);
  T number{};
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  return number;
}

Error bad(const ConfigDef& def, std::string_view value, std::string_view why) {
  return {Errc::kConfig,
          fmt::format("Invalid value {} for configuration {}: {}", value, def.name, why)};
}

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? x - 'A' + 'a' : x) == (y >= 'A' && y <= 'Z' ? y - 'A' + 'a' : y);
  });
}

Result<void> check_range(const ConfigDef& def, std::string_view value, double number) {
  if (number < def.least) {
    return bad(def, value, fmt::format("Value must be at least {}", def.least));
  }
  if (number > def.most) {
    return bad(def, value, fmt::format("Value must be no more than {}", def.most));
  }
  return {};
}

Result<void> check_integer(const ConfigDef& def, std::string_view value, int64_t least,
                           int64_t most) {
  const std::optional<int64_t> number = parse_number<int64_t>(value);
  if (!number || *number < least || *number > most) {
    return bad(def, value, "Not a number of the key's type");
  }
  return check_range(def, value, static_cast<double>(*number));
}

Result<void> check_allowed(const ConfigDef& def, std::string_view value) {
  if (def.allowed.empty()) return {};
  bool good = true;
  const auto known = [&def](std::string_view item) { return config_list_has(def.allowed, item); };
  if (def.type == kList) {
    for_each_item(value, [&](std::string_view item) { good = good && known(item); });
  } else {
    good = known(trim(value));
  }
  if (good) return {};
  return bad(def, value, fmt::format("String must be one of: {}", def.allowed));
}

// Edits it takes to turn one name into the other.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::span<const ConfigDef> topic_config_defs() { return kTopicDefs; }
std::span<const ConfigDef> broker_config_defs() { return kBrokerDefs; }
const ConfigDef* find_topic_config(std::string_view name) { return find(kTopicDefs, name); }
std::span<const ConfigDef> group_config_defs() { return kGroupDefs; }
const ConfigDef* find_group_config(std::string_view name) { return find(kGroupDefs, name); }
const ConfigDef* find_broker_config(std::string_view name) { return find(kBrokerDefs, name); }

Result<void> check_config_value(const ConfigDef& def, std::string_view value) {
  using Int32 = std::numeric_limits<int32_t>;
  using Int64 = std::numeric_limits<int64_t>;
  switch (def.type) {
    case kBoolean:
      if (same_word(trim(value), "true") || same_word(trim(value), "false")) return {};
      return bad(def, value, "Expected value to be either true or false");
    case kInt: return check_integer(def, value, Int32::min(), Int32::max());
    case kShort: return check_integer(def, value, -32768, 32767);
    case kLong: return check_integer(def, value, Int64::min(), Int64::max());
    case kDouble: {
      const std::optional<double> number = parse_number<double>(value);
      if (!number || std::isnan(*number)) return bad(def, value, "Not a number of type DOUBLE");
      return check_range(def, value, *number);
    }
    default: return check_allowed(def, value);
  }
}

std::string_view nearest_broker_config(std::string_view name) {
  std::string_view best;
  size_t best_distance = std::max<size_t>(name.size() / 3, 2) + 1;
  for (const ConfigDef& def : kBrokerDefs) {
    const size_t distance = edit_distance(name, def.name);
    if (distance < best_distance) {
      best = def.name;
      best_distance = distance;
    }
  }
  return best;
}

int64_t config_long(std::string_view value) { return parse_number<int64_t>(value).value_or(0); }
bool config_bool(std::string_view value) { return same_word(trim(value), "true"); }

bool config_list_has(std::string_view list, std::string_view item) {
  bool found = false;
  for_each_item(list, [&](std::string_view each) { found = found || each == item; });
  return found;
}

}  // namespace odradek::broker
