#include "auth/scram_message.h"

#include <algorithm>
#include <charconv>

#include "auth/base64.h"
#include "auth/sasl.h"

namespace odradek::auth {
namespace {

constexpr size_t kMaxNonceBytes = 1024;
constexpr size_t kMaxSaltBytes = 1024;

Error malformed(const char* what) { return {Errc::kMalformed, what}; }

// Walks "a=...,b=...": take("r=") gives the value of the next attribute, which must be that one.
class Attributes {
 public:
  explicit Attributes(std::string_view text) : rest_(text) {}

  Result<std::string_view> take(std::string_view prefix) {
    const size_t comma = rest_.find(',');
    const std::string_view attribute = rest_.substr(0, comma);
    if (ended_ || !attribute.starts_with(prefix)) {
      return malformed("SCRAM message without an attribute it needs");
    }
    advance(comma);
    return attribute.substr(prefix.size());
  }

  // The rest must be extensions, and none that we would have to understand.
  Result<void> skip_extensions() {
    while (!ended_) {
      const size_t comma = rest_.find(',');
      const std::string_view attribute = rest_.substr(0, comma);
      const size_t equals = attribute.find('=');
      if (equals == 0 || equals == std::string_view::npos) {
        return malformed("SCRAM message with a broken extension");
      }
      if (attribute.starts_with("m=")) return malformed("SCRAM extension that is not supported");
      advance(comma);
    }
    return {};
  }

 private:
  void advance(size_t comma) {
    ended_ = comma == std::string_view::npos;
    rest_ = ended_ ? std::string_view{} : rest_.substr(comma + 1);
  }

  std::string_view rest_;
  bool ended_ = false;
};

Result<void> check_nonce(std::string_view nonce) {
  const auto is_printable = [](char c) { return c >= 0x21 && c <= 0x7E && c != ','; };
  if (nonce.empty() || nonce.size() > kMaxNonceBytes || !std::ranges::all_of(nonce, is_printable)) {
    return malformed("SCRAM nonce that is empty, too long or not printable");
  }
  return {};
}

Result<void> check_size(std::string_view message) {
  if (message.size() > kMaxSaslMessageBytes) return malformed("SCRAM message is too long");
  if (message.find('\0') != std::string_view::npos)
    return malformed("SCRAM message with a zero byte");
  return {};
}

}  // namespace

std::string escape_sasl_name(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c == ',') {
      text += "=2C";
    } else if (c == '=') {
      text += "=3D";
    } else {
      text += c;
    }
  }
  return text;
}

Result<std::string> unescape_sasl_name(std::string_view text) {
  std::string name;
  while (!text.empty()) {
    if (text.front() != '=') {
      name += text.front();
      text.remove_prefix(1);
      continue;
    }
    if (!text.starts_with("=2C") && !text.starts_with("=3D")) {
      return malformed("SCRAM user name with a lone '='");
    }
    name += text[1] == '2' ? ',' : '=';
    text.remove_prefix(3);
  }
  return name;
}

Result<ScramClientFirst> parse_scram_client_first(std::string_view message) {
  ODK_TRY_VOID(check_size(message));
  ScramClientFirst parsed;
  const size_t first_comma = message.find(',');
  const size_t second_comma =
      first_comma == std::string_view::npos ? first_comma : message.find(',', first_comma + 1);
  if (second_comma == std::string_view::npos) return malformed("SCRAM message without its header");
  const std::string_view flag = message.substr(0, first_comma);
  if (flag.starts_with("p=")) return malformed("SCRAM channel binding is not supported");
  if (flag != "n" && flag != "y") return malformed("SCRAM message with an unknown header");
  std::string_view identity = message.substr(first_comma + 1, second_comma - first_comma - 1);
  if (!identity.empty()) {
    if (!identity.starts_with("a=")) return malformed("SCRAM message with an unknown header");
    ODK_TRY(parsed.authorization_id, unescape_sasl_name(identity.substr(2)));
  }
  parsed.gs2_header = message.substr(0, second_comma + 1);
  parsed.bare = message.substr(second_comma + 1);

  Attributes attributes(parsed.bare);
  ODK_TRY(const std::string_view name, attributes.take("n="));
  ODK_TRY(parsed.username, unescape_sasl_name(name));
  if (parsed.username.empty()) return malformed("SCRAM message without a user name");
  ODK_TRY(parsed.nonce, attributes.take("r="));
  ODK_TRY_VOID(check_nonce(parsed.nonce));
  ODK_TRY_VOID(attributes.skip_extensions());
  return parsed;
}

Result<ScramServerFirst> parse_scram_server_first(std::string_view message) {
  ODK_TRY_VOID(check_size(message));
  ScramServerFirst parsed;
  Attributes attributes(message);
  ODK_TRY(parsed.nonce, attributes.take("r="));
  ODK_TRY_VOID(check_nonce(parsed.nonce));
  ODK_TRY(const std::string_view salt, attributes.take("s="));
  ODK_TRY(parsed.salt, decode_base64(salt));
  if (parsed.salt.empty() || parsed.salt.size() > kMaxSaltBytes) {
    return malformed("SCRAM salt that is empty or too long");
  }
  ODK_TRY(const std::string_view count, attributes.take("i="));
  const char* const end = count.data() + count.size();
  const auto [stop, failure] = std::from_chars(count.data(), end, parsed.iterations);
  if (failure != std::errc{} || stop != end || parsed.iterations <= 0) {
    return malformed("SCRAM iteration count that is not a number");
  }
  ODK_TRY_VOID(attributes.skip_extensions());
  return parsed;
}

Result<ScramClientFinal> parse_scram_client_final(std::string_view message) {
  ODK_TRY_VOID(check_size(message));
  ScramClientFinal parsed;
  const size_t proof_at = message.rfind(",p=");
  if (proof_at == std::string_view::npos) return malformed("SCRAM message without a proof");
  ODK_TRY(parsed.proof, decode_base64(message.substr(proof_at + 3)));
  parsed.without_proof = message.substr(0, proof_at);
  Attributes attributes(parsed.without_proof);
  ODK_TRY(parsed.channel_binding, attributes.take("c="));
  ODK_TRY(parsed.nonce, attributes.take("r="));
  ODK_TRY_VOID(attributes.skip_extensions());
  return parsed;
}

Result<ScramServerFinal> parse_scram_server_final(std::string_view message) {
  ODK_TRY_VOID(check_size(message));
  ScramServerFinal parsed;
  Attributes attributes(message);
  if (message.starts_with("e=")) {
    ODK_TRY(parsed.error, attributes.take("e="));
    if (parsed.error.empty()) parsed.error = "other-error";
    return parsed;
  }
  ODK_TRY(const std::string_view signature, attributes.take("v="));
  ODK_TRY(parsed.signature, decode_base64(signature));
  ODK_TRY_VOID(attributes.skip_extensions());
  return parsed;
}

}  // namespace odradek::auth
