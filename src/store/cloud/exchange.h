#pragma once

#include <atomic>
#include <expected>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/cloud/failure.h"
#include "store/cloud/retry.h"
#include "store/cloud/text.h"
#include "web/http_client.h"

namespace odradek::store::cloud {

// One question to a store. It is made into a signed request anew for each attempt.
struct Call {
  std::string operation{};  // "put", for errors
  std::string object{};     // "s3://bucket/key", for errors
  std::string method = "GET";
  std::string path{};  // begins with '/', percent-encoded
  Query query{};
  std::vector<web::Header> headers{};
  std::vector<Bytes> body{};        // borrowed for the call
  std::vector<int> also_good{};     // statuses besides 2xx that are answers, not failures
  bool creates_only = false;        // what a failed condition means
  size_t max_bytes = 1024 * 1024;   // of the answer's body
  std::chrono::milliseconds stall_timeout{0};  // zero: the client's
  bool is_single = false;           // one attempt only
  const std::atomic<bool>* given_up = nullptr;  // set: no further attempt
};

struct Reply {
  web::HttpResponse http;
  bool after_unclear = false;  // an earlier attempt may have been carried out as well
};

struct CallFailure {
  Failure failure;
  bool after_unclear = false;  // this attempt or an earlier one may have been carried out
  Error error;
};
using Outcome = std::expected<Reply, CallFailure>;

// What differs between the stores. Any thread.
class Dialect {
 public:
  Dialect() = default;
  Dialect(const Dialect&) = delete;
  Dialect& operator=(const Dialect&) = delete;
  virtual ~Dialect() = default;

  // `now` is the store's time as far as we know it. Errors: those of getting credentials.
  virtual Result<web::HttpRequest> make_request(const Call& call, TimestampMs now) = 0;
  virtual Failure read_failure(const Call& call, const web::HttpResponse& response) = 0;
  // A failure of a 2xx answer (S3's late errors, a checksum that does not match); most have none.
  virtual std::optional<Failure> check(const Call& /*call*/, const web::HttpResponse& /*answer*/) {
    return std::nullopt;
  }
  // Learns from a refusal what makes the next attempt right: new credentials, another region.
  // False when there is nothing to learn. Called at most a few times for one call.
  virtual bool mend(const Failure& /*failure*/, const web::HttpResponse& /*response*/) {
    return false;
  }
};

// Runs calls until they are answered, refused for good, or their time is up. Corrects the clock
// by the store's when the store finds our time wrong. Any thread.
class Exchange {
 public:
  Exchange(web::HttpClient& client, Dialect& dialect, RetryPolicy policy, const Clock& clock,
           Sleeper sleeper);

  Outcome run(const Call& call);

  void wait(std::chrono::milliseconds time) { sleeper_(time); }
  TimestampMs store_time() const { return clock_->wall_ms() + skew_ms_.load(); }
  const Clock& clock() const { return *clock_; }
  const RetryPolicy& policy() const { return policy_; }

 private:
  struct Attempt {
    std::optional<web::HttpResponse> response;
    Failure failure;
    bool is_good = false;
  };
  Attempt try_once(const Call& call, const web::HttpRequest& request);
  bool correct_clock(const web::HttpResponse& response);

  web::HttpClient* client_;
  Dialect* dialect_;
  RetryPolicy policy_;
  const Clock* clock_;
  Sleeper sleeper_;
  std::atomic<int64_t> skew_ms_ = 0;
};

// How long the store asks to wait (RFC 9110 §10.2.3): seconds or a date; at most an hour.
std::optional<std::chrono::milliseconds> retry_after_of(const web::HttpResponse& response,
                                                        TimestampMs now);

}  // namespace odradek::store::cloud
