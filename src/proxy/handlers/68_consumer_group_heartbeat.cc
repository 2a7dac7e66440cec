#include "proxy/handlers/68_consumer_group_heartbeat.h"

#include <algorithm>
#include <set>
#include <vector>

#include "proto/messages/consumer_group_heartbeat_request.h"
#include "proto/messages/consumer_group_heartbeat_response.h"
#include "proxy/assignment_view.h"
#include "proxy/handlers/coordinator.h"

namespace odradek::proxy {
namespace {

using proto::ConsumerGroupHeartbeatRequest;
using proto::ConsumerGroupHeartbeatResponse;
using proto::ErrorCode;

template <class TopicPartitions>
std::vector<TopicRef> refs_by_id(std::span<const TopicPartitions> topics) {
  std::vector<TopicRef> refs;
  for (const auto& topic : topics) refs.push_back({{}, topic.topic_id});
  return refs;
}

bool has_moved(const ConsumerGroupHeartbeatResponse& response) {
  return is_moved_coordinator(response.error_code);
}

void refuse(Session& session, rpc::Request& request, ErrorCode code) {
  ConsumerGroupHeartbeatResponse response;
  response.error_code = proto::to_number(code);
  response.error_message = proto::error_text(code);
  count_error(session, request.api_key, response.error_code);
  rpc::respond(request, response);
}

// The client's partitions as the broker's. False when a topic cannot be looked up.
io::Task<bool> tell_physical(Session& session, ConsumerGroupHeartbeatRequest& message, Arena& arena,
                             MonotonicTime deadline) {
  const std::span<const ConsumerGroupHeartbeatRequest::TopicPartitions> owned =
      message.topic_partitions;
  if (owned.empty()) co_return true;
  const ResolvedTopics topics = co_await session.context.topics.resolve(
      refs_by_id(owned), ErrorCode::kCoordinatorNotAvailable, deadline);
  message.topic_partitions = physical_assignment(owned, topics.topics, arena);
  co_return is_settled(topics.topics);
}

// The broker's assignment as the client's.
io::Task<bool> show_virtual(Session& session, ConsumerGroupHeartbeatResponse& message, Arena& arena,
                            MonotonicTime deadline) {
  if (message.assignment == nullptr || message.assignment->topic_partitions.empty()) {
    co_return true;
  }
  const std::span<const ConsumerGroupHeartbeatResponse::TopicPartitions> assigned =
      message.assignment->topic_partitions;
  const ResolvedTopics topics = co_await session.context.topics.resolve(
      refs_by_id(assigned), ErrorCode::kCoordinatorNotAvailable, deadline);
  message.assignment->topic_partitions = virtual_assignment(assigned, topics.topics, arena);
  co_return is_settled(topics.topics);
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(auto decoded, rpc::decode_request<ConsumerGroupHeartbeatRequest>(request));
  ConsumerGroupHeartbeatRequest& message = decoded.message;
  const std::string group(message.group_id);
  const ErrorCode refusal = session.group_refusal(Operation::kRead, group);
  if (refusal != ErrorCode{}) {
    refuse(session, request, refusal);
    co_return Result<void>{};
  }
  const MonotonicTime deadline = session.context.request_deadline();
  Arena arena;
  const bool is_told = co_await tell_physical(session, message, arena, deadline);
  GroupAnswer<ConsumerGroupHeartbeatRequest> answer(Errc::kNotFound);
  if (is_told) {
    answer =
        co_await ask_coordinator(session, group, message, request.version, has_moved, deadline);
  }
  if (session.is_closed) co_return Errc::kClosed;
  // A member that misses an answer sends the same again, and gets its assignment again.
  bool is_shown = false;
  if (answer) is_shown = co_await show_virtual(session, answer->message, arena, deadline);
  if (!is_shown) {
    refuse(session, request, ErrorCode::kCoordinatorNotAvailable);
    co_return Result<void>{};
  }
  count_error(session, request.api_key, answer->message.error_code);
  rpc::respond(request, answer->message);
  co_return Result<void>{};
}

}  // namespace

Handler consumer_group_heartbeat_handler() {
  return {.key = proto::ApiKey::kConsumerGroupHeartbeat,
          .min_version = 0,
          .max_version = 1,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
