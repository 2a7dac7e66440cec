#include "auth/jaas.h"

namespace odradek::auth {
namespace {

Error wrong(std::string_view what) {
  return {Errc::kInvalidArgument, "sasl.jaas.config: " + std::string(what)};
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Reads words, `=`, `;` and quoted values, front to back.
class JaasReader {
 public:
  explicit JaasReader(std::string_view text) : rest_(text) {}

  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool is_over() {
    skip_blanks();
    return rest_.empty();
  }
  // Empty when there is none.
  std::string_view word() {
    skip_blanks();
    size_t size = 0;
    while (size < rest_.size() && !is_blank(rest_[size]) && rest_[size] != '=' &&
           rest_[size] != ';') {
      ++size;
    }
    const std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
  }
  Result<Secret> value() {
    skip_blanks();
    if (rest_.empty()) return wrong("a value is missing");
    const char quote = rest_.front();
    if (quote != '"' && quote != '\'') return Secret(word());
    rest_.remove_prefix(1);
    std::string text;
    text.reserve(rest_.size());  // grows no more: no copy is left behind
    while (!rest_.empty() && rest_.front() != quote) {
      const bool is_escaped = rest_.front() == '\\' && rest_.size() > 1;
      if (is_escaped) rest_.remove_prefix(1);
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    const bool is_closed = !rest_.empty();
    if (is_closed) rest_.remove_prefix(1);
    Secret found = Secret::take(text);
    if (!is_closed) return wrong("a quote is not closed");
    return found;
  }

 private:
  std::string_view rest_;
};

}  // namespace

Secret JaasEntry::option(std::string_view name) const {
  const auto found = options.find(name);
  return found == options.end() ? Secret() : found->second;
}

Result<JaasEntry> parse_jaas(std::string_view text) {
  JaasReader reader(text);
  JaasEntry entry;
  std::string_view name = reader.word();
  if (name.empty()) return wrong("the login module is missing");
  if (const size_t dot = name.rfind('.'); dot != std::string_view::npos) {
    name.remove_prefix(dot + 1);
  }
  entry.module = name;
  const std::string_view flag = reader.word();
  if (flag != "required" && flag != "requisite" && flag != "sufficient" && flag != "optional") {
    return wrong("`required` is missing behind the login module");
  }
  while (!reader.take(';')) {
    if (reader.is_over()) return wrong("the ; at its end is missing");
    const std::string_view key = reader.word();
    if (key.empty() || !reader.take('=')) return wrong("what follows is not key=value");
    ODK_TRY(Secret value, reader.value());
    entry.options.insert_or_assign(std::string(key), std::move(value));
  }
  if (!reader.is_over()) return wrong("there is more behind its ;");
  return entry;
}

}  // namespace odradek::auth
