#include "store/cloud/token_http.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/read_file.h"

namespace odradek::store::cloud {
namespace {

constexpr int kAttempts = 3;
constexpr std::chrono::milliseconds kLocalTimeout{1'000};
constexpr std::chrono::milliseconds kTimeout{10'000};
constexpr size_t kFileMaxBytes = size_t{1} << 20U;
constexpr size_t kAnswerMaxBytes = size_t{1} << 20U;

// OAuth's error word, Amazon's code: short names, not the sentences around them.
std::string error_word(std::string_view body) {
  const nlohmann::json json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return {};
  std::string word = text_field_or(json, "error", text_field_or(json, "code", {}));
  std::erase_if(word, [](char c) {
    return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-');
  });
  return word.size() <= 64 ? word : std::string();
}

// A number, or a text of digits, as Azure writes it.
std::optional<int64_t> seconds_field(const nlohmann::json& object, const char* name) {
  constexpr int64_t kMost = int64_t{1} << 40U;
  const auto found = object.find(name);
  if (found == object.end()) return std::nullopt;
  int64_t seconds = -1;
  if (found->is_number_integer()) {
    seconds = found->get<int64_t>();
  } else if (found->is_string()) {
    const std::string text = found->get<std::string>();
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  }
  if (seconds < 0 || seconds > kMost) return std::nullopt;
  return seconds;
}

Error refusal(const TokenQuestion& question, const web::HttpResponse& response) {
  std::string text = fmt::format("{}: refused with {}", question.what, response.status);
  if (const std::string word = error_word(response.body.text()); !word.empty()) text += " " + word;
  return {response.status >= 500 ? Errc::kNetwork : Errc::kAuthentication, std::move(text)};
}

}  // namespace

std::optional<std::string> TokenContext::variable(const std::string& name) const {
  std::optional<std::string> value = environment(name);
  if (value && value->empty()) return std::nullopt;
  return value;
}

Result<std::string> TokenContext::required(const std::string& name) const {
  std::optional<std::string> value = variable(name);
  if (!value) return Error(Errc::kConfig, fmt::format("{} is not set", name));
  return *std::move(value);
}

TokenContext make_token_context(std::shared_ptr<const Clock> clock, config::Environment environment,
                                const web::HttpClientOptions& options) {
  web::HttpClientOptions quick = options;
  quick.stall_timeout = kTimeout;
  auto http = std::make_shared<web::HttpClient>(std::move(quick), *clock);
  return {std::move(clock), std::move(environment), std::move(http)};
}

Result<std::string> ask_for_token(const TokenContext& context, const TokenQuestion& question) {
  web::HttpRequest request{.method = question.method,
                           .url = question.url,
                           .headers = question.headers,
                           .max_bytes = kAnswerMaxBytes,
                           .timeout = question.is_local ? kLocalTimeout : kTimeout,
                           .direct = question.is_local};
  std::string body = question.body.value_or("");
  if (question.form) {
    body = query_text(*question.form);
    request.method = "POST";
    request.headers.push_back({"content-type", "application/x-www-form-urlencoded"});
  }
  request.body = {as_bytes(body)};
  Result<std::string> answer = Errc::kInternal;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Result<web::HttpResponse> response = context.http->send(request);
    if (!response) {
      answer = response.error().with_context(question.what);
    } else if (response->status >= 200 && response->status < 300) {
      answer = std::string(response->body.text());
      break;
    } else {
      answer = refusal(question, *response);
      if (response->status < 500) break;
    }
  }
  wipe(body);
  for (web::Header& header : request.headers) wipe(header.value);
  return answer;
}

Result<nlohmann::json> ask_for_json(const TokenContext& context, const TokenQuestion& question) {
  ODK_TRY(std::string text, ask_for_token(context, question));
  Result<nlohmann::json> json = parse_json(text, question.what);
  wipe(text);
  return json;
}

Result<nlohmann::json> parse_json(std::string_view text, std::string_view what) {
  constexpr int kDepthMax = 32;
  bool is_deep = false;
  const auto watch = [&is_deep](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    is_deep = is_deep || depth > kDepthMax;
    return !is_deep;
  };
  nlohmann::json json = nlohmann::json::parse(text, watch, false);
  if (is_deep) return Error(Errc::kLimitExceeded, fmt::format("{}: nested too deeply", what));
  if (!json.is_object()) return Error(Errc::kMalformed, fmt::format("{}: no JSON object", what));
  return json;
}

Result<std::string> text_field(const nlohmann::json& object, const char* name,
                               std::string_view what) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) {
    return Error(Errc::kMalformed, fmt::format("{}: no {}", what, name));
  }
  return found->get<std::string>();
}

std::string text_field_or(const nlohmann::json& object, const char* name, std::string fallback) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>()
                                                     : std::move(fallback);
}

Result<Expiring<Secret>> read_oauth_answer(const nlohmann::json& json, std::string_view what,
                                           TimestampMs now) {
  ODK_TRY(std::string token, text_field(json, "access_token", what));
  Expiring<Secret> found{.value = Secret::take(token)};
  if (const std::optional<int64_t> life = seconds_field(json, "expires_in")) {
    found.expires_at_ms = now + *life * 1000;
  } else if (const std::optional<int64_t> end = seconds_field(json, "expires_on")) {
    found.expires_at_ms = *end * 1000;
  } else {
    return Error(Errc::kMalformed, fmt::format("{}: no expires_in", what));
  }
  return found;
}

Result<std::string> read_secret_file(const std::string& path, std::string_view what) {
  Result<std::string> text = read_file(path, kFileMaxBytes);
  if (!text) return text.error().with_context(fmt::format("{} {}", what, path));
  std::string trimmed(trim(*text));
  wipe(*text);
  return trimmed;
}

}  // namespace odradek::store::cloud
