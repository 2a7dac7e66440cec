#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/task.h"

namespace odradek::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

// A whole request, owned by whoever handles it.
struct HttpRequest {
  std::string method;  // "GET"
  std::string target;  // as it came: "/metrics?name=x"
  std::string path;    // without the query: "/metrics"
  std::string query;   // after '?', not decoded
  Headers headers;
  std::string body;
  std::string peer_address;

  // The first header of that name, whatever its case; empty when there is none.
  std::string_view header(std::string_view name) const;
  // The decoded value of a query parameter; empty when there is none.
  std::string query_value(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  Headers headers;  // beyond Content-Type, Content-Length, Connection and Date
};

// Called on the server's loop. An exception becomes a 500. The response is sent when the task is
// done, so handlers of one connection run one after the other.
using HttpHandler = std::function<io::Task<HttpResponse>(HttpRequest)>;

// "Not Found" for 404.
std::string_view reason_phrase(int status);
// A short text response: "404 Not Found\n".
HttpResponse plain_response(int status);

}  // namespace odradek::http
