#pragma once

#include <curl/curl.h>

#include <memory>

#include "base/error.h"

// Owners of libcurl's objects, for the files of this folder.
namespace odradek::web {

struct EasyDelete {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct MultiDelete {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
// Wipes the lines, which curl copied.
struct HeadersDelete {
  void operator()(curl_slist* list) const {
    for (curl_slist* at = list; at != nullptr; at = at->next) {
      for (char* c = at->data; *c != '\0'; ++c) *const_cast<volatile char*>(c) = '*';
    }
    curl_slist_free_all(list);
  }
};
using Easy = std::unique_ptr<CURL, EasyDelete>;
using Multi = std::unique_ptr<CURLM, MultiDelete>;
using Headers = std::unique_ptr<curl_slist, HeadersDelete>;

// False when there is no memory for it.
inline bool append_header(Headers& headers, const char* line) {
  curl_slist* const longer = curl_slist_append(headers.get(), line);
  if (longer == nullptr) return false;
  static_cast<void>(headers.release());
  headers.reset(longer);
  return true;
}

inline Errc code_of_curl(CURLcode code) {
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

}  // namespace odradek::web
