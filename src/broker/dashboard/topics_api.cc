// Topics: seen from the node, changed through the handlers of the Kafka APIs.

#include "broker/dashboard/operations.h"
#include "broker/dashboard/topic_json.h"
#include "proto/messages/create_partitions_request.h"
#include "proto/messages/create_partitions_response.h"
#include "proto/messages/create_topics_request.h"
#include "proto/messages/create_topics_response.h"
#include "proto/messages/delete_records_request.h"
#include "proto/messages/delete_records_response.h"
#include "proto/messages/delete_topics_request.h"
#include "proto/messages/delete_topics_response.h"

namespace odradek::broker::dashboard {
namespace {

constexpr int32_t kTimeoutMs = 30'000;
constexpr NumberRange kPartitionNumbers{0, INT32_MAX};

using NewConfig = proto::CreateTopicsRequest::CreatableTopicConfig;

// Views of the members of `configs`, which must outlive them.
Result<std::vector<NewConfig>> new_configs(const Json* configs) {
  std::vector<NewConfig> list;
  if (configs == nullptr) return list;
  for (const auto& [name, value] : configs->items()) {
    if (!value.is_string()) {
      return Error(Errc::kInvalidArgument, "the values of \"configs\" must be texts");
    }
    NewConfig& each = list.emplace_back();
    each.name = name;
    each.value = value.get_ref<const std::string&>();
  }
  return list;
}

// Which records to delete: those before an offset, or all of every partition.
Result<std::vector<proto::DeleteRecordsRequest::DeleteRecordsPartition>> asked_truncation(
    const Topic& topic, const Json& body) {
  std::vector<proto::DeleteRecordsRequest::DeleteRecordsPartition> asked;
  ODK_TRY(const Json* partitions, array_member(body, "partitions"));
  if (partitions == nullptr) {
    for (const auto& partition : topic.partitions) {
      auto& each = asked.emplace_back();
      each.partition_index = partition->index;
      each.offset = -1;
    }
    return asked;
  }
  for (const Json& item : *partitions) {
    auto& each = asked.emplace_back();
    ODK_TRY(const int64_t number, number_member(item, "partition", kPartitionNumbers));
    ODK_TRY(each.offset, number_member(item, "before_offset", {-1, INT64_MAX}));
    each.partition_index = static_cast<int32_t>(number);
  }
  return asked;
}

}  // namespace

io::Task<Result<Json>> list_topics(ApiContext& context, ApiCall /*call*/) {
  Json topics = Json::array();
  for (const auto& [name, topic] : context.node.topics().all()) {
    topics.push_back(topic_summary_json(context.node, *topic));
  }
  co_return Json{{"topics", std::move(topics)}};
}

io::Task<Result<Json>> get_topic(ApiContext& context, ApiCall call) {
  ODK_CO_TRY(const Topic* topic, find_topic(context.node, call.name(0)));
  Json json = topic_summary_json(context.node, *topic);
  json["overrides"] = topic->overrides;
  Json partitions = Json::array();
  for (const auto& partition : topic->partitions) partitions.push_back(partition_json(*partition));
  json["partition_list"] = std::move(partitions);
  co_return json;
}

io::Task<Result<Json>> create_topic(ApiContext& context, ApiCall call) {
  ODK_CO_TRY(const std::string name, text_member(call.body, "name"));
  ODK_CO_TRY(const int64_t partitions, number_member(call.body, "partitions", {-1, INT32_MAX}, -1));
  ODK_CO_TRY(const Json* config_members, object_member(call.body, "configs"));
  ODK_CO_TRY(const bool only_check, flag_member(call.body, "validate_only", false));
  ODK_CO_TRY(std::vector<NewConfig> configs, new_configs(config_members));
  proto::CreateTopicsRequest::CreatableTopic topic;
  topic.name = name;
  topic.num_partitions = static_cast<int32_t>(partitions);
  topic.replication_factor = -1;
  topic.assignments = proto::empty_array<proto::CreateTopicsRequest::CreatableReplicaAssignment>();
  topic.configs = proto::array_of(configs);
  proto::CreateTopicsRequest request;
  request.topics = {&topic, 1};
  request.timeout_ms = kTimeoutMs;
  request.validate_only = only_check;
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  const auto& result = answer.message.topics[0];
  ODK_CO_TRY_VOID(check_answer(result.error_code, result.error_message, ""));
  co_return Json{{"name", name}, {"partitions", result.num_partitions}};
}

io::Task<Result<Json>> delete_topic(ApiContext& context, ApiCall call) {
  proto::DeleteTopicsRequest::DeleteTopicState topic;
  topic.name = call.name(0);
  proto::DeleteTopicsRequest request;
  request.topics = {&topic, 1};
  request.topic_names = proto::empty_array<std::string_view>();
  request.timeout_ms = kTimeoutMs;
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  const auto& result = answer.message.responses[0];
  ODK_CO_TRY_VOID(check_answer(result.error_code, result.error_message, ""));
  co_return Json::object();
}

io::Task<Result<Json>> add_partitions(ApiContext& context, ApiCall call) {
  ODK_CO_TRY(const int64_t total, number_member(call.body, "total", {1, INT32_MAX}));
  proto::CreatePartitionsRequest::CreatePartitionsTopic topic;
  topic.name = call.name(0);
  topic.count = static_cast<int32_t>(total);
  topic.assignments = {};  // the broker chooses
  proto::CreatePartitionsRequest request;
  request.topics = {&topic, 1};
  request.timeout_ms = kTimeoutMs;
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  const auto& result = answer.message.results[0];
  ODK_CO_TRY_VOID(check_answer(result.error_code, result.error_message, ""));
  co_return Json{{"partitions", total}};
}

io::Task<Result<Json>> delete_records(ApiContext& context, ApiCall call) {
  ODK_CO_TRY(const Topic* found, find_topic(context.node, call.name(0)));
  ODK_CO_TRY(auto partitions, asked_truncation(*found, call.body));
  proto::DeleteRecordsRequest::DeleteRecordsTopic topic;
  topic.name = call.name(0);
  topic.partitions = proto::array_of(partitions);
  proto::DeleteRecordsRequest request;
  request.topics = {&topic, 1};
  request.timeout_ms = kTimeoutMs;
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  Json results = Json::array();
  for (const auto& result : answer.message.topics[0].partitions) {
    Json each{{"partition", result.partition_index}, {"start_offset", result.low_watermark}};
    const auto code = static_cast<proto::ErrorCode>(result.error_code);
    if (code != proto::ErrorCode::kNone) {
      // One partition alone is the whole answer.
      if (answer.message.topics[0].partitions.size() == 1) {
        co_return check_answer(result.error_code, "", call.name(0)).error();
      }
      each["error"] = {{"code", proto::error_name(code)}, {"message", proto::error_text(code)}};
    }
    results.push_back(std::move(each));
  }
  co_return Json{{"partitions", std::move(results)}};
}

}  // namespace odradek::broker::dashboard
