#include "store/cloud/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "base/log.h"
#include "base/secret.h"

namespace odradek::store::cloud {
namespace {

constexpr int kMendingsMax = 3;
// Less would only hide the store's words behind a timeout of ours.
constexpr std::chrono::milliseconds kAttemptLeast{2'000};
constexpr int64_t kSkewNoticed_ms = 4 * 60 * 1000;  // stores allow 5 to 15 minutes

bool is_good_status(const Call& call, int status) {
  return (status >= 200 && status < 300) ||
         std::ranges::find(call.also_good, status) != call.also_good.end();
}

bool may_repeat(const Call& call) {
  return !call.is_single && (call.given_up == nullptr || !call.given_up->load());
}

// Signatures and tokens are in headers and queries.
void wipe_secrets(web::HttpRequest& request) {
  for (web::Header& header : request.headers) wipe(header.value);
  wipe(request.url);
}

}  // namespace

Exchange::Exchange(web::HttpClient& client, Dialect& dialect, RetryPolicy policy,
                   const Clock& clock, Sleeper sleeper)
    : client_(&client),
      dialect_(&dialect),
      policy_(policy),
      clock_(&clock),
      sleeper_(std::move(sleeper)) {}

Outcome Exchange::run(const Call& call) {
  Backoff backoff(policy_, *clock_);
  bool after_unclear = false;
  int mendings = 0;
  while (true) {
    Result<web::HttpRequest> request = dialect_->make_request(call, store_time());
    if (!request) {
      // The service that hands out credentials may come back as well.
      const auto wait = is_transient(request.error()) && may_repeat(call)
                            ? backoff.next(std::nullopt)
                            : std::nullopt;
      if (wait) {
        sleeper_(*wait);
        continue;
      }
      return std::unexpected(CallFailure{
          {},
          after_unclear,
          request.error().with_context(fmt::format("{} {}", call.operation, call.object))});
    }
    request->fresh_connection = after_unclear;
    request->timeout = std::max(backoff.left(), kAttemptLeast);
    Attempt attempt = try_once(call, *request);
    wipe_secrets(*request);
    if (attempt.is_good) return Reply{*std::move(attempt.response), after_unclear};
    Failure& failure = attempt.failure;
    after_unclear = after_unclear || failure.is_unclear;
    if (attempt.response && mendings < kMendingsMax &&
        (correct_clock(*attempt.response) || dialect_->mend(failure, *attempt.response))) {
      ++mendings;
      continue;
    }
    std::optional<std::chrono::milliseconds> wait;
    if (failure.is_transient && may_repeat(call)) wait = backoff.next(failure.retry_after);
    if (!wait) {
      Error error = to_error(failure, call.operation, call.object);
      return std::unexpected(CallFailure{std::move(failure), after_unclear, std::move(error)});
    }
    ODK_LOG(debug, "a store is asked again", kv("operation", call.operation),
            kv("object", call.object), kv("status", failure.http_status),
            kv("failure", failure_name(failure.kind)), kv("wait_ms", wait->count()));
    sleeper_(*wait);
  }
}

Exchange::Attempt Exchange::try_once(const Call& call, const web::HttpRequest& request) {
  Attempt attempt;
  Result<web::HttpResponse> response = client_->send(request);
  if (!response) {
    attempt.failure = failure_of(response.error());
    return attempt;
  }
  if (is_good_status(call, response->status)) {
    std::optional<Failure> failure = dialect_->check(call, *response);
    attempt.is_good = !failure.has_value();
    if (failure) attempt.failure = *std::move(failure);
  } else {
    attempt.failure = dialect_->read_failure(call, *response);
    attempt.failure.is_unclear = attempt.failure.is_unclear || response->status >= 500;
    attempt.failure.retry_after = retry_after_of(*response, store_time());
  }
  attempt.response = *std::move(response);
  return attempt;
}

bool Exchange::correct_clock(const web::HttpResponse& response) {
  if (response.status != 400 && response.status != 401 && response.status != 403) return false;
  const std::optional<TimestampMs> theirs = parse_http_time(response.header("date"));
  if (!theirs || std::abs(*theirs - store_time()) < kSkewNoticed_ms) return false;
  skew_ms_.store(*theirs - clock_->wall_ms());
  ODK_LOG(warn, "this machine's clock is wrong by the store's, requests are signed by the store's",
          kv("seconds", skew_ms_.load() / 1000));
  return true;
}

std::optional<std::chrono::milliseconds> retry_after_of(const web::HttpResponse& response,
                                                        TimestampMs now) {
  constexpr int64_t kMost_ms = 3'600'000;
  const std::string_view text = response.header("retry-after");
  if (text.empty()) return std::nullopt;
  int64_t seconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failure == std::errc() && end == text.data() + text.size()) {
    return std::chrono::milliseconds(std::clamp<int64_t>(seconds, 0, kMost_ms / 1000) * 1000);
  }
  const std::optional<TimestampMs> date = parse_http_time(text);
  if (!date) return std::nullopt;
  return std::chrono::milliseconds(std::clamp<int64_t>(*date - now, 0, kMost_ms));
}

}  // namespace odradek::store::cloud
