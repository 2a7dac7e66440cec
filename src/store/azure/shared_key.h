#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "store/cloud/text.h"
#include "web/http_client.h"

namespace odradek::store::azure {

struct KeyedRequest {
  std::string_view method{};
  std::string_view account{};
  std::string_view path{};  // percent-encoded, as in the URL
  const cloud::Query* query = nullptr;
  size_t body_bytes = 0;
};

// What is signed. Headers must have lower-case names and x-ms-date.
// Source: "Authorize with Shared Key", version 2015-02-21 and later.
std::string shared_key_text(const KeyedRequest& request, const std::vector<web::Header>& headers);

// The value of Authorization.
std::string shared_key_authorization(Bytes key, const KeyedRequest& request,
                                     const std::vector<web::Header>& headers);

}  // namespace odradek::store::azure
