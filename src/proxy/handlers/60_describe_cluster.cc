#include "proxy/handlers/60_describe_cluster.h"

#include "proto/messages/describe_cluster_request.h"
#include "proto/messages/describe_cluster_response.h"
#include "proxy/metadata_view.h"

namespace odradek::proxy {
namespace {

using proto::DescribeClusterRequest;
using proto::DescribeClusterResponse;

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<DescribeClusterRequest>(request));
  const MonotonicTime deadline = session.context.request_deadline();
  Result<cluster::Cluster::Connection> connected =
      co_await session.context.cluster.any_connection(deadline);
  if (!connected) co_return connected.error();
  auto answer = co_await (*connected)->call(decoded.message, request.version, deadline);
  if (!answer) co_return answer.error();
  DescribeClusterResponse& response = answer->message;
  Arena arena;
  if (response.error_code == 0) {
    using Broker = DescribeClusterResponse::DescribeClusterBroker;
    const Topology& topology = session.context.topology;
    response.controller_id = shown_controller(response.controller_id, topology);
    response.brokers = shown_brokers(response.brokers, &Broker::broker_id, topology, arena);
  } else {
    response.brokers = {};
  }
  count_error(session, request.api_key, response.error_code);
  rpc::respond(request, response);
  co_return Result<void>{};
}

}  // namespace

Handler describe_cluster_handler() {
  return {.key = proto::ApiKey::kDescribeCluster,
          .min_version = 0,
          .max_version = 2,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
