#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "client/admin/route.h"
#include "cluster/cluster.h"
#include "proto/error_code.h"

// One admin request with one answer, sent again to a broker that can answer while there is time.
// On the loop; the cluster outlives the task.
namespace odradek::client {

// Whether the same request may succeed a moment later on another connection, or at another broker,
// as Kafka's AdminClient holds it: failures of the network, a controller or coordinator that moved
// or is loading, quotas of controller mutations (KIP-599). Unlike proto::is_retriable(), false
// for UNKNOWN_TOPIC_OR_PARTITION and the like: admins want to hear of those.
bool is_worth_repeating(const Error& error);

// Waits a little before the next try; `why` when there is no time left.
io::Task<Result<void>> pause_admin(cluster::Cluster& cluster, MonotonicTime deadline, Error why);

// For request fields in milliseconds: what is left until the deadline, at least 1.
int32_t milliseconds_left(cluster::Cluster& cluster, MonotonicTime deadline);

// The error of an answer as a whole, where it has one. `doing` says what was attempted.
template <class Response>
Result<void> whole_answer(const Response& response, std::string_view doing) {
  if constexpr (requires { response.error_code; }) {
    const proto::ErrorCode code = proto::error_code(response.error_code);
    if (code == proto::ErrorCode::kNone) return {};
    if constexpr (requires { response.error_message; }) {
      return proto::to_error(code, doing, response.error_message);
    } else {
      return proto::to_error(code, doing);
    }
  }
  return {};
}

template <class Request>
using AnswerOf = rpc::Decoded<proto::ResponseOf<Request>>;

template <class Request>
io::Task<Result<AnswerOf<Request>>> admin_call_once(cluster::Cluster& cluster, Place place,
                                                    Request request, std::string_view doing,
                                                    MonotonicTime deadline) {
  auto connection = co_await connect(cluster, place, deadline);
  if (!connection) co_return connection.error();
  const MonotonicTime request_deadline = std::min(deadline, cluster.request_deadline());
  auto answer = co_await cluster.call(*std::move(connection), request, request_deadline);
  if (!answer) co_return answer;
  const Result<void> whole = whole_answer(answer->message, doing);
  if (!whole) co_return whole.error();
  co_return answer;
}

// The request's views, and `doing`, must live until the task is done.
template <class Request>
io::Task<Result<AnswerOf<Request>>> admin_call(cluster::Cluster& cluster, Place place,
                                               Request request, std::string_view doing,
                                               MonotonicTime deadline) {
  while (true) {
    auto answer = co_await admin_call_once(cluster, place, request, doing, deadline);
    if (answer) co_return answer;
    if (!is_worth_repeating(answer.error())) co_return answer.error().with_context(doing);
    cluster.expire_metadata();
    const Result<void> paused = co_await pause_admin(cluster, deadline, answer.error());
    if (!paused) co_return paused.error().with_context(doing);
  }
}

}  // namespace odradek::client
