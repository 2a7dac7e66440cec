#include "auth/jwt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "auth/base64.h"
#include "auth/scram_credential.h"

namespace odradek::auth {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxPrincipalBytes = 1024;

Error refused(std::string_view why) { return {Errc::kAuthentication, std::string(why)}; }

Result<Json> json_part(std::string_view encoded) {
  ODK_TRY(const std::vector<uint8_t> bytes, decode_base64url(encoded));
  Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Error(Errc::kMalformed, "token part is not a JSON object");
  return json;
}

std::string text_claim(const Json& object, const std::string& name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

// Seconds since the epoch, with a fraction or not (RFC 7519 §2 NumericDate), as milliseconds.
Result<std::optional<TimestampMs>> time_claim(const Json& claims, const char* name) {
  constexpr double kLatestSeconds = 253'402'300'799.0;  // the end of the year 9999
  const auto found = claims.find(name);
  if (found == claims.end() || found->is_null()) return std::optional<TimestampMs>{};
  if (!found->is_number()) return Error(Errc::kMalformed, fmt::format("{} is not a number", name));
  const double seconds = found->get<double>();
  if (!(seconds >= 0 && seconds <= kLatestSeconds)) {
    return Error(Errc::kMalformed, fmt::format("{} is out of range", name));
  }
  return std::optional<TimestampMs>(std::llround(seconds * 1000.0));
}

void add_words(std::string_view text, std::vector<std::string>& words) {
  while (!text.empty()) {
    const size_t blank = text.find(' ');
    if (blank != 0) words.emplace_back(text.substr(0, blank));
    text = blank == std::string_view::npos ? std::string_view{} : text.substr(blank + 1);
  }
}

// A claim that is a text or a list of texts; a text is split at blanks where asked.
std::vector<std::string> list_claim(const Json& claims, const std::string& name, bool split) {
  std::vector<std::string> values;
  const auto found = claims.find(name);
  if (found == claims.end()) return values;
  if (found->is_string()) {
    const std::string text = found->get<std::string>();
    if (split) {
      add_words(text, values);
    } else {
      values.push_back(text);
    }
  } else if (found->is_array()) {
    for (const Json& element : *found) {
      if (element.is_string()) values.push_back(element.get<std::string>());
    }
  }
  return values;
}

bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::ranges::find(list, value) != list.end();
}

// Gives the expiry.
Result<TimestampMs> check_times(const Json& claims, TimestampMs now_ms, TimestampMs skew_ms) {
  ODK_TRY(const std::optional<TimestampMs> expires, time_claim(claims, "exp"));
  ODK_TRY(const std::optional<TimestampMs> not_before, time_claim(claims, "nbf"));
  ODK_TRY(const std::optional<TimestampMs> issued, time_claim(claims, "iat"));
  if (!expires) return refused("token without an expiry time (exp)");
  if (now_ms >= *expires + skew_ms) return refused("token has expired (exp)");
  if (not_before && now_ms < *not_before - skew_ms) return refused("token is not valid yet (nbf)");
  if (issued && now_ms < *issued - skew_ms) return refused("token is issued in the future (iat)");
  return *expires;
}

Result<void> check_audience(const JwtOptions& options, const Json& claims) {
  if (!options.issuer.empty() && text_claim(claims, "iss") != options.issuer) {
    return refused("token is from another issuer (iss)");
  }
  if (options.audiences.empty()) return {};
  const std::vector<std::string> audiences = list_claim(claims, "aud", /*split=*/false);
  const auto is_ours = [&](const std::string& name) { return contains(options.audiences, name); };
  if (!std::ranges::any_of(audiences, is_ours)) return refused("token is for somebody else (aud)");
  return {};
}

Result<void> check_signature(const JwtOptions& options, const Json& header,
                             std::string_view signed_text, std::string_view signature) {
  const std::string name = text_claim(header, "alg");
  if (header.contains("crit")) return Error(Errc::kUnsupported, "token with critical extensions");
  if (name == "none") {
    if (!options.allow_unsecured) return refused("token is not signed");
    if (!signature.empty()) return Error(Errc::kMalformed, "unsigned token with a signature");
    return {};
  }
  if (options.keys == nullptr) return refused("signed token, but no key to check it is configured");
  ODK_TRY(const JwtAlgorithm algorithm, jwt_algorithm_of(name));
  ODK_TRY(const std::vector<uint8_t> bytes, decode_base64url(signature));
  return options.keys->verify(algorithm, text_claim(header, "kid"), as_bytes(signed_text), bytes);
}

}  // namespace

Result<std::shared_ptr<const JwtVerifier>> JwtVerifier::create(JwtOptions options) {
  if (options.keys == nullptr && !options.allow_unsecured) {
    return Error(Errc::kInvalidArgument, "OAUTHBEARER needs keys to check tokens with");
  }
  return std::make_shared<const JwtVerifier>(Checked{}, std::move(options));
}

Result<JwtClaims> JwtVerifier::verify(std::string_view token, TimestampMs now_ms) const {
  if (token.size() > kMaxTokenBytes) return Error(Errc::kMalformed, "token is too long");
  const size_t first_dot = token.find('.');
  const size_t second_dot =
      first_dot == std::string_view::npos ? first_dot : token.find('.', first_dot + 1);
  if (second_dot == std::string_view::npos ||
      token.find('.', second_dot + 1) != std::string_view::npos) {
    return Error(Errc::kMalformed, "token is not three parts with dots between");
  }
  ODK_TRY(const Json header, json_part(token.substr(0, first_dot)));
  ODK_TRY_VOID(
      check_signature(options_, header, token.substr(0, second_dot), token.substr(second_dot + 1)));
  ODK_TRY(const Json claims, json_part(token.substr(first_dot + 1, second_dot - first_dot - 1)));
  const TimestampMs skew_ms = std::chrono::milliseconds(options_.clock_skew).count();
  JwtClaims result;
  ODK_TRY(result.expires_at_ms, check_times(claims, now_ms, skew_ms));
  ODK_TRY_VOID(check_audience(options_, claims));
  result.issuer = text_claim(claims, "iss");
  result.principal = text_claim(claims, options_.principal_claim);
  if (result.principal.empty() || result.principal.size() > kMaxPrincipalBytes ||
      !check_sasl_text("principal", result.principal)) {
    return refused(fmt::format("token without a usable principal ({})", options_.principal_claim));
  }
  result.scopes = list_claim(claims, options_.scope_claim, /*split=*/true);
  if (result.scopes.empty()) result.scopes = list_claim(claims, "scp", /*split=*/true);
  for (const std::string& scope : options_.required_scopes) {
    if (!contains(result.scopes, scope)) {
      return Error(Errc::kPrecondition, fmt::format("token without the scope {}", scope));
    }
  }
  return result;
}

}  // namespace odradek::auth
