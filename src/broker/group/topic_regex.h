#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace odradek::broker {

// A regular expression over whole topic names, in RE2's syntax, as Kafka takes it in
// SubscribedTopicRegex (KIP-848). Runs in time linear to the name, whatever the expression.
class TopicRegex {
 public:
  explicit TopicRegex(std::string_view expression);
  TopicRegex(TopicRegex&&) noexcept;
  ~TopicRegex();

  bool is_valid() const;
  std::string fault() const;  // why it is not valid
  // False when the expression is not valid.
  bool matches(std::string_view topic) const;

 private:
  std::unique_ptr<re2::RE2> regex_;
};

}  // namespace odradek::broker
