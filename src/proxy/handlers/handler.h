#pragma once

#include <cstdint>
#include <vector>

#include "io/task.h"
#include "proto/api_key.h"
#include "proto/error_code.h"
#include "proxy/session.h"
#include "rpc/message.h"
#include "rpc/request.h"

namespace odradek::proxy {

// How one API is served. Each has a file pair here, named by its number, that declares the
// versions offered next to the code. A handler answers the request itself; an Error closes the
// client's connection, with one log line (malformed requests, a lost upstream connection whose
// request cannot be answered otherwise). The session outlives the task.
struct Handler {
  proto::ApiKey key{};
  int16_t min_version = 0;
  int16_t max_version = 0;
  // True when requests go on in the client's version: every broker has to know it too.
  bool needs_broker = true;
  // True when requests go through the session's queue, where they may outlive the client.
  bool is_queued = false;
  io::Task<Result<void>> (*run)(Session& session, rpc::Request& request) = nullptr;
};

// All of them, ascending by key.
std::vector<Handler> all_handlers();

// Counts the error code for the metrics; 0 is not one.
void count_error(Session& session, proto::ApiKey key, int16_t code);

// Answers with an upstream response's body as it is. Both ends speak the same version.
void respond_raw(rpc::Request& request, const rpc::RawResponse& response);

// Sends a request body on as it came and gives the answer as it came.
io::Task<Result<rpc::RawResponse>> forward_raw(Upstream::Connection connection,
                                               const rpc::Request& request, MonotonicTime deadline);

}  // namespace odradek::proxy
