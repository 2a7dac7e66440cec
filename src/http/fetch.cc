#include "http/fetch.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>

namespace odradek::http {
namespace {

struct Body {
  std::string text;
  size_t max_bytes = 0;
  bool is_too_long = false;
};

size_t take(char* data, size_t size, size_t count, void* into) {
  Body& body = *static_cast<Body*>(into);
  const size_t bytes = size * count;
  if (body.text.size() + bytes > body.max_bytes) {
    body.is_too_long = true;
    return 0;
  }
  body.text.append(data, bytes);
  return bytes;
}

struct EasyFree {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, EasyFree>;

Errc code_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return Errc::kTimedOut;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: return Errc::kTls;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return Errc::kInvalidArgument;
    default: return Errc::kNetwork;
  }
}

void set_options(CURL* handle, const FetchOptions& options, Body& body) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(options.timeout).count();
  curl_easy_setopt(handle, CURLOPT_URL, options.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);  // other threads have signals of their own
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(milliseconds));
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &body);
  if (!options.ca_file.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, options.ca_file.c_str());
  }
}

}  // namespace

Result<std::string> fetch(const FetchOptions& options) {
  const Easy handle(curl_easy_init());
  if (handle == nullptr) return Error(Errc::kNetwork, "cannot start an HTTP request");
  Body body = {.text = {}, .max_bytes = options.max_bytes};
  set_options(handle.get(), options, body);
  const CURLcode code = curl_easy_perform(handle.get());
  if (body.is_too_long) {
    return Error(Errc::kLimitExceeded,
                 fmt::format("{}: longer than {} bytes", options.url, options.max_bytes));
  }
  if (code != CURLE_OK) {
    return Error(code_of(code), fmt::format("{}: {}", options.url, curl_easy_strerror(code)));
  }
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) {
    return Error(Errc::kNetwork, fmt::format("{}: answered {}", options.url, status));
  }
  return std::move(body.text);
}

}  // namespace odradek::http
