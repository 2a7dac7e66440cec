#include "web/ask.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "web/curl_handles.h"

namespace odradek::web {
namespace {

constexpr long kRedirectsMax = 5;
constexpr int kPollMax_ms = 1000;

struct Body {
  std::string text;
  size_t max_bytes = 0;
  bool is_too_long = false;
};

size_t take_body(char* data, size_t /*one*/, size_t size, void* into) {
  Body& body = *static_cast<Body*>(into);
  if (size > body.max_bytes - body.text.size()) {
    body.is_too_long = true;
    return 0;  // ends the transfer
  }
  body.text.append(data, size);
  return size;
}

// Runs the transfer so that another thread can end it at once.
Result<CURLcode> run(CURL* easy, const std::stop_token& stop) {
  const Multi multi(curl_multi_init());
  if (multi == nullptr || curl_multi_add_handle(multi.get(), easy) != CURLM_OK) {
    return Error(Errc::kNetwork, "cannot start an HTTP request");
  }
  const std::stop_callback wake(stop, [&multi] { curl_multi_wakeup(multi.get()); });
  int running = 1;
  CURLMcode code = CURLM_OK;
  while (code == CURLM_OK && running > 0 && !stop.stop_requested()) {
    code = curl_multi_perform(multi.get(), &running);
    if (code == CURLM_OK && running > 0) {
      code = curl_multi_poll(multi.get(), nullptr, 0, kPollMax_ms, nullptr);
    }
  }
  int left = 0;
  const CURLMsg* const message = curl_multi_info_read(multi.get(), &left);
  const bool is_done = message != nullptr && message->msg == CURLMSG_DONE;
  const CURLcode result = is_done ? message->data.result : CURLE_RECV_ERROR;
  curl_multi_remove_handle(multi.get(), easy);
  if (is_done) return result;
  return stop.stop_requested() ? Error(Errc::kCancelled, "told to stop")
                               : Error(Errc::kNetwork, curl_multi_strerror(code));
}

void set_options(CURL* easy, const Question& question, curl_slist* headers, Body& body) {
  curl_easy_setopt(easy, CURLOPT_URL, question.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, question.follow_redirects ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, kRedirectsMax);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);  // other threads have signals of their own
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(question.timeout.count()));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "odradek");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
  if (!question.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, question.ca_file.c_str());
  }
  if (question.form) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(question.form->size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, question.form->c_str());
  }
}

Headers headers_of(const Question& question) {
  Headers headers;
  for (const std::string& line : question.headers) {
    if (!append_header(headers, line.c_str())) break;
  }
  return headers;
}

}  // namespace

Result<Answer> ask(const Question& question, std::stop_token stop) {
  const Easy easy(curl_easy_init());
  if (easy == nullptr) return Error(Errc::kNetwork, "cannot start an HTTP request");
  Body body = {.text = {}, .max_bytes = question.max_bytes};
  std::array<char, CURL_ERROR_SIZE> reason{};
  const Headers headers = headers_of(question);
  set_options(easy.get(), question, headers.get(), body);
  curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, reason.data());
  const Result<CURLcode> code = run(easy.get(), stop);
  if (!code) return code.error();
  if (body.is_too_long) {
    return Error(Errc::kLimitExceeded,
                 fmt::format("{}: longer than {} bytes", question.url, question.max_bytes));
  }
  if (*code != CURLE_OK) {
    const char* const words = reason[0] != '\0' ? reason.data() : curl_easy_strerror(*code);
    return Error(code_of_curl(*code), fmt::format("{}: {}", question.url, words));
  }
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  return Answer{.status = static_cast<int>(status), .body = std::move(body.text)};
}

}  // namespace odradek::web
