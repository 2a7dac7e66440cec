#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace odradek::client {

// Topics by an expression in RE2's syntax that has to match the whole name: what brokers take for
// groups of the consumer protocol, so that it means the same in either protocol. Time is linear in
// the length of the name. Immutable.
class TopicFilter {
 public:
  // Errors: kInvalidArgument, with what is wrong with the expression.
  static Result<TopicFilter> create(const std::string& expression);

  bool matches(std::string_view topic) const;

 private:
  explicit TopicFilter(std::shared_ptr<const re2::RE2> expression)
      : expression_(std::move(expression)) {}

  std::shared_ptr<const re2::RE2> expression_;
};

}  // namespace odradek::client
