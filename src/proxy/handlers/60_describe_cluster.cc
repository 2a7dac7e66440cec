#include "proxy/handlers/60_describe_cluster.h"

#include "proto/messages/describe_cluster_request.h"
#include "proto/messages/describe_cluster_response.h"

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
  const Topology& topology = session.context.topology;
  response.brokers = {};
  if (response.error_code == 0) {
    response.controller_id = topology.controller().id;
    response.brokers =
        arena.array<DescribeClusterResponse::DescribeClusterBroker>(topology.nodes().size());
    for (size_t i = 0; i < response.brokers.size(); ++i) {
      response.brokers[i].broker_id = topology.nodes()[i].id;
      response.brokers[i].host = topology.nodes()[i].address.host;
      response.brokers[i].port = topology.nodes()[i].address.port;
    }
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
