#include "client/security/token_endpoint.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <memory>

#include "auth/base64.h"
#include "base/secret.h"

namespace odradek::client {
namespace {

constexpr size_t kAnswerBytesMax = size_t{1} << 20U;

struct EasyDelete {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct MultiDelete {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct HeadersDelete {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDelete>;
using Multi = std::unique_ptr<CURLM, MultiDelete>;
using Headers = std::unique_ptr<curl_slist, HeadersDelete>;

Error failed(std::string_view reason) {
  return {Errc::kAuthentication, fmt::format("token endpoint: {}", reason)};
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

size_t take_body(char* data, size_t /*one*/, size_t size, void* into) {
  auto& body = *static_cast<std::string*>(into);
  if (body.size() + size > kAnswerBytesMax) return 0;  // ends the transfer
  body.append(data, size);
  return size;
}

// Runs the transfer so that another thread can end it at once.
Result<void> run(CURL* easy, const char* reason, std::stop_token stop) {
  const Multi multi(curl_multi_init());
  if (multi == nullptr || curl_multi_add_handle(multi.get(), easy) != CURLM_OK) {
    return failed("out of memory");
  }
  const std::stop_callback wake(stop, [&multi] { curl_multi_wakeup(multi.get()); });
  int running = 1;
  while (running > 0 && !stop.stop_requested()) {
    constexpr int kPollMax_ms = 1000;
    CURLMcode code = curl_multi_perform(multi.get(), &running);
    if (code == CURLM_OK && running > 0) {
      code = curl_multi_poll(multi.get(), nullptr, 0, kPollMax_ms, nullptr);
    }
    if (code != CURLM_OK) break;
  }
  int left = 0;
  const CURLMsg* const message = curl_multi_info_read(multi.get(), &left);
  Result<void> outcome = failed("not asked to the end");
  if (message != nullptr && message->msg == CURLMSG_DONE) {
    const CURLcode code = message->data.result;
    outcome = Result<void>{};
    if (code != CURLE_OK) outcome = failed(*reason != '\0' ? reason : curl_easy_strerror(code));
  }
  curl_multi_remove_handle(multi.get(), easy);
  return outcome;
}

// "Authorization: Basic ..." with id and secret form-encoded first, as RFC 6749 2.3.1 says.
Headers credentials_header(const kafka::OidcClientCredentials& options) {
  std::string pair =
      form_encoded(options.client_id) + ":" + form_encoded(options.client_secret.reveal());
  std::string line = "Authorization: Basic " + auth::encode_base64(as_bytes(pair));
  Headers headers(curl_slist_append(nullptr, line.c_str()));
  wipe(pair);
  wipe(line);
  return headers;
}

// curl's copy of the line, which nobody else overwrites.
void wipe_headers(const Headers& headers) {
  for (curl_slist* at = headers.get(); at != nullptr; at = at->next) {
    for (char* c = at->data; *c != '\0'; ++c) *const_cast<volatile char*>(c) = '*';
  }
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
  const Easy easy(curl_easy_init());
  if (easy == nullptr) return failed("out of memory");
  const Headers headers = credentials_header(options);
  std::string question = "grant_type=client_credentials";
  if (!options.scope.empty()) question += "&scope=" + form_encoded(options.scope);
  std::string body;
  std::array<char, CURL_ERROR_SIZE> reason{};
  CURL* const curl = easy.get();
  curl_easy_setopt(curl, CURLOPT_URL, options.token_endpoint.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(question.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, question.c_str());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "odradek");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason.data());
  if (!options.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
  }
  const Result<void> done = run(curl, reason.data(), std::move(stop));
  wipe_headers(headers);
  if (!done) {
    wipe(body);
    return done.error();
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  auto token = parse_token_answer(static_cast<int>(status), body, std::chrono::system_clock::now());
  wipe(body);
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
    return failed(reason);
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
