#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "cluster/cluster.h"
#include "odradek/admin.h"
#include "proto/error_code.h"

// One admin request, sent again to a broker that can answer while there is time and the failure is
// one of the network. On the loop; the cluster outlives the task.
namespace odradek::client {

enum class AdminTarget : uint8_t { kAnyBroker, kController };

// Worth another try on another connection?
inline bool is_network_failure(const Error& error) {
  return error.code() == Errc::kNetwork || error.code() == Errc::kClosed ||
         error.code() == Errc::kTimedOut;
}

// Waits a little before the next try; `why` when there is no time left, or none would help.
io::Task<Result<void>> pause_admin(cluster::Cluster& cluster, MonotonicTime deadline, Error why,
                                   bool is_transient);

template <class Request>
using AnswerOf = rpc::Decoded<proto::ResponseOf<Request>>;

// The request's views must live until the task is done.
template <class Request>
io::Task<Result<AnswerOf<Request>>> admin_call(cluster::Cluster& cluster, AdminTarget target,
                                               Request request, MonotonicTime deadline,
                                               int16_t at_most = INT16_MAX) {
  while (true) {
    auto connected = target == AdminTarget::kController ? cluster.controller(deadline)
                                                        : cluster.any_connection(deadline);
    Result<cluster::Cluster::Connection> connection = co_await std::move(connected);
    if (!connection) co_return connection.error();
    const MonotonicTime request_deadline = std::min(deadline, cluster.request_deadline());
    auto answer = co_await cluster.call(*std::move(connection), request, request_deadline, at_most);
    if (answer) co_return answer;
    const Result<void> paused =
        co_await pause_admin(cluster, deadline, answer.error(), is_network_failure(answer.error()));
    if (!paused) co_return paused.error();
  }
}

// The same to the coordinator of a group. `code_of(answer)` gives the error that may be about the
// coordinator: it moved, or is loading.
template <class Request, class CodeOf>
io::Task<Result<AnswerOf<Request>>> coordinator_call(cluster::Cluster& cluster, std::string group,
                                                     Request request, CodeOf code_of,
                                                     MonotonicTime deadline) {
  while (true) {
    auto connection = co_await cluster.coordinator(cluster::CoordinatorType::kGroup, group,
                                                   cluster::kGeneralLane, deadline);
    if (!connection) co_return connection.error();
    const MonotonicTime request_deadline = std::min(deadline, cluster.request_deadline());
    auto answer = co_await cluster.call(*std::move(connection), request, request_deadline);
    Error why(Errc::kTimedOut);
    bool is_transient = false;
    if (answer) {
      const proto::ErrorCode code = code_of(answer->message);
      if (code == proto::ErrorCode::kNone || !proto::is_retriable(code)) co_return answer;
      why = proto::to_error(code, "group " + group);
      is_transient = true;
    } else {
      why = answer.error();
      is_transient = is_network_failure(why);
    }
    cluster.forget_coordinator(cluster::CoordinatorType::kGroup, group);
    const Result<void> paused =
        co_await pause_admin(cluster, deadline, std::move(why), is_transient);
    if (!paused) co_return paused.error();
  }
}

// The Outcome of one item of an answer.
kafka::Outcome to_outcome(std::string_view name, int16_t code, std::string_view server_message,
                          std::string_view attempted);

// For request fields in milliseconds: what is left until the deadline.
int32_t milliseconds_left(cluster::Cluster& cluster, MonotonicTime deadline);

}  // namespace odradek::client
