#include "proxy/remap/mapping_registry.h"

#include <fmt/format.h>

#include <algorithm>

namespace odradek::proxy {
namespace {

constexpr size_t kTopicNameBytesMax = 249;  // Kafka's own limit
constexpr size_t kCachedAnswersMax = 10'000;

bool is_topic_name(std::string_view text) {
  return !text.empty() && text.size() <= kTopicNameBytesMax &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

Result<std::regex> compile(const std::string& pattern) {
  try {
    return std::regex(pattern, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error& error) {
    return Error(Errc::kConfig, fmt::format("topic \"{}\" is not a regular expression: {}", pattern,
                                            error.what()));
  }
}

}  // namespace

Result<size_t> MappingRegistry::add(const MappingSpec& spec) {
  ODK_TRY(const PartitionRemapper remapper, PartitionRemapper::create(spec));
  groups_max_ = std::max(groups_max_, remapper.compression_ratio());
  remappers_.push_back(remapper);
  return remappers_.size() - 1;
}

Result<MappingRegistry> MappingRegistry::create(std::optional<MappingSpec> fallback,
                                                const std::vector<TopicRule>& rules) {
  MappingRegistry registry;
  for (const TopicRule& rule : rules) {
    Result<size_t> at = registry.add(rule.spec);
    if (!at) {
      return std::move(at).error().with_context(fmt::format("topic \"{}\"", rule.pattern));
    }
    if (is_topic_name(rule.pattern)) {
      if (!registry.exact_.emplace(rule.pattern, *at).second) {
        return Error(Errc::kConfig, fmt::format("topic \"{}\" is there twice", rule.pattern));
      }
      continue;
    }
    ODK_TRY(std::regex regex, compile(rule.pattern));
    registry.expressions_.push_back({std::move(regex), *at});
  }
  if (fallback) {
    Result<size_t> at = registry.add(*fallback);
    if (!at) return std::move(at).error();
    registry.fallback_ = *at;
  }
  return registry;
}

std::optional<size_t> MappingRegistry::match_expression(std::string_view topic) const {
  if (expressions_.empty()) return std::nullopt;
  if (const auto known = expression_answers_.find(topic); known != expression_answers_.end()) {
    return known->second;
  }
  std::optional<size_t> found;
  for (const Expression& expression : expressions_) {
    if (std::regex_match(topic.begin(), topic.end(), expression.regex)) {
      found = expression.remapper;
      break;
    }
  }
  if (expression_answers_.size() >= kCachedAnswersMax) expression_answers_.clear();
  expression_answers_.emplace(topic, found);
  return found;
}

std::optional<MappingMatch> MappingRegistry::match(std::string_view topic) const {
  // Names no broker accepts match nothing, so that they cost no expression and no cache entry.
  if (topic.starts_with("__") || !is_topic_name(topic)) return std::nullopt;
  if (const auto exact = exact_.find(topic); exact != exact_.end()) {
    return MappingMatch{&remappers_[exact->second], MappingSource::kNamed};
  }
  if (const std::optional<size_t> found = match_expression(topic)) {
    return MappingMatch{&remappers_[*found], MappingSource::kNamed};
  }
  if (fallback_) return MappingMatch{&remappers_[*fallback_], MappingSource::kDefault};
  return std::nullopt;
}

}  // namespace odradek::proxy
