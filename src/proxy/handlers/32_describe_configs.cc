#include "proxy/handlers/32_describe_configs.h"

#include <vector>

#include "proto/messages/describe_configs_request.h"
#include "proto/messages/describe_configs_response.h"
#include "proxy/handlers/handler.h"

namespace odradek::proxy {
namespace {

using proto::DescribeConfigsRequest;
using proto::DescribeConfigsResponse;
using proto::ErrorCode;

constexpr int8_t kTopicResource = 2;

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<DescribeConfigsRequest>(request));
  const MonotonicTime deadline = session.context.request_deadline();
  std::vector<DescribeConfigsRequest::DescribeConfigsResource> topics;
  std::vector<DescribeConfigsResponse::DescribeConfigsResult> results;
  for (const auto& resource : decoded->resources) {
    const bool is_topic = resource.resource_type == kTopicResource;
    if (is_topic && session.may_topic(Operation::kDescribeConfigs, resource.resource_name)) {
      topics.push_back(resource);
      continue;
    }
    auto& refused = results.emplace_back();
    if (is_topic) {
      refused.error_code = proto::to_number(ErrorCode::kTopicAuthorizationFailed);
      refused.error_message = proto::error_text(ErrorCode::kTopicAuthorizationFailed);
    } else {
      refused.error_code = proto::to_number(ErrorCode::kInvalidConfig);
      refused.error_message = "only the configuration of topics can be described through the proxy";
    }
    refused.resource_type = resource.resource_type;
    refused.resource_name = resource.resource_name;
    count_error(session, request.api_key, refused.error_code);
  }
  Result<rpc::Decoded<DescribeConfigsResponse>> answer(Errc::kNotFound);
  if (!topics.empty()) {
    DescribeConfigsRequest upstream = decoded.message;
    upstream.resources = topics;
    Result<cluster::Cluster::Connection> connected =
        co_await session.context.cluster.any_connection(deadline);
    if (!connected) co_return connected.error();
    answer = co_await (*connected)->call(upstream, request.version, deadline);
    if (!answer) co_return answer.error();
    results.insert(results.end(), answer->message.results.begin(), answer->message.results.end());
  }
  DescribeConfigsResponse response;
  response.results = results;
  rpc::respond(request, response);
  co_return Result<void>{};
}

}  // namespace

Handler describe_configs_handler() {
  return {.key = proto::ApiKey::kDescribeConfigs,
          .min_version = 1,
          .max_version = 4,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
