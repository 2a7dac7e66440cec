#include "client/consumer/topic_filter.h"

#include <re2/re2.h>

#include "base/error.h"

namespace odradek::client {

Result<TopicFilter> TopicFilter::create(const std::string& expression) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_shared<const re2::RE2>(expression, options);
  if (!compiled->ok()) {
    return Error(Errc::kInvalidArgument,
                 "expression for topics \"" + expression + "\": " + compiled->error());
  }
  return TopicFilter(std::move(compiled));
}

bool TopicFilter::matches(std::string_view topic) const {
  return re2::RE2::FullMatch(re2::StringPiece(topic.data(), topic.size()), *expression_);
}

}  // namespace odradek::client
