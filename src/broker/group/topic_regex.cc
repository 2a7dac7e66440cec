#include "broker/group/topic_regex.h"

#include <re2/re2.h>

namespace odradek::broker {
namespace {

// Of the compiled expression: what one member may cost.
constexpr int64_t kMemoryBytesMax = int64_t{1} << 20U;

}  // namespace

TopicRegex::TopicRegex(std::string_view expression) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMemoryBytesMax);
  regex_ = std::make_unique<RE2>(re2::StringPiece(expression.data(), expression.size()), options);
}
TopicRegex::TopicRegex(TopicRegex&&) noexcept = default;
TopicRegex::~TopicRegex() = default;

bool TopicRegex::is_valid() const { return regex_->ok(); }
std::string TopicRegex::fault() const { return regex_->error(); }

bool TopicRegex::matches(std::string_view topic) const {
  return regex_->ok() && RE2::FullMatch(re2::StringPiece(topic.data(), topic.size()), *regex_);
}

}  // namespace odradek::broker
