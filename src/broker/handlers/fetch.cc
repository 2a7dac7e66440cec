// Fetch: with sessions (KIP-227) and waiting (pending_fetch.h).

#include <algorithm>
#include <chrono>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "broker/pending_fetch.h"
#include "proto/messages/fetch_request.h"
#include "proto/messages/fetch_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::FetchRequest;
using Response = proto::FetchResponse;

constexpr int16_t kTopicIdsFrom = 13;
constexpr int32_t kNoSession = 0;
constexpr int32_t kInitialEpoch = 0;
constexpr int32_t kFinalEpoch = -1;

void refuse(rpc::Request& request, ErrorCode error) {
  Response response;
  response.error_code = proto::to_number(error);
  response.responses = proto::empty_array<Response::FetchableTopicResponse>();
  response.node_endpoints = proto::empty_array<Response::NodeEndpoint>();
  rpc::respond(request, response);
}

// Finds, makes or ends the session the request is about.
ErrorCode enter_session(Node& node, const Request& message, int16_t version,
                        PendingFetch::Options& options) {
  FetchSessions& sessions = node.sessions();
  const MonotonicTime now = node.loop().now();
  const bool full = message.session_epoch == kInitialEpoch || message.session_epoch == kFinalEpoch;
  if (!full) {
    FetchSessions::Lookup found = sessions.resume(message, version, now);
    if (found.error != ErrorCode::kNone) return found.error;
    options.session = std::move(found.session);
    options.incremental = true;
    return ErrorCode::kNone;
  }
  if (message.session_id != kNoSession) sessions.remove(message.session_id);
  if (message.session_epoch == kInitialEpoch) {
    options.session = sessions.create(message, version, now);
  }
  if (!options.session) options.partitions = fetch_partitions(message);
  return ErrorCode::kNone;
}

void fetch(Node& node, rpc::Request request) {
  std::optional<rpc::Decoded<Request>> decoded = decode_or_close<Request>(request);
  if (!decoded) return;
  const Request& message = decoded->message;
  PendingFetch::Options options;
  const ErrorCode error = enter_session(node, message, request.version, options);
  if (error != ErrorCode::kNone) return refuse(request, error);

  options.limits.bytes_max =
      std::min(static_cast<size_t>(std::max(message.max_bytes, 0)), node.fetch_bytes_max());
  const double quota =
      node.security().quotas().most_in_window(QuotaKey::kConsumerByteRate, request);
  if (quota < static_cast<double>(options.limits.bytes_max)) {
    options.limits.bytes_max = static_cast<size_t>(quota);
  }
  options.limits.bytes_min =
      std::min(static_cast<size_t>(std::max(message.min_bytes, 0)), options.limits.bytes_max);
  if (node.security().authorizer().enabled()) options.limits.reader = request.connection.get();
  options.limits.by_topic_id = request.version >= kTopicIdsFrom;
  options.limits.read_committed = message.isolation_level == 1;
  options.wait_max = std::chrono::milliseconds(message.max_wait_ms);
  PendingFetch::start(std::make_unique<PendingFetch>(node, std::move(request), std::move(options)));
}

}  // namespace

constinit const HandlerInfo kFetchApi{proto::ApiKey::kFetch, 4, 18, fetch};

}  // namespace odradek::broker
