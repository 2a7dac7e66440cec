#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "http/message.h"

namespace odradek::broker::dashboard {

// Who may use the dashboard, and under which names.
struct GuardOptions {
  std::string bind_host = "127.0.0.1";  // what the HTTP server listens on
  bool tls = false;
  Secret token{};                    // empty: none is asked for
  std::vector<std::string> hosts{};  // further names people reach it by
  bool has_access_control = false;   // clients need rights for what they do
};

// Whether a token's text is long enough not to be guessed; kConfig says how long that is.
Result<void> check_token(const Secret& token);
// "localhost", 127.0.0.0/8 and ::1, without a port.
bool is_loopback_host(std::string_view host);

// Decides which requests the dashboard answers. A page of another site must not reach it: not by
// a name that it makes point to us (DNS rebinding: the Host header), nor by requests from the
// browsers of our users (the Origin and Sec-Fetch-Site headers). Away from the loopback interface
// it answers only with a token or TLS, and where clients need rights only with a token: whoever may
// use the dashboard may do everything. Stateless.
class Guard {
 public:
  explicit Guard(GuardOptions options);

  // Whether it answers anything at all: see above.
  bool is_open() const { return closed_.empty(); }
  std::string_view why_closed() const { return closed_; }
  // The answer to a request that may not be; nothing when it may. `needs_token`: everything but
  // the pages' own files, which are the same for all.
  std::optional<http::HttpResponse> refuse(const http::HttpRequest& request,
                                           bool needs_token) const;

  // POST {"token"}: the cookie that stands for it, or 401.
  http::HttpResponse log_in(const http::HttpRequest& request) const;
  http::HttpResponse log_out() const;

  // Headers that keep browsers from running or showing what is not ours.
  static void protect(http::HttpResponse& response);

 private:
  bool knows_host(const http::HttpRequest& request) const;
  bool has_token(const http::HttpRequest& request) const;
  std::string cookie(std::string_view value, std::string_view more) const;

  GuardOptions options_;
  Secret session_;  // what the cookie says; made from the token, which it does not give away
  std::string_view closed_;  // why it answers nothing; else empty
};

}  // namespace odradek::broker::dashboard
