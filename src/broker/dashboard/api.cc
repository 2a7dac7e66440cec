#include "broker/dashboard/api.h"

#include <fmt/format.h>

#include "broker/dashboard/operations.h"

namespace odradek::broker::dashboard {
namespace {

using proto::ErrorCode;

constexpr ApiRoute kRoutes[] = {
    {"GET", "/api/v1/overview", get_overview},
    {"GET", "/api/v1/history", get_history},
    {"GET", "/api/v1/events", nullptr, stream_samples},
    {"GET", "/api/v1/topics", list_topics},
    {"POST", "/api/v1/topics", create_topic},
    {"GET", "/api/v1/topics/{topic}", get_topic},
    {"DELETE", "/api/v1/topics/{topic}", delete_topic},
    {"POST", "/api/v1/topics/{topic}/partitions", add_partitions},
    {"POST", "/api/v1/topics/{topic}/truncate", delete_records},
    {"GET", "/api/v1/topics/{topic}/configs", get_topic_configs},
    {"PATCH", "/api/v1/topics/{topic}/configs", change_topic_configs},
    {"GET", "/api/v1/topics/{topic}/messages", search_messages},
    {"POST", "/api/v1/topics/{topic}/messages", produce_messages},
    {"GET", "/api/v1/topics/{topic}/messages/{partition}/{offset}", get_message},
    {"GET", "/api/v1/topics/{topic}/tail", nullptr, stream_tail},
    {"GET", "/api/v1/groups", list_groups},
    {"GET", "/api/v1/groups/{group}", get_group},
    {"DELETE", "/api/v1/groups/{group}", delete_group},
    {"POST", "/api/v1/groups/{group}/offsets", reset_offsets},
    {"DELETE", "/api/v1/groups/{group}/offsets/{topic}", delete_offsets},
    {"GET", "/api/v1/users", list_users},
    {"POST", "/api/v1/users", set_user},
    {"DELETE", "/api/v1/users/{user}", delete_user},
    {"GET", "/api/v1/acls", list_acls},
    {"POST", "/api/v1/acls", create_acl},
    {"POST", "/api/v1/acls/delete", delete_acl},
    {"GET", "/api/v1/quotas", list_quotas},
    {"PATCH", "/api/v1/quotas", change_quotas},
    {"GET", "/api/v1/connections", list_connections},
    {"GET", "/api/v1/configs", get_broker_configs},
    {"PATCH", "/api/v1/configs", change_broker_configs},
};

int status_of_kafka(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnknownTopicOrPartition:
    case ErrorCode::kUnknownTopicId:
    case ErrorCode::kGroupIdNotFound:
    case ErrorCode::kResourceNotFound: return 404;
    case ErrorCode::kTopicAlreadyExists:
    case ErrorCode::kNonEmptyGroup:
    case ErrorCode::kGroupSubscribedToTopic:
    case ErrorCode::kUnknownMemberId:
    case ErrorCode::kRebalanceInProgress: return 409;
    case ErrorCode::kTopicAuthorizationFailed:
    case ErrorCode::kGroupAuthorizationFailed:
    case ErrorCode::kClusterAuthorizationFailed: return 403;
    case ErrorCode::kMessageTooLarge: return 413;
    case ErrorCode::kKafkaStorageError:
    case ErrorCode::kCoordinatorNotAvailable:
    case ErrorCode::kCoordinatorLoadInProgress: return 503;
    case ErrorCode::kUnknownServerError: return 500;
    default: return 400;
  }
}

int status_of(const Error& error) {
  switch (error.code()) {
    case Errc::kServer: return status_of_kafka(static_cast<ErrorCode>(error.server_code()));
    case Errc::kInvalidArgument:
    case Errc::kMalformed: return 400;
    case Errc::kNotFound: return 404;
    case Errc::kAlreadyExists:
    case Errc::kPrecondition: return 409;
    case Errc::kLimitExceeded: return 429;
    case Errc::kUnsupported: return 501;
    case Errc::kCancelled:
    case Errc::kClosed:
    case Errc::kTimedOut: return 503;
    default: return 500;
  }
}

// The next part of a path, behind its '/'.
std::string_view next_part(std::string_view& path) {
  const size_t begin = path.starts_with('/') ? 1 : 0;
  const size_t end = std::min(path.find('/', begin), path.size());
  const std::string_view part = path.substr(begin, end - begin);
  path.remove_prefix(end);
  return part;
}

// Whether the path is one of the route, and the names in it.
bool fits(const ApiRoute& route, std::string_view path, std::vector<std::string>& names) {
  names.clear();
  std::string_view pattern = route.path;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = next_part(pattern);
    const std::string_view part = next_part(path);
    if (wanted.starts_with('{')) {
      if (part.empty()) return false;
      names.push_back(http::decode_percent(part));
    } else if (wanted != part) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

// The body as an object. Anything but JSON would let a form of another site be a request.
Result<Json> read_body(const http::HttpRequest& request) {
  if (request.body.empty()) return Json::object();
  std::string_view type = request.header("Content-Type");
  type = type.substr(0, type.find(';'));
  if (type != "application/json") {
    return Error(Errc::kInvalidArgument, "the body must be application/json");
  }
  Json body = Json::parse(request.body, nullptr, false);
  if (!body.is_object()) return Error(Errc::kInvalidArgument, "the body is no JSON object");
  return body;
}

http::HttpResponse not_allowed(std::string_view allowed) {
  http::HttpResponse response =
      error_response(405, "METHOD_NOT_ALLOWED", fmt::format("this path takes {}", allowed));
  response.headers.emplace_back("Allow", allowed);
  return response;
}

}  // namespace

std::span<const ApiRoute> api_routes() { return kRoutes; }

Result<int64_t> ApiCall::query_number(std::string_view key, NumberRange range,
                                      int64_t otherwise) const {
  const std::string text = query(key);
  if (text.empty()) return otherwise;
  return parse_number(text, key, range);
}

http::HttpResponse json_response(int status, const Json& json) {
  http::HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = dump(json);
  return response;
}

http::HttpResponse error_response(int status, std::string_view code, std::string_view message) {
  return json_response(status, {{"error", {{"code", code}, {"message", message}}}});
}

http::HttpResponse error_response(const Error& error) {
  std::string code(errc_name(error.code()));
  if (error.code() == Errc::kServer) {
    code = proto::error_name(static_cast<ErrorCode>(error.server_code()));
  }
  const std::string_view message = error.message();
  return error_response(status_of(error), code, message.empty() ? code : message);
}

std::string event_text(std::string_view name, const Json& data) {
  return fmt::format("event: {}\ndata: {}\n\n", name, dump(data));
}

Result<void> check_answer(int16_t code, std::string_view message, std::string_view context) {
  const auto error = static_cast<ErrorCode>(code);
  if (error == ErrorCode::kNone) return {};
  const std::string_view text = message.empty() ? proto::error_text(error) : message;
  return Error::server(code,
                       context.empty() ? std::string(text) : fmt::format("{}: {}", context, text));
}

io::Task<http::HttpResponse> serve_api(ApiContext& context, http::HttpRequest request) {
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  ApiCall call;
  std::string allowed;
  const ApiRoute* route = nullptr;
  for (const ApiRoute& each : kRoutes) {
    if (!fits(each, request.path, call.names)) continue;
    allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", each.method);
    if (each.method == method) {
      route = &each;
      break;
    }
  }
  if (route == nullptr && !allowed.empty()) co_return not_allowed(allowed);
  if (route == nullptr) co_return error_response(404, "NOT_FOUND", "there is no such operation");
  Result<Json> body = read_body(request);
  if (!body) co_return error_response(body.error());
  call.body = *std::move(body);
  call.http = std::move(request);
  if (route->stream != nullptr) {
    Result<http::BodySource> source = route->stream(context, std::move(call));
    if (!source) co_return error_response(source.error());
    http::HttpResponse response;
    response.content_type = "text/event-stream";
    response.stream = *std::move(source);
    co_return response;
  }
  Result<Json> answer = co_await route->handler(context, std::move(call));
  if (!answer) co_return error_response(answer.error());
  co_return json_response(200, *answer);
}

}  // namespace odradek::broker::dashboard
