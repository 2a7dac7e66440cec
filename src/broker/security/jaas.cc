#include "broker/security/jaas.h"

#include <cctype>

namespace odradek::broker {
namespace {

Error bad(std::string_view what) {
  return {Errc::kConfig, "sasl.jaas.config: " + std::string(what)};
}

// Words, quoted texts, '=' and ';' one after the other.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  // Empty at the end. Quoted texts come without their quotes.
  Result<std::string> next() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front()))) {
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return std::string();
    const char first = rest_.front();
    if (first == '"' || first == '\'') return quoted(first);
    if (first == '=' || first == ';') {
      rest_.remove_prefix(1);
      return std::string(1, first);
    }
    std::string word;
    while (!rest_.empty() && !std::isspace(static_cast<unsigned char>(rest_.front())) &&
           rest_.front() != '=' && rest_.front() != ';') {
      word += rest_.front();
      rest_.remove_prefix(1);
    }
    return word;
  }

 private:
  Result<std::string> quoted(char quote) {
    rest_.remove_prefix(1);
    std::string text;
    while (!rest_.empty() && rest_.front() != quote) {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return bad("a quote is not closed");
    rest_.remove_prefix(1);
    return text;
  }

  std::string_view rest_;
};

bool is_control_flag(std::string_view word) {
  return word == "required" || word == "requisite" || word == "sufficient" || word == "optional";
}

}  // namespace

Result<JaasEntry> parse_jaas(std::string_view text) {
  Tokens tokens(text);
  JaasEntry entry;
  ODK_TRY(entry.module, tokens.next());
  entry.module.erase(0, entry.module.rfind('.') + 1);
  if (entry.module.empty()) return bad("the login module is missing");
  ODK_TRY(const std::string flag, tokens.next());
  if (!is_control_flag(flag)) return bad("expected \"required\" after the login module");
  while (true) {
    ODK_TRY(const std::string name, tokens.next());
    if (name == ";") break;
    if (name.empty()) return bad("the ';' at the end is missing");
    ODK_TRY(const std::string equals, tokens.next());
    if (equals != "=") return bad("expected name=value");
    ODK_TRY(std::string value, tokens.next());
    entry.options.insert_or_assign(name, std::move(value));
  }
  return entry;
}

}  // namespace odradek::broker
