#include "proxy/consistency/shared_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace odradek::proxy {
namespace {

constexpr std::string_view kTitle = "kafka-partition-proxy settings 1";
constexpr std::string_view kMark = "auto";
constexpr std::string_view kIdentity = "identity";
constexpr std::string_view kSegmented = "segmented";

// Names are the last thing on their line, whatever they hold but the end of it.
std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c == '\\') text += "\\\\";
    if (c == '\n') text += "\\n";
    if (c != '\\' && c != '\n') text += c;
  }
  return text;
}

std::string unescaped(std::string_view text) {
  std::string name;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '\\' && i + 1 < text.size();
    if (is_escape) ++i;
    name += is_escape && text[i] == 'n' ? '\n' : text[i];
  }
  return name;
}

std::string spec_text(const MappingSpec& spec) {
  return fmt::format("{} {} {} {}", spec.virtual_partitions, spec.physical_partitions,
                     spec.offset_range, spec.segmented ? kSegmented : kIdentity);
}

// The next word of a line.
std::string_view take_word(std::string_view& line) {
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

template <class T>
bool take_number(std::string_view& line, T& into) {
  const std::string_view word = take_word(line);
  const char* end = word.data() + word.size();
  const auto [at, error] = std::from_chars(word.data(), end, into);
  return error == std::errc() && at == end && !word.empty();
}

bool take_spec(std::string_view& line, MappingSpec& spec) {
  const bool has_numbers = take_number(line, spec.virtual_partitions) &&
                           take_number(line, spec.physical_partitions) &&
                           take_number(line, spec.offset_range);
  const std::string_view mode = take_word(line);
  spec.segmented = mode == kSegmented;
  return has_numbers && (mode == kSegmented || mode == kIdentity);
}

bool take_line(std::string_view line, SharedSettings& into) {
  const std::string_view what = take_word(line);
  if (what == "mark") return line == kMark;
  if (what == "suffix") {
    into.shadow_suffix = unescaped(line);
    return true;
  }
  if (what == "default") return take_spec(line, into.fallback.emplace()) && line.empty();
  if (what != "topic") return false;
  TopicRule& rule = into.topics.emplace_back();
  if (!take_spec(line, rule.spec)) return false;
  rule.pattern = unescaped(line);
  return true;
}

Error differs(const std::string& what) {
  return {Errc::kConfig, "another instance in front of this cluster " + what};
}

Result<void> check_spec(const std::string& what, const MappingSpec& own,
                        const MappingSpec& others) {
  if (own == others) return {};
  return differs(
      fmt::format("maps {} with \"{}\", this one with \"{}\" (virtual and physical "
                  "partitions, offset range, offset mode)",
                  what, spec_text(others), spec_text(own)));
}

}  // namespace

SharedSettings shared_settings(const ProxyOptions& options) {
  return {.shadow_suffix = options.shadow_suffix,
          .fallback = options.fallback,
          .topics = options.topics};
}

std::string to_text(const SharedSettings& settings) {
  std::string text =
      fmt::format("{}\nmark {}\nsuffix {}\n", kTitle, kMark, escaped(settings.shadow_suffix));
  if (settings.fallback) text += fmt::format("default {}\n", spec_text(*settings.fallback));
  for (const TopicRule& rule : settings.topics) {
    text += fmt::format("topic {} {}\n", spec_text(rule.spec), escaped(rule.pattern));
  }
  return text;
}

Result<SharedSettings> parse_shared_settings(std::string_view text) {
  SharedSettings settings;
  for (int number = 1; number == 1 || !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool is_good = number == 1 ? line == kTitle : take_line(line, settings);
    if (is_good) continue;
    return Error(Errc::kMalformed,
                 fmt::format("line {} of the settings is not one of this version", number));
  }
  return settings;
}

// Rules for more topics may stand between theirs; the order of theirs decides which expression a
// topic matches.
Result<void> check_shared(const SharedSettings& own, const SharedSettings& others) {
  if (own.shadow_suffix != others.shadow_suffix) {
    return differs(fmt::format("has offsets.shadow_suffix \"{}\", this one \"{}\"",
                               others.shadow_suffix, own.shadow_suffix));
  }
  if (others.fallback) {
    if (!own.fallback) return differs("maps topics by default, this one does not");
    ODK_TRY_VOID(check_spec("topics by default", *own.fallback, *others.fallback));
  }
  auto behind = own.topics.begin();
  for (const TopicRule& rule : others.topics) {
    const auto found = std::ranges::find(own.topics, rule.pattern, &TopicRule::pattern);
    const std::string what = "\"" + rule.pattern + "\"";
    if (found == own.topics.end()) return differs("maps " + what + ", this one does not");
    ODK_TRY_VOID(check_spec(what, found->spec, rule.spec));
    if (found < behind) return differs("has " + what + " at another place of mapping.topics");
    behind = found + 1;
  }
  return {};
}

}  // namespace odradek::proxy
