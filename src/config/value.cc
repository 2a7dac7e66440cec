#include "config/value.h"

#include <array>
#include <charconv>
#include <cmath>
#include <span>

namespace odradek::config {
namespace {

Error invalid(std::string what) { return {Errc::kInvalidArgument, std::move(what)}; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// A long or unprintable text would not help anybody in an error.
std::string shown(std::string_view text) {
  constexpr size_t kShownBytes = 60;
  std::string result;
  for (const char c : text.substr(0, kShownBytes)) {
    result += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  }
  return text.size() > kShownBytes ? result + "..." : result;
}

struct NumberAndUnit {
  double number;
  std::string_view unit;
};

// Takes "1.5GiB" apart at the front of `rest`.
Result<NumberAndUnit> take_number(std::string_view& rest, std::string_view whole,
                                  std::string_view example) {
  NumberAndUnit result{};
  const char* const end = rest.data() + rest.size();
  const auto [stop, failure] =
      std::from_chars(rest.data(), end, result.number, std::chars_format::fixed);
  if (failure != std::errc{} || !(result.number >= 0)) {
    return invalid(fmt::format("expected {}, found \"{}\"", example, shown(whole)));
  }
  rest = trimmed(rest.substr(static_cast<size_t>(stop - rest.data())));
  const size_t unit_end = rest.find_first_of("0123456789");
  result.unit = trimmed(rest.substr(0, unit_end));
  rest = unit_end == std::string_view::npos ? std::string_view{} : rest.substr(unit_end);
  return result;
}

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array kDurationUnits{Unit{"d", 86400e9}, Unit{"h", 3600e9}, Unit{"m", 60e9},
                                    Unit{"s", 1e9},     Unit{"ms", 1e6},   Unit{"us", 1e3},
                                    Unit{"ns", 1}};
constexpr std::array kSizeUnits{Unit{"TiB", 1099511627776.0},
                                Unit{"GiB", 1073741824.0},
                                Unit{"MiB", 1048576.0},
                                Unit{"KiB", 1024.0},
                                Unit{"TB", 1e12},
                                Unit{"GB", 1e9},
                                Unit{"MB", 1e6},
                                Unit{"kB", 1e3},
                                Unit{"KB", 1e3},
                                Unit{"B", 1}};

const Unit* find_unit(std::span<const Unit> units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const size_t comma = text.find(',');
    const std::string_view part = trimmed(text.substr(0, comma));
    if (!part.empty()) parts.emplace_back(part);
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

Result<std::string_view> scalar_text(const ConfigNode& node, const Where& where,
                                     std::string_view expected) {
  if (node.is_scalar()) return std::string_view(node.text);
  return where.error(node,
                     fmt::format("expected {}, found {}", expected, describe_kind(node.kind)));
}

// Parses the scalar with `parse` and places its error.
template <class T, class Parse>
Result<void> read_scalar(const ConfigNode& node, const Where& where, std::string_view expected,
                         T& value, Parse parse) {
  ODK_TRY(const std::string_view text, scalar_text(node, where, expected));
  auto parsed = parse(trimmed(text));
  if (!parsed) return where.error(node, parsed.error().message());
  value = *std::move(parsed);
  return {};
}

}  // namespace

Result<bool> parse_bool(std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "on", "True", "TRUE"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "False", "FALSE"}) {
    if (text == no) return false;
  }
  return invalid(fmt::format("expected true or false, found \"{}\"", shown(text)));
}

Result<int64_t> parse_integer(std::string_view text, int64_t smallest, int64_t largest) {
  int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (failure == std::errc::invalid_argument || (failure == std::errc{} && stop != end)) {
    return invalid(fmt::format("expected an integer, found \"{}\"", shown(text)));
  }
  if (failure != std::errc{} || number < smallest || number > largest) {
    return invalid(fmt::format("{} is not between {} and {}", shown(text), smallest, largest));
  }
  return number;
}

Result<double> parse_number(std::string_view text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || stop != end || !std::isfinite(number)) {
    return invalid(fmt::format("expected a number, found \"{}\"", shown(text)));
  }
  return number;
}

Result<Duration> parse_duration(std::string_view text, Duration plain_unit) {
  constexpr double kLongest = 100 * 365.25 * 86400e9;
  std::string_view rest = text;
  double total = 0;
  do {
    ODK_TRY(const NumberAndUnit part, take_number(rest, text, "a duration such as 10s"));
    const Unit* const unit = find_unit(kDurationUnits, part.unit);
    const bool is_plain = part.unit.empty() && rest.empty() && total == 0;
    if (unit == nullptr && !is_plain) {
      return invalid(fmt::format("\"{}\" has an unknown unit, use ms, s, m, h or d", shown(text)));
    }
    if (is_plain && plain_unit == Duration::zero() && part.number != 0) {
      return invalid(fmt::format("\"{}\" needs a unit: ms, s, m, h or d", shown(text)));
    }
    total += part.number * (is_plain ? static_cast<double>(plain_unit.count()) : unit->factor);
    if (!(total <= kLongest)) return invalid("longer than 100 years");
  } while (!rest.empty());
  return Duration(std::llround(total));
}

Result<ByteSize> parse_size(std::string_view text) {
  constexpr double kLargest = 9.0e18;
  std::string_view rest = text;
  ODK_TRY(const NumberAndUnit part, take_number(rest, text, "a size such as 64MiB"));
  const Unit* const unit = find_unit(kSizeUnits, part.unit.empty() ? "B" : part.unit);
  if (unit == nullptr || !rest.empty()) {
    return invalid(
        fmt::format("\"{}\" has an unknown unit, use B, KiB, MiB, GiB or TiB", shown(text)));
  }
  const double bytes = part.number * unit->factor;
  if (!(bytes <= kLargest)) return invalid(fmt::format("{} is too large", shown(text)));
  return ByteSize{static_cast<uint64_t>(std::llround(bytes))};
}

Duration unit_of_key(std::string_view key) {
  const auto ends = [&](std::string_view unit) {
    if (!key.ends_with(unit) || key.size() <= unit.size()) return false;
    const char before = key[key.size() - unit.size() - 1];
    return before == '_' || before == '.';
  };
  if (ends("ms") || ends("millis")) return std::chrono::milliseconds(1);
  if (ends("s") || ends("secs") || ends("seconds")) return std::chrono::seconds(1);
  if (ends("minutes")) return std::chrono::minutes(1);
  if (ends("hours")) return std::chrono::hours(1);
  if (ends("us")) return std::chrono::microseconds(1);
  return Duration::zero();
}

std::string format_duration(Duration duration) {
  if (duration == Duration::zero()) return "0s";
  int64_t rest = duration.count();
  std::string text;
  for (const Unit& unit : kDurationUnits) {
    const auto factor = static_cast<int64_t>(unit.factor);
    if (rest >= factor) {
      text += fmt::format("{}{}", rest / factor, unit.name);
      rest %= factor;
    }
  }
  return text;
}

std::string format_size(ByteSize size) {
  for (const Unit& unit : std::span(kSizeUnits).first(4)) {
    const auto factor = static_cast<uint64_t>(unit.factor);
    if (size.bytes >= factor && size.bytes % factor == 0) {
      return fmt::format("{}{}", size.bytes / factor, unit.name);
    }
  }
  return fmt::format("{}", size.bytes);
}

Result<void> read_value(const ConfigNode& node, const Where& where, bool& value) {
  return read_scalar(node, where, "true or false", value, parse_bool);
}

Result<void> read_value(const ConfigNode& node, const Where& where, double& value) {
  return read_scalar(node, where, "a number", value, parse_number);
}

Result<void> read_value(const ConfigNode& node, const Where& where, ByteSize& value) {
  return read_scalar(node, where, "a size such as 64MiB", value, parse_size);
}

Result<void> read_value(const ConfigNode& node, const Where& where, std::string& value) {
  ODK_TRY(const std::string_view text, scalar_text(node, where, "a text"));
  value = text;
  return {};
}

Result<void> read_value(const ConfigNode& node, const Where& where, Secret& value) {
  ODK_TRY(const std::string_view text, scalar_text(node, where, "a text"));
  value = Secret(text);
  return {};
}

Result<void> read_value(const ConfigNode& node, const Where& where,
                        std::vector<std::string>& value) {
  if (node.is_scalar()) {
    value = split_at_commas(node.text);
    return {};
  }
  if (!node.is_list()) {
    return where.error(node, fmt::format("expected a list, found {}", describe_kind(node.kind)));
  }
  std::vector<std::string> texts;
  for (const ConfigNode& item : node.items) {
    ODK_TRY_VOID(read_value(item, where.element(texts.size()), texts.emplace_back()));
  }
  value = std::move(texts);
  return {};
}

Result<void> read_value(const ConfigNode& node, const Where& where,
                        std::map<std::string, std::string>& value) {
  if (!node.is_map()) {
    return where.error(node, fmt::format("expected a section, found {}", describe_kind(node.kind)));
  }
  std::map<std::string, std::string> texts;
  for (const ConfigNode& item : node.items) {
    ODK_TRY_VOID(read_value(item, where.child(item.key), texts[item.key]));
  }
  value = std::move(texts);
  return {};
}

Result<void> read_value(const ConfigNode& node, const Where& where,
                        std::map<std::string, Secret>& value) {
  std::map<std::string, Secret> secrets;
  if (node.is_map()) {
    for (const ConfigNode& item : node.items) {
      ODK_TRY_VOID(read_value(item, where.child(item.key), secrets[item.key]));
    }
  } else if (node.is_list()) {
    for (size_t i = 0; i < node.items.size(); ++i) {
      const ConfigNode& item = node.items[i];
      const Where place = where.element(i);
      const ConfigNode* const name = item.find("username");
      const ConfigNode* const password = item.find("password");
      if (name == nullptr || !name->is_scalar() || password == nullptr || item.items.size() != 2) {
        return place.error(item, "expected username and password");
      }
      if (secrets.contains(name->text)) {
        return place.error(item, fmt::format("{} is there twice", name->text));
      }
      ODK_TRY_VOID(read_value(*password, place.child("password"), secrets[name->text]));
    }
  } else {
    return where.error(
        node, fmt::format("expected a section or a list, found {}", describe_kind(node.kind)));
  }
  value = std::move(secrets);
  return {};
}

Result<void> read_integer(const ConfigNode& node, const Where& where, int64_t smallest,
                          int64_t largest, int64_t& value) {
  return read_scalar(node, where, "an integer", value,
                     [&](std::string_view text) { return parse_integer(text, smallest, largest); });
}

Result<void> read_duration(const ConfigNode& node, const Where& where, Duration& value) {
  return read_scalar(node, where, "a duration such as 10s", value, [&](std::string_view text) {
    return parse_duration(text, unit_of_key(where.path));
  });
}

}  // namespace odradek::config
