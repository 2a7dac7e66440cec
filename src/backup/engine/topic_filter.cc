#include "backup/engine/topic_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

namespace odradek::backup {
namespace {

bool matches_glob(std::string_view pattern, std::string_view name) {
  size_t p = 0;
  size_t n = 0;
  size_t star = std::string_view::npos;
  size_t after_star = 0;
  while (n < name.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after_star = n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++after_star;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool matches_pattern(const std::string& pattern, std::string_view name) {
  if (!pattern.starts_with('~')) return matches_glob(pattern, name);
  return std::regex_match(std::string(name), std::regex(pattern.substr(1)));
}

Result<void> check_pattern(const std::string& pattern) {
  if (!pattern.starts_with('~')) return {};
  try {
    static_cast<void>(std::regex(pattern.substr(1)));
    return {};
  } catch (const std::regex_error& failure) {
    return Error(Errc::kConfig, fmt::format("pattern {}: {}", pattern, failure.what()));
  }
}

}  // namespace

bool is_literal_name(std::string_view pattern) {
  return !pattern.starts_with('~') && pattern.find_first_of("*?") == std::string_view::npos;
}

Result<NameFilter> NameFilter::make(std::vector<std::string> include,
                                    std::vector<std::string> exclude) {
  for (const std::string& pattern : include) ODK_TRY_VOID(check_pattern(pattern));
  for (const std::string& pattern : exclude) ODK_TRY_VOID(check_pattern(pattern));
  return NameFilter(std::move(include), std::move(exclude));
}

bool NameFilter::matches(std::string_view name) const {
  const auto is_match = [name](const std::string& pattern) {
    return matches_pattern(pattern, name);
  };
  if (std::ranges::any_of(exclude_, is_match)) return false;
  if (include_.empty()) return !name.starts_with("__");
  return std::ranges::any_of(include_, is_match);
}

}  // namespace odradek::backup
