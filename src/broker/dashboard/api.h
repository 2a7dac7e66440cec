#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/broker_parts.h"
#include "broker/dashboard/inside.h"
#include "broker/dashboard/json.h"
#include "broker/dashboard/sampler.h"
#include "http/message.h"
#include "proto/error_code.h"

namespace odradek::broker::dashboard {

// What the API's handlers share. One loop.
struct ApiContext {
  io::Loop& loop;
  Node& node;
  Dispatcher& dispatcher;
  rpc::Server& clients;
  Inside& inside;
  Sampler& sampler;
  std::string version;  // of the program
  TimestampMs started_ms = 0;
  size_t live_streams = 0;
  size_t live_tails = 0;
};

// One request of the API: the path's names, decoded, and the body.
struct ApiCall {
  http::HttpRequest http;
  std::vector<std::string> names;
  Json body;  // an object; empty when there was none

  const std::string& name(size_t index) const { return names.at(index); }
  std::string query(std::string_view key) const { return http.query_value(key); }
  // The number of a query parameter. kInvalidArgument when it is none.
  Result<int64_t> query_number(std::string_view key, NumberRange range, int64_t otherwise) const;
};

using ApiHandler = io::Task<Result<Json>> (*)(ApiContext& context, ApiCall call);
// Answers by server-sent events; refuses at once or never.
using StreamHandler = Result<http::BodySource> (*)(ApiContext& context, ApiCall call);

// One operation: the path has names in braces, "/api/v1/topics/{topic}".
struct ApiRoute {
  std::string_view method;
  std::string_view path;
  ApiHandler handler = nullptr;
  StreamHandler stream = nullptr;
};

// All operations; assets/openapi.json describes the same.
std::span<const ApiRoute> api_routes();

// Finds the operation, reads the body, answers; errors as {"error": {"code", "message"}}.
io::Task<http::HttpResponse> serve_api(ApiContext& context, http::HttpRequest request);

http::HttpResponse json_response(int status, const Json& json);
http::HttpResponse error_response(const Error& error);
http::HttpResponse error_response(int status, std::string_view code, std::string_view message);

// One server-sent event.
std::string event_text(std::string_view name, const Json& data);

// The error of an answer, by Kafka's code and the broker's words; success for 0.
Result<void> check_answer(int16_t code, std::string_view message, std::string_view context);

}  // namespace odradek::broker::dashboard
