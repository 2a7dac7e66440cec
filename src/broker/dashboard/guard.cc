#include "broker/dashboard/guard.h"

#include <fmt/format.h>

#include <algorithm>

#include "auth/base64.h"
#include "auth/crypto.h"
#include "broker/dashboard/api.h"

namespace odradek::broker::dashboard {
namespace {

constexpr size_t kTokenBytesMin = 16;
constexpr std::string_view kCookie = "odradek_session";
constexpr std::string_view kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// "example:8080" -> "example", "[::1]:8080" -> "::1"; lower case.
std::string host_of(std::string_view authority) {
  std::string_view host = authority;
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') - 1);
  } else {
    host = host.substr(0, host.rfind(':'));
  }
  std::string lower(host);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return lower;
}

bool changes_something(std::string_view method) { return method != "GET" && method != "HEAD"; }

// The value of one cookie; empty when there is none.
std::string_view cookie_value(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    const size_t end = std::min(cookies.find(';'), cookies.size());
    std::string_view pair = cookies.substr(0, end);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
      return pair.substr(name.size() + 1);
    }
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
  }
  return {};
}

// Why such a dashboard would let in too many.
std::string_view fault_of(const GuardOptions& options) {
  if (!options.token.empty()) return {};
  if (options.has_access_control) return "with access control it needs http_token";
  if (is_loopback_host(options.bind_host) || options.tls) return {};
  return "away from the loopback interface it needs http_token or TLS";
}

std::string session_of(const Secret& token) {
  if (token.empty()) return {};
  const auth::Digest digest =
      auth::hmac(auth::Hash::kSha256, as_bytes(token.reveal()), as_bytes("odradek dashboard"));
  return auth::encode_base64url(digest.bytes());
}

}  // namespace

Result<void> check_token(const Secret& token) {
  if (token.empty() || token.size() >= kTokenBytesMin) return {};
  return Error(Errc::kConfig,
               fmt::format("http_token: at least {} characters are needed", kTokenBytesMin));
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host == "::1" || host.ends_with(".localhost")) return true;
  // Four numbers: a name like 127.0.0.1.example is no address.
  return host.starts_with("127.") && std::ranges::count(host, '.') == 3 &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

Guard::Guard(GuardOptions options)
    : options_(std::move(options)),
      session_(session_of(options_.token)),
      closed_(fault_of(options_)) {}

// Behind TLS a foreign name fails at the certificate, and a browser keeps the token's cookie for
// the name it was given by: only without both the name itself has to be one of ours.
bool Guard::knows_host(const http::HttpRequest& request) const {
  if (options_.tls || !options_.token.empty()) return true;
  const std::string host = host_of(request.header("Host"));
  return is_loopback_host(host) || host == options_.bind_host ||
         std::ranges::find(options_.hosts, host) != options_.hosts.end();
}

bool Guard::has_token(const http::HttpRequest& request) const {
  if (options_.token.empty()) return true;
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view authorization = request.header("Authorization");
  if (authorization.starts_with(kBearer)) {
    return options_.token.equals(authorization.substr(kBearer.size()));
  }
  return session_.equals(cookie_value(request.header("Cookie"), kCookie));
}

std::optional<http::HttpResponse> Guard::refuse(const http::HttpRequest& request,
                                                bool needs_token) const {
  if (!is_open()) {
    return error_response(403, "FORBIDDEN", fmt::format("the dashboard is off: {}", closed_));
  }
  if (!knows_host(request)) {
    return error_response(421, "UNKNOWN_HOST",
                          "this name is not one of the dashboard's: see http_hosts");
  }
  const std::string_view site = request.header("Sec-Fetch-Site");
  const bool is_foreign = site == "cross-site" || site == "same-site";
  // A link from elsewhere may open a page, but nothing else of another site may ask.
  if (is_foreign && (needs_token || request.header("Sec-Fetch-Mode") != "navigate")) {
    return error_response(403, "FOREIGN_SITE", "requests of other sites are not answered");
  }
  const std::string_view origin = request.header("Origin");
  const std::string own =
      fmt::format("{}://{}", options_.tls ? "https" : "http", request.header("Host"));
  if (!origin.empty() && origin != own && (changes_something(request.method) || needs_token)) {
    return error_response(403, "FOREIGN_ORIGIN", "requests of other origins are not answered");
  }
  if (needs_token && !has_token(request)) {
    http::HttpResponse response =
        error_response(401, "TOKEN_NEEDED", "this broker asks for a token");
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
  }
  return std::nullopt;
}

std::string Guard::cookie(std::string_view value, std::string_view more) const {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict{}{}", kCookie, value,
                     options_.tls ? "; Secure" : "", more);
}

http::HttpResponse Guard::log_in(const http::HttpRequest& request) const {
  const Json body = Json::parse(request.body, nullptr, false);
  const Result<std::string> token = text_member(body, "token");
  if (!token) return error_response(token.error());
  if (!options_.token.empty() && !options_.token.equals(*token)) {
    return error_response(401, "WRONG_TOKEN", "this is not the token");
  }
  http::HttpResponse response = json_response(200, Json::object());
  response.headers.emplace_back("Set-Cookie", cookie(session_.reveal(), ""));
  return response;
}

http::HttpResponse Guard::log_out() const {
  http::HttpResponse response = json_response(200, Json::object());
  response.headers.emplace_back("Set-Cookie", cookie("", "; Max-Age=0"));
  return response;
}

void Guard::protect(http::HttpResponse& response) {
  auto& headers = response.headers;
  headers.emplace_back("Content-Security-Policy", kContentPolicy);
  headers.emplace_back("X-Content-Type-Options", "nosniff");
  headers.emplace_back("X-Frame-Options", "DENY");
  headers.emplace_back("Referrer-Policy", "no-referrer");
  headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  headers.emplace_back("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
}

}  // namespace odradek::broker::dashboard
