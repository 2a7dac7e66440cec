#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/slice.h"

namespace odradek::web {

struct Header {
  std::string name{};
  std::string value{};
};

struct HttpClientOptions {
  std::string ca_file{};  // PEM of the authorities to trust; empty: the system's
  std::string proxy{};    // "http://host:port"; empty: what the environment says
  std::chrono::milliseconds connect_timeout{10'000};
  // No byte in either direction for so long ends a request. Own clock: curl's low speed limit
  // measures a mean and notices late.
  std::chrono::milliseconds stall_timeout{30'000};
};

struct HttpRequest {
  std::string method = "GET";
  std::string url{};  // http or https, percent-encoded; its query may hold secrets
  std::vector<Header> headers{};
  std::vector<Bytes> body{};           // pieces sent one after the other, borrowed for the call
  size_t max_bytes = 1024 * 1024;      // of the answer's body
  std::chrono::milliseconds timeout{0};        // for all of it; zero: as long as bytes move
  std::chrono::milliseconds stall_timeout{0};  // zero: the client's
  bool fresh_connection = false;  // not one that is kept: those may be dead
  bool direct = false;                 // never by a proxy: services of this very machine
};

struct HttpResponse {
  int status = 0;
  std::vector<Header> headers{};  // names in lower case
  Slice body{};

  // The value of the first header of that (lower case) name; empty when there is none.
  std::string_view header(std::string_view name) const;
};

// Asks HTTP/1.1 servers, blocking, from any thread. Connections are kept and used again; as many
// are open as requests run at once. No redirect is followed: who signs requests must know where
// they go. Errors, none with a word of headers, query or body: kInvalidArgument (no http URL),
// kNetwork (not reached, cut), kTimedOut, kTls, kLimitExceeded (longer headers or body).
class HttpClient {
 public:
  // The clock must outlive the client.
  HttpClient(HttpClientOptions options, const Clock& clock);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  Result<HttpResponse> send(const HttpRequest& request);

 private:
  class Connection;
  std::unique_ptr<Connection> take();
  void give_back(std::unique_ptr<Connection> connection);

  HttpClientOptions options_;
  const Clock* clock_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_ ODK_GUARDED_BY(mutex_);
};

}  // namespace odradek::web
