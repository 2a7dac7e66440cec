// CreateTopics: each topic for itself, with its configuration in the answer from v5 on.

#include <map>

#include "broker/handlers/apis.h"
#include "broker/topic_admin.h"
#include "proto/messages/create_topics_request.h"
#include "proto/messages/create_topics_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::CreateTopicsRequest;
using Response = proto::CreateTopicsResponse;
using Answer = Response::CreatableTopicResult;

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

void create(const Call<Request>& call, const Request::CreatableTopic& asked, Answer& answer) {
  const NewTopicResult result = create_topic(call.node, wanted(asked), call.message.validate_only);
  answer.error_code = proto::to_number(result.error.code);
  if (!result.error.ok()) {
    answer.error_message = call.arena.copy(result.error.message);
    return;
  }
  answer.error_message = {};
  answer.num_partitions = result.partitions;
  answer.replication_factor = 1;
  if (result.created != nullptr) answer.topic_id = result.created->id;
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
    if (known->second > 1 || topic.name == kMetadataTopic) {
      answer.error_code = proto::to_number(ErrorCode::kInvalidRequest);
      answer.error_message =
          known->second > 1 ? "Duplicate topic name." : "this internal topic cannot be created";
    } else {
      create(call, topic, answer);
    }
    times.erase(known);
  }
}

}  // namespace

constinit const HandlerInfo kCreateTopicsApi{proto::ApiKey::kCreateTopics, 2, 7,
                                             answer<Request, create_topics>};

}  // namespace odradek::broker
