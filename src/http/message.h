#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
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

// Takes the pieces of a body whose length nobody knows in advance.
class BodyWriter {
 public:
  BodyWriter() = default;
  BodyWriter(const BodyWriter&) = delete;
  BodyWriter& operator=(const BodyWriter&) = delete;
  virtual ~BodyWriter() = default;

  // Sends the piece at once. Errors: kClosed or kNetwork when the client has gone or does not read.
  virtual io::Task<Result<void>> write(std::string piece) = 0;
};

// Writes a whole body and is done when it ends; the first failed write is a reason to end.
using BodySource = std::function<io::Task<void>(BodyWriter& writer)>;

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  BodySource stream;  // in place of `body`: sent in chunks, for as long as it takes
  Headers headers;  // beyond Content-Type, Content-Length, Connection and Date
};

// Called on the server's loop. An exception becomes a 500. The response is sent when the task is
// done, so handlers of one connection run one after the other.
using HttpHandler = std::function<io::Task<HttpResponse>(HttpRequest)>;

// "%2F" of a path as the byte it stands for; what is not a valid escape stays as it is.
std::string decode_percent(std::string_view text);

// "Not Found" for 404.
std::string_view reason_phrase(int status);
// A short text response: "404 Not Found\n".
HttpResponse plain_response(int status);

}  // namespace odradek::http
