// ListPartitionReassignments: on a single node none is ever going on. Source: KIP-455.

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/list_partition_reassignments_request.h"
#include "proto/messages/list_partition_reassignments_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::ListPartitionReassignmentsRequest;
using Response = proto::ListPartitionReassignmentsResponse;

void list_partition_reassignments(const Call<Request>& call, Response& response) {
  response.error_message = {};
  response.topics = proto::empty_array<Response::OngoingTopicReassignment>();
  if (may_cluster(call, AclOperation::kDescribe)) return;
  response.error_code = proto::to_number(ErrorCode::kClusterAuthorizationFailed);
  response.error_message = kNotForYou;
}

}  // namespace

constinit const HandlerInfo kListPartitionReassignmentsApi{
    proto::ApiKey::kListPartitionReassignments, 0, 0,
    answer<Request, list_partition_reassignments>};

}  // namespace odradek::broker
