#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "proto/api_key.h"

namespace odradek::proto {

// The versions of one API in the schema this library is generated from. The last stable version
// counts; what a server offers or a peer understands is decided elsewhere.
struct ApiInfo {
  ApiKey key;
  std::string_view name;  // "Fetch"
  int16_t min_version;
  int16_t max_version;
  int16_t first_flexible_request;   // kNeverFlexible if none
  int16_t first_flexible_response;
  bool on_broker;      // listeners where Kafka serves it
  bool on_controller;
};

// All APIs that have a valid version, ascending by key.
std::span<const ApiInfo> all_apis();

// Null when the key is unknown, or no version of the API is valid any more.
const ApiInfo* find_api(int16_t key);
inline const ApiInfo* find_api(ApiKey key) { return find_api(static_cast<int16_t>(key)); }

// "Fetch"; "unknown API" for keys without a valid version. For logs and messages.
std::string_view api_name(ApiKey key);

// The version of the RequestHeader in front of a request: 1, or 2 when flexible. Unknown keys get
// 1, as their first fields can be read in any case. Version 0 existed only for ControlledShutdown
// 0.
int16_t request_header_version(ApiKey key, int16_t version);

// The version of the ResponseHeader: 0, or 1 when flexible. ApiVersions always has 0, because a
// client reads it before it knows what the server speaks (KIP-511).
int16_t response_header_version(ApiKey key, int16_t version);

// The response type of a request type; include its header to use it.
template <class Request>
using ResponseOf = typename Request::Response;

}  // namespace odradek::proto
