// CreateTopics: each topic for itself, with its configuration in the answer from v5 on.

#include <map>

#include "broker/handlers/apis.h"
#include "broker/handlers/mutation_quota.h"
#include "broker/topic_admin.h"
#include "proto/messages/create_topics_request.h"
#include "proto/messages/create_topics_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::CreateTopicsRequest;
using Response = proto::CreateTopicsResponse;
using Answer = Response::CreatableTopicResult;

constexpr int16_t kStrictQuotaFrom = 6;
constexpr std::string_view kMetadataTopic = "__cluster_metadata";

NewTopic wanted(const Request::CreatableTopic& asked) {
  NewTopic topic;
  topic.name = asked.name;
  topic.partitions = asked.num_partitions;
  topic.replication_factor = asked.replication_factor;
  for (const auto& config : asked.configs) topic.configs.emplace_back(config.name, config.value);
  for (const auto& assignment : asked.assignments) {
    topic.assignments.emplace_back(
        assignment.partition_index,
        std::vector<int32_t>(assignment.broker_ids.begin(), assignment.broker_ids.end()));
  }
  return topic;
}

void tell_configs(const Call<Request>& call, const TopicOverrides& overrides, Answer& answer) {
  const std::span<const ConfigDef> defs = topic_config_defs();
  answer.configs = call.arena.array<Response::CreatableTopicConfigs>(defs.size());
  for (size_t i = 0; i < defs.size(); ++i) {
    const ConfigValue value = call.node.settings().topic_get(defs[i], overrides);
    answer.configs[i].name = defs[i].name;
    answer.configs[i].value = value.value ? call.arena.copy(*value.value) : std::string_view();
    answer.configs[i].config_source = static_cast<int8_t>(value.source);
  }
}

// Checks, counts the partitions against the client's quota, and creates.
NewTopicResult make_topic(const Call<Request>& call, const Request::CreatableTopic& asked,
                          Response& response) {
  const NewTopic topic = wanted(asked);
  NewTopicResult checked = create_topic(call.node, topic, true);
  if (!checked.error.ok() || call.message.validate_only) return checked;
  checked.error =
      count_mutation(call, static_cast<size_t>(checked.partitions), kStrictQuotaFrom, response);
  return checked.error.ok() ? create_topic(call.node, topic, false) : std::move(checked);
}

void create(const Call<Request>& call, const Request::CreatableTopic& asked, Response& response,
            Answer& answer) {
  const NewTopicResult result = make_topic(call, asked, response);
  answer.error_code = proto::to_number(result.error.code);
  if (!result.error.ok()) {
    answer.error_message = call.arena.copy(result.error.message);
    return;
  }
  answer.error_message = {};
  // A topic that is only tried gets an id, too, which is then nobody's.
  answer.topic_id = result.created != nullptr ? result.created->id : Uuid::random();
  if (!may_topic(call, AclOperation::kDescribeConfigs, asked.name)) {
    answer.topic_config_error_code = proto::to_number(ErrorCode::kTopicAuthorizationFailed);
    answer.configs = proto::empty_array<Response::CreatableTopicConfigs>();
    return;
  }
  answer.num_partitions = result.partitions;
  answer.replication_factor = 1;
  tell_configs(call, result.overrides, answer);
}

void create_topics(const Call<Request>& call, Response& response) {
  const auto& topics = call.message.topics;
  std::map<std::string_view, size_t> times;
  for (const auto& topic : topics) ++times[topic.name];
  response.topics = call.arena.array<Answer>(times.size());
  size_t next = 0;
  for (const auto& topic : topics) {
    const auto known = times.find(topic.name);
    if (known == times.end()) continue;
    Answer& answer = response.topics[next++];
    answer.name = topic.name;
    if (!may_cluster(call, AclOperation::kCreate) &&
        !may_topic(call, AclOperation::kCreate, topic.name)) {
      answer.error_code = proto::to_number(ErrorCode::kTopicAuthorizationFailed);
      answer.error_message = "Authorization failed.";
    } else if (known->second > 1 || topic.name == kMetadataTopic) {
      answer.error_code = proto::to_number(ErrorCode::kInvalidRequest);
      answer.error_message =
          known->second > 1 ? "Duplicate topic name." : "this internal topic cannot be created";
    } else {
      create(call, topic, response, answer);
    }
    times.erase(known);
  }
}

}  // namespace

constinit const HandlerInfo kCreateTopicsApi{proto::ApiKey::kCreateTopics, 2, 7,
                                             answer<Request, create_topics>};

}  // namespace odradek::broker
