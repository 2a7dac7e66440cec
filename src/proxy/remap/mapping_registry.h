#pragma once

#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "proxy/remap/partition_remapper.h"

namespace odradek::proxy {

// How a topic came to its mapping. A topic that only the default matched and that does not fit
// it is passed through; one that was named is refused.
enum class MappingSource : uint8_t { kNamed, kDefault };

struct MappingMatch {
  const PartitionRemapper* remapper = nullptr;  // lives as long as the registry
  MappingSource source = MappingSource::kDefault;
};

// One entry of mapping.topics, in file order.
struct TopicRule {
  std::string pattern;
  MappingSpec spec;

  bool operator==(const TopicRule&) const = default;
};

// Which topics are mapped and how, from the configuration alone: exact name, then regular
// expressions in file order (whole name), then the default. A pattern made of the characters a
// topic name may have (letters, digits, '.', '_', '-') is a name, any other one an expression.
// Immutable but for a bounded cache of answers; one thread.
class MappingRegistry {
 public:
  // kConfig: a mapping that PartitionRemapper refuses, an expression that does not compile, a
  // pattern given twice. Without `fallback`, topics no rule matches are not mapped.
  static Result<MappingRegistry> create(std::optional<MappingSpec> fallback,
                                        const std::vector<TopicRule>& rules);

  // Nothing for topics that are never mapped, Kafka's internal ones (named "__...") among them.
  std::optional<MappingMatch> match(std::string_view topic) const;

  // The largest V / P of all mappings: how many shadow groups a group may have, plus one.
  int32_t groups_max() const { return groups_max_; }

 private:
  struct Expression {
    std::regex regex;
    size_t remapper;
  };
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <class T>
  using ByTopic = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

  MappingRegistry() = default;
  Result<size_t> add(const MappingSpec& spec);
  std::optional<size_t> match_expression(std::string_view topic) const;

  std::vector<PartitionRemapper> remappers_;
  ByTopic<size_t> exact_;
  std::vector<Expression> expressions_;
  std::optional<size_t> fallback_;
  int32_t groups_max_ = 1;
  mutable ByTopic<std::optional<size_t>> expression_answers_;
};

}  // namespace odradek::proxy
