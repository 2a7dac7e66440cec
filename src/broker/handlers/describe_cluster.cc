// DescribeCluster: this node. Source: KIP-700, KIP-919.

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/describe_cluster_request.h"
#include "proto/messages/describe_cluster_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::DescribeClusterRequest;
using Response = proto::DescribeClusterResponse;

constexpr int8_t kBrokers = 1;
constexpr int8_t kControllers = 2;

void describe_cluster(const Call<Request>& call, Response& response) {
  response.endpoint_type = call.message.endpoint_type;
  response.cluster_id = "";
  response.brokers = proto::empty_array<Response::DescribeClusterBroker>();
  if (call.message.endpoint_type != kBrokers) {
    response.endpoint_type = kBrokers;
    const bool controllers = call.message.endpoint_type == kControllers;
    response.error_code = proto::to_number(controllers ? ErrorCode::kMismatchedEndpointType
                                                       : ErrorCode::kUnsupportedEndpointType);
    response.error_message = "this is an endpoint of brokers";
    return;
  }
  const io::HostPort address = call.node.addresses().for_client(*call.request.connection);
  response.cluster_id = call.node.cluster_id();
  response.controller_id = call.node.id();
  response.brokers = call.arena.array<Response::DescribeClusterBroker>(1);
  response.brokers[0].broker_id = call.node.id();
  response.brokers[0].host = call.arena.copy(address.host);
  response.brokers[0].port = address.port;
  if (call.message.include_cluster_authorized_operations) {
    response.cluster_authorized_operations =
        may_cluster(call, AclOperation::kDescribe)
            ? operations_of(call, ResourceType::kCluster, kClusterName)
            : 0;
  }
}

}  // namespace

constinit const HandlerInfo kDescribeClusterApi{proto::ApiKey::kDescribeCluster, 0, 2,
                                                answer<Request, describe_cluster>};

}  // namespace odradek::broker
