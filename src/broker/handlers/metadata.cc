// Metadata: brokers and topics, and topics made because somebody asked.

#include <algorithm>
#include <set>
#include <utility>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "broker/topic_admin.h"
#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::MetadataRequest;
using Response = proto::MetadataResponse;
using Answer = Response::MetadataResponseTopic;

constexpr int16_t kAskByIdFrom = 12;
constexpr int16_t kCreateIfAllowedFrom = 4;

void tell_partitions(const Call<Request>& call, const Topic& topic, Answer& answer) {
  // This node is leader and only replica of everything: one array serves all partitions.
  std::span<int32_t> here = call.arena.array<int32_t>(1);
  here[0] = call.node.id();
  answer.partitions =
      call.arena.array<Response::MetadataResponsePartition>(topic.partitions.size());
  for (size_t i = 0; i < topic.partitions.size(); ++i) {
    Response::MetadataResponsePartition& partition = answer.partitions[i];
    partition.partition_index = static_cast<int32_t>(i);
    partition.leader_id = call.node.id();
    partition.leader_epoch = topic.partitions[i]->log.leader_epoch();
    partition.replica_nodes = here;
    partition.isr_nodes = here;
    partition.offline_replicas = proto::empty_array<int32_t>();
  }
}

void tell(const Call<Request>& call, const Topic& topic, Answer& answer) {
  answer.name = topic.name;
  answer.topic_id = topic.id;
  answer.is_internal = is_internal_topic(topic.name);
  if (call.message.include_topic_authorized_operations) {
    answer.topic_authorized_operations = operations_of(call, ResourceType::kTopic, topic.name);
  }
  tell_partitions(call, topic, answer);
}

// A topic that does not exist, perhaps not yet: who creates it asks again.
ErrorCode missing(const Call<Request>& call, std::string_view name) {
  const bool invalid = !topic_name_fault(name).empty();
  if (invalid) return ErrorCode::kInvalidTopicException;
  const bool may_create =
      (call.version() < kCreateIfAllowedFrom || call.message.allow_auto_topic_creation) &&
      call.node.settings().get_bool("auto.create.topics.enable");
  if (may_create && !may_cluster(call, AclOperation::kCreate) &&
      !may_topic(call, AclOperation::kCreate, name)) {
    return ErrorCode::kTopicAuthorizationFailed;
  }
  StateLog* state = may_create ? call.node.state_log(name) : nullptr;
  if (state != nullptr) {
    state->ensure_topic();
  } else if (may_create) {
    NewTopic topic;
    topic.name = name;
    const NewTopicResult made = create_topic(call.node, topic, false);
    if (made.error.code == ErrorCode::kInvalidTopicException) return made.error.code;
  }
  return ErrorCode::kUnknownTopicOrPartition;
}

void tell_asked(const Call<Request>& call, const Request::MetadataRequestTopic& asked,
                Answer& answer) {
  // A name beside an id does not count: Java's client sends an empty one.
  const bool by_id = is_null(asked.name) || !asked.topic_id.is_zero();
  answer.name = asked.name;
  answer.topic_id = asked.topic_id;
  answer.partitions = proto::empty_array<Response::MetadataResponsePartition>();
  const Topic* topic =
      by_id ? call.node.topics().find(asked.topic_id) : call.node.topics().find(asked.name);
  const std::string_view name = topic != nullptr ? topic->name : asked.name;
  if (!is_null(name) && !may_topic(call, AclOperation::kDescribe, name)) {
    answer.error_code = proto::to_number(ErrorCode::kTopicAuthorizationFailed);
    return;
  }
  if (topic != nullptr) return tell(call, *topic, answer);
  if (by_id) answer.name = {};
  answer.error_code =
      proto::to_number(by_id ? ErrorCode::kUnknownTopicId : missing(call, asked.name));
}

void tell_all(const Call<Request>& call, Response& response) {
  const auto& topics = call.node.topics().all();
  response.topics = call.arena.array<Answer>(topics.size());
  size_t next = 0;
  for (const auto& [name, topic] : topics) {
    if (may_topic(call, AclOperation::kDescribe, name)) {
      tell(call, *topic, response.topics[next++]);
    }
  }
  response.topics = response.topics.first(next);
}

// An old version that names a topic by id, or not at all: nothing of the request is answered.
bool refuse_ids(const Call<Request>& call, Response& response) {
  const auto& asked = call.message.topics;
  const bool wrong = call.version() < kAskByIdFrom &&
                     std::ranges::any_of(
                         asked,
                         [](const Request::MetadataRequestTopic& topic) {
                           return is_null(topic.name) || !topic.topic_id.is_zero();
                         });
  if (!wrong) return false;
  response.brokers = proto::empty_array<Response::MetadataResponseBroker>();
  response.topics = call.arena.array<Answer>(asked.size());
  for (size_t i = 0; i < asked.size(); ++i) {
    Answer& answer = response.topics[i];
    answer.error_code = proto::to_number(ErrorCode::kInvalidRequest);
    answer.name = is_null(asked[i].name) ? std::string_view("") : asked[i].name;
    answer.topic_id = asked[i].topic_id;
    answer.partitions = proto::empty_array<Response::MetadataResponsePartition>();
  }
  return true;
}

void tell_each(const Call<Request>& call, Response& response) {
  const auto& asked = call.message.topics;
  response.topics = call.arena.array<Answer>(asked.size());
  std::set<std::pair<std::string_view, Uuid>> seen;
  for (const Request::MetadataRequestTopic& topic : asked) {
    const std::string_view name = topic.topic_id.is_zero() ? topic.name : std::string_view();
    if (!seen.emplace(name, topic.topic_id).second) continue;
    tell_asked(call, topic, response.topics[seen.size() - 1]);
  }
  response.topics = response.topics.first(seen.size());
}

void metadata(const Call<Request>& call, Response& response) {
  if (refuse_ids(call, response)) return;
  const io::HostPort address = call.node.addresses().for_client(*call.request.connection);
  response.brokers = call.arena.array<Response::MetadataResponseBroker>(1);
  response.brokers[0].node_id = call.node.id();
  response.brokers[0].host = call.arena.copy(address.host);
  response.brokers[0].port = address.port;
  response.cluster_id = call.node.cluster_id();
  response.controller_id = call.node.id();
  if (call.message.include_cluster_authorized_operations) {
    response.cluster_authorized_operations =
        may_cluster(call, AclOperation::kDescribe)
            ? operations_of(call, ResourceType::kCluster, kClusterName)
            : 0;
  }
  const auto& asked = call.message.topics;
  const bool all = asked.data() == nullptr || (call.version() == 0 && asked.empty());
  if (all) return tell_all(call, response);
  tell_each(call, response);
}

}  // namespace

constinit const HandlerInfo kMetadataApi{proto::ApiKey::kMetadata, 0, 13,
                                         answer<Request, metadata>};

}  // namespace odradek::broker
