#include "auth/oauthbearer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "auth/scram_message.h"
#include "base/assert.h"

namespace odradek::auth {
namespace {

using Json = nlohmann::json;

constexpr char kSeparator = '\x01';
constexpr size_t kMaxExtensions = 64;
constexpr size_t kMaxRefusalBytes = 256;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_extension_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, is_letter);
}

// RFC 7628 §3.1: VCHAR, blank, tab, carriage return, line feed.
bool is_extension_value(std::string_view value) {
  const auto is_allowed = [](char c) {
    return (c >= 0x20 && c <= 0x7E) || c == '\t' || c == '\r' || c == '\n';
  };
  return !value.empty() && std::ranges::all_of(value, is_allowed);
}

// RFC 6750 §2.1 b64token.
bool is_token(std::string_view token) {
  const auto is_allowed = [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') ||
           std::string_view("-._~+/=").find(c) != std::string_view::npos;
  };
  return !token.empty() && std::ranges::all_of(token, is_allowed);
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(left, right, {}, lower, lower);
}

struct FirstMessage {
  std::string authorization_id;
  std::string_view token;  // view into the message
  std::map<std::string, std::string> extensions;
};

Error malformed(const char* what) { return {Errc::kMalformed, what}; }

Result<std::string_view> token_of(std::string_view value) {
  const size_t blank = value.find(' ');
  if (blank == std::string_view::npos || !equal_ignoring_case(value.substr(0, blank), "Bearer")) {
    return malformed("OAUTHBEARER message without a bearer token");
  }
  std::string_view token = value.substr(blank);
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  if (!is_token(token)) return malformed("OAUTHBEARER token with characters not allowed");
  return token;
}

// "n," ["a=" authzid] "," 0x01 *(key "=" value 0x01) 0x01
Result<FirstMessage> parse_first(std::string_view message) {
  if (message.size() > kMaxSaslMessageBytes) return malformed("OAUTHBEARER message is too long");
  FirstMessage parsed;
  const size_t header_end = message.find(kSeparator);
  if (header_end == std::string_view::npos)
    return malformed("OAUTHBEARER message without its header");
  std::string_view header = message.substr(0, header_end);
  if (!header.starts_with("n,") || !header.ends_with(',') || header.size() < 3) {
    return malformed("OAUTHBEARER message with an unknown header");
  }
  header = header.substr(2, header.size() - 3);
  if (!header.empty()) {
    if (!header.starts_with("a=")) return malformed("OAUTHBEARER message with an unknown header");
    ODK_TRY(parsed.authorization_id, unescape_sasl_name(header.substr(2)));
  }
  std::string_view rest = message.substr(header_end + 1);
  if (rest.empty() || rest.back() != kSeparator)
    return malformed("OAUTHBEARER message without its end");
  rest.remove_suffix(1);
  while (!rest.empty()) {
    const size_t end = rest.find(kSeparator);
    const std::string_view pair = rest.substr(0, end);
    if (end == std::string_view::npos) return malformed("OAUTHBEARER message without its end");
    rest = rest.substr(end + 1);
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return malformed("OAUTHBEARER pair without '='");
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = pair.substr(equals + 1);
    if (name == "auth") {
      if (!parsed.token.empty()) return malformed("OAUTHBEARER message with two tokens");
      ODK_TRY(parsed.token, token_of(value));
      continue;
    }
    if (!is_extension_name(name) || !is_extension_value(value) ||
        parsed.extensions.size() >= kMaxExtensions) {
      return malformed("OAUTHBEARER extension that is not allowed");
    }
    parsed.extensions.emplace(name, value);
  }
  if (parsed.token.empty()) return malformed("OAUTHBEARER message without a bearer token");
  return parsed;
}

// RFC 7628 §3.2.2; "scope" says what would be needed.
std::string refusal_json(const Error& error, const JwtOptions& options) {
  Json json;
  json["status"] = error.code() == Errc::kPrecondition ? "insufficient_scope" : "invalid_token";
  if (error.code() == Errc::kPrecondition) {
    json["scope"] = fmt::format("{}", fmt::join(options.required_scopes, " "));
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

OAuthBearerClient::OAuthBearerClient(Secret token, std::map<std::string, std::string> extensions,
                                     std::string authorization_id)
    : token_(std::move(token)),
      extensions_(std::move(extensions)),
      authorization_id_(std::move(authorization_id)) {}

Result<std::string> OAuthBearerClient::first() {
  if (!is_token(token_.reveal())) {
    return Error(Errc::kInvalidArgument, "token is empty or has characters that are not allowed");
  }
  std::string message = "n,";
  if (!authorization_id_.empty()) message += "a=" + escape_sasl_name(authorization_id_);
  message += ',';
  message += kSeparator;
  message += "auth=Bearer ";
  message += token_.reveal();
  message += kSeparator;
  for (const auto& [name, value] : extensions_) {
    if (!is_extension_name(name) || name == "auth" || !is_extension_value(value)) {
      return Error(Errc::kInvalidArgument, fmt::format("SASL extension {} is not allowed", name));
    }
    message += name;
    message += '=';
    message += value;
    message += kSeparator;
  }
  message += kSeparator;
  return message;
}

Result<std::string> OAuthBearerClient::next(Bytes server_message) {
  if (!refusal_.empty()) return Error(Errc::kAuthentication, "the server answered " + refusal_);
  if (server_message.empty()) {
    done_ = true;
    return std::string{};
  }
  if (server_message.size() > kMaxSaslMessageBytes)
    return malformed("OAUTHBEARER answer is too long");
  const Json json = Json::parse(server_message.begin(), server_message.end(), nullptr,
                                /*allow_exceptions=*/false);
  const auto status = json.is_object() ? json.find("status") : json.end();
  if (!json.is_object() || status == json.end() || !status->is_string()) {
    return malformed("OAUTHBEARER answer that is neither empty nor a refusal");
  }
  refusal_ = status->get<std::string>().substr(0, kMaxRefusalBytes);
  if (!is_extension_value(refusal_)) refusal_ = "a refusal that cannot be printed";
  return std::string(1, kSeparator);
}

OAuthBearerServer::OAuthBearerServer(std::shared_ptr<const JwtVerifier> tokens)
    : tokens_(std::move(tokens)) {
  ODK_ASSERT(tokens_ != nullptr);
}

Result<SaslStep> OAuthBearerServer::on_message(Bytes client_message, TimestampMs now_ms) {
  const State before = std::exchange(state_, State::kOver);
  switch (before) {
    case State::kNew: return on_first(as_text(client_message), now_ms);
    case State::kRefused:
      // Whatever the client says now, the exchange has failed.
      return *refusal_;
    case State::kOver: break;
  }
  return malformed("OAUTHBEARER message out of order");
}

Result<SaslStep> OAuthBearerServer::on_first(std::string_view message, TimestampMs now_ms) {
  ODK_TRY(FirstMessage first, parse_first(message));
  SaslStep step;
  Result<JwtClaims> claims = tokens_->verify(first.token, now_ms);
  if (!claims) {
    const std::string reason(claims.error().message());
    refusal_ = Error(Errc::kAuthentication, reason);
    step.answer = refusal_json(claims.error(), tokens_->options());
    state_ = State::kRefused;
    return step;
  }
  if (!first.authorization_id.empty() && first.authorization_id != claims->principal) {
    return Error(Errc::kAuthentication, "the authorization id is not the token's principal");
  }
  extensions_ = std::move(first.extensions);
  step.done = true;
  step.principal = fmt::format("User:{}", claims->principal);
  // Within the clock skew the token's time may be over already: then at once, but not "never".
  step.session_lifetime_ms = std::max<int64_t>(claims->expires_at_ms - now_ms, 1);
  return step;
}

}  // namespace odradek::auth
