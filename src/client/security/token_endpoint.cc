#include "client/security/token_endpoint.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <utility>

#include "auth/base64.h"
#include "base/secret.h"
#include "web/ask.h"

namespace odradek::client {
namespace {

constexpr size_t kAnswerBytesMax = size_t{1} << 20U;

Error failed(std::string_view reason, Errc code = Errc::kAuthentication) {
  return {code, fmt::format("token endpoint: {}", reason)};
}

// Of an endpoint that could not be asked: what says nothing about who we are may pass.
Errc failure_of(Errc code) {
  switch (code) {
    case Errc::kNetwork:
    case Errc::kTimedOut:
    case Errc::kTls:
    case Errc::kCancelled: return code;
    default: return Errc::kAuthentication;
  }
}

Errc failure_of_status(int status) {
  constexpr int kRequestTimeout = 408;
  constexpr int kTooManyRequests = 429;
  constexpr int kFirstServerError = 500;
  constexpr int kNotImplemented = 501;
  constexpr int kVersionNotSupported = 505;
  const bool is_outage =
      status >= kFirstServerError && status != kNotImplemented && status != kVersionNotSupported;
  const bool may_pass = is_outage || status == kRequestTimeout || status == kTooManyRequests;
  return may_pass ? Errc::kNetwork : Errc::kAuthentication;
}

// As application/x-www-form-urlencoded wants it.
std::string form_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
    if (is_plain) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

// "Authorization: Basic ..." with id and secret form-encoded first, as RFC 6749 2.3.1 says.
std::string credentials_header(const kafka::OidcClientCredentials& options) {
  std::string pair =
      form_encoded(options.client_id) + ":" + form_encoded(options.client_secret.reveal());
  std::string line = "Authorization: Basic " + auth::encode_base64(as_bytes(pair));
  wipe(pair);
  return line;
}

}  // namespace

Result<void> check_oidc(const kafka::OidcClientCredentials& options) {
  const auto error = [](std::string_view reason) {
    return Error(Errc::kConfig, std::string(reason));
  };
  const bool is_url = options.token_endpoint.starts_with("https://") ||
                      options.token_endpoint.starts_with("http://");
  if (!is_url) return error("token_endpoint must be an http or https URL");
  if (options.client_id.empty()) return error("client_id must not be empty");
  if (options.timeout.count() <= 0) return error("timeout must be positive");
  return {};
}

Result<kafka::BearerToken> ask_token_endpoint(const kafka::OidcClientCredentials& options,
                                              std::stop_token stop) {
  web::Question question;
  question.url = options.token_endpoint;
  question.ca_file = options.ca_file;
  question.timeout = options.timeout;
  question.max_bytes = kAnswerBytesMax;
  question.headers.push_back(credentials_header(options));
  question.form = "grant_type=client_credentials";
  if (!options.scope.empty()) *question.form += "&scope=" + form_encoded(options.scope);
  Result<web::Answer> answer = web::ask(question, std::move(stop));
  wipe(question.headers.front());
  if (!answer) return failed(answer.error().message(), failure_of(answer.error().code()));
  auto token = parse_token_answer(answer->status, answer->body, std::chrono::system_clock::now());
  wipe(answer->body);
  if (token) token->extensions = options.extensions;
  return token;
}

Result<kafka::BearerToken> parse_token_answer(int http_status, std::string_view body,
                                              std::chrono::system_clock::time_point now) {
  using Json = nlohmann::json;
  const Json answer = Json::parse(body, nullptr, false);
  const auto text = [&answer](const char* name) -> std::string {
    const auto found = answer.is_object() ? answer.find(name) : answer.end();
    return found != answer.end() && found->is_string() ? found->get<std::string>() : "";
  };
  if (http_status != 200) {
    std::string reason = fmt::format("status {}", http_status);
    // Of the provider's words only short ones, which are for people.
    constexpr size_t kWordsMax = 200;
    for (const char* name : {"error", "error_description"}) {
      if (const std::string words = text(name); !words.empty()) {
        reason += ": " + words.substr(0, kWordsMax);
      }
    }
    return failed(reason, failure_of_status(http_status));
  }
  if (!answer.is_object()) return failed("the answer is not a JSON object");
  std::string access = text("access_token");
  if (access.empty()) return failed("the answer has no access_token");
  kafka::BearerToken token;
  token.token = kafka::Secret(access);
  wipe(access);
  const auto life = answer.find("expires_in");
  if (life != answer.end()) {
    constexpr double kLongest_s = 1e9;
    const double seconds = life->is_number() ? life->get<double>() : -1;
    if (!(seconds > 0) || seconds > kLongest_s) return failed("expires_in makes no sense");
    token.expires_at = now + std::chrono::seconds(std::llround(std::floor(seconds)));
  }
  return token;
}

}  // namespace odradek::client
