#include "proxy/handlers/20_delete_topics.h"

#include <algorithm>
#include <vector>

#include "proto/messages/delete_topics_request.h"
#include "proto/messages/delete_topics_response.h"
#include "proxy/handlers/admin.h"

namespace odradek::proxy {
namespace {

using proto::DeleteTopicsRequest;
using proto::DeleteTopicsResponse;
using proto::ErrorCode;
using Deleted = DeleteTopicsResponse::DeletableTopicResult;

constexpr int16_t kFirstWithStates = 6;  // topics by name or id

// The request in one form, whatever its version.
std::vector<DeleteTopicsRequest::DeleteTopicState> topics_of(const DeleteTopicsRequest& request,
                                                             int16_t version) {
  if (version >= kFirstWithStates) return {request.topics.begin(), request.topics.end()};
  std::vector<DeleteTopicsRequest::DeleteTopicState> topics;
  for (const std::string_view name : request.topic_names) topics.emplace_back().name = name;
  return topics;
}

// Takes out what the client may not delete.
io::Task<std::vector<Deleted>> refuse(Session& session,
                                      std::vector<DeleteTopicsRequest::DeleteTopicState>& topics,
                                      MonotonicTime deadline) {
  std::vector<TopicRef> refs;
  refs.reserve(topics.size());
  for (const auto& topic : topics) refs.push_back({std::string(topic.name), topic.topic_id});
  const ResolvedTopics resolved = co_await session.resolve(Operation::kDelete, std::move(refs),
                                                           ErrorCode::kNetworkException, deadline);
  std::vector<Deleted> refused;
  std::vector<DeleteTopicsRequest::DeleteTopicState> allowed;
  for (size_t i = 0; i < topics.size(); ++i) {
    if (resolved.topics[i].error != ErrorCode::kTopicAuthorizationFailed) {
      allowed.push_back(topics[i]);
      continue;
    }
    Deleted& one = refused.emplace_back();
    one.name = topics[i].name;
    one.topic_id = topics[i].topic_id;
    one.error_code = proto::to_number(ErrorCode::kTopicAuthorizationFailed);
    one.error_message = proto::error_text(ErrorCode::kTopicAuthorizationFailed);
  }
  topics = std::move(allowed);
  co_return refused;
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(auto decoded, rpc::decode_request<DeleteTopicsRequest>(request));
  DeleteTopicsRequest& message = decoded.message;
  const MonotonicTime deadline = session.context.request_deadline() +
                                 std::chrono::milliseconds(std::max(message.timeout_ms, 0));
  auto topics = topics_of(message, request.version);
  std::vector<Deleted> results = co_await refuse(session, topics, deadline);
  std::vector<std::string_view> names;
  if (request.version >= kFirstWithStates) {
    message.topics = topics;
  } else {
    for (const auto& topic : topics) names.push_back(topic.name);
    message.topic_names = names;
  }

  DeleteTopicsResponse response;
  Result<rpc::Decoded<DeleteTopicsResponse>> answer(Errc::kNotFound);
  if (!topics.empty()) {
    Result<Upstream::Connection> connected = co_await admin_connection(session, deadline);
    if (!connected) co_return connected.error();
    answer = co_await (*connected)->call(message, request.version, deadline);
    if (!answer) co_return answer.error();
    session.context.cluster.expire_metadata();
    response = answer->message;
    results.insert(results.end(), response.responses.begin(), response.responses.end());
  }
  for (const Deleted& result : results) count_error(session, request.api_key, result.error_code);
  response.responses = results;
  rpc::respond(request, response);
  co_return Result<void>{};
}

}  // namespace

Handler delete_topics_handler() {
  return {.key = proto::ApiKey::kDeleteTopics,
          .min_version = 1,
          .max_version = 6,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
