#include "proxy/handlers/37_create_partitions.h"

#include <algorithm>
#include <vector>

#include "proto/messages/create_partitions_request.h"
#include "proto/messages/create_partitions_response.h"
#include "proxy/handlers/admin.h"
#include "proxy/handlers/leaders.h"

namespace odradek::proxy {
namespace {

using proto::CreatePartitionsRequest;
using proto::CreatePartitionsResponse;
using proto::ErrorCode;

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<CreatePartitionsRequest>(request));
  const CreatePartitionsRequest& message = decoded.message;
  const MonotonicTime deadline = session.context.request_deadline() +
                                 std::chrono::milliseconds(std::max(message.timeout_ms, 0));
  const ResolvedTopics topics = co_await session.resolve(
      Operation::kAlter,
      refs_by_name(message.topics, &CreatePartitionsRequest::CreatePartitionsTopic::name),
      ErrorCode::kNetworkException, deadline);
  std::vector<CreatePartitionsRequest::CreatePartitionsTopic> passed;
  std::vector<CreatePartitionsResponse::CreatePartitionsTopicResult> results;
  for (size_t i = 0; i < message.topics.size(); ++i) {
    const bool is_refused = topics.topics[i].error == ErrorCode::kTopicAuthorizationFailed;
    if (topics.topics[i].remapper == nullptr && !is_refused) {
      passed.push_back(message.topics[i]);
      continue;
    }
    auto& refused = results.emplace_back();
    refused.name = message.topics[i].name;
    if (is_refused) {
      refused.error_code = proto::to_number(ErrorCode::kTopicAuthorizationFailed);
      refused.error_message = proto::error_text(ErrorCode::kTopicAuthorizationFailed);
      continue;
    }
    refused.error_code = proto::to_number(ErrorCode::kInvalidPartitions);
    refused.error_message = "the topic is mapped: its number of partitions is fixed";
  }
  Result<rpc::Decoded<CreatePartitionsResponse>> answer(Errc::kNotFound);
  if (!passed.empty()) {
    CreatePartitionsRequest upstream = message;
    upstream.topics = passed;
    Result<Upstream::Connection> connected = co_await admin_connection(session, deadline);
    if (!connected) co_return connected.error();
    answer = co_await (*connected)->call(upstream, request.version, deadline);
    if (!answer) co_return answer.error();
    session.context.cluster.expire_metadata();
    results.insert(results.end(), answer->message.results.begin(), answer->message.results.end());
  }
  for (const auto& result : results) count_error(session, request.api_key, result.error_code);
  CreatePartitionsResponse response;
  response.results = results;
  rpc::respond(request, response);
  co_return Result<void>{};
}

}  // namespace

Handler create_partitions_handler() {
  return {.key = proto::ApiKey::kCreatePartitions,
          .min_version = 0,
          .max_version = 3,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
