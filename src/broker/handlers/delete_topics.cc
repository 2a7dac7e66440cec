// DeleteTopics: by name, from v6 on also by id.

#include <map>
#include <vector>

#include "broker/handlers/apis.h"
#include "broker/handlers/mutation_quota.h"
#include "proto/messages/delete_topics_request.h"
#include "proto/messages/delete_topics_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::DeleteTopicsRequest;
using Response = proto::DeleteTopicsResponse;
using Answer = Response::DeletableTopicResult;

constexpr int16_t kByIdFrom = 6;
constexpr int16_t kStrictQuotaFrom = 5;
constexpr int16_t kNamesDisabledFrom = 3;

void refuse(ErrorCode error, std::string_view message, Answer& answer) {
  answer.error_code = proto::to_number(error);
  answer.error_message = message;
}

bool may_delete(const Call<Request>& call, std::string_view topic) {
  return may_cluster(call, AclOperation::kDelete) || may_topic(call, AclOperation::kDelete, topic);
}

void remove(const Call<Request>& call, Response& response, Answer& answer) {
  const bool by_id = is_null(answer.name);
  Topics& topics = call.node.topics();
  if (by_id && answer.topic_id.is_zero()) {
    return refuse(ErrorCode::kInvalidRequest, "Neither topic name nor id were specified.", answer);
  }
  if (!by_id && !answer.topic_id.is_zero()) {
    return refuse(ErrorCode::kInvalidRequest, "You may not specify both topic name and topic id.",
                  answer);
  }
  if (!call.node.settings().get_bool("delete.topic.enable")) {
    return refuse(call.version() < kNamesDisabledFrom ? ErrorCode::kInvalidRequest
                                                      : ErrorCode::kTopicDeletionDisabled,
                  "topics may not be deleted on this broker", answer);
  }
  Topic* topic = by_id ? topics.find(answer.topic_id) : topics.find(answer.name);
  const std::string name(topic != nullptr ? std::string_view(topic->name) : answer.name);
  if ((topic != nullptr || !by_id) && !may_delete(call, name)) {
    // Whether it exists is told only to those who may describe it.
    if (by_id && may_topic(call, AclOperation::kDescribe, name))
      answer.name = call.arena.copy(name);
    if (by_id || topic != nullptr || !may_topic(call, AclOperation::kDescribe, name)) {
      return refuse(ErrorCode::kTopicAuthorizationFailed, "Topic authorization failed.", answer);
    }
  }
  if (topic == nullptr) {
    return refuse(by_id ? ErrorCode::kUnknownTopicId : ErrorCode::kUnknownTopicOrPartition,
                  "there is no such topic", answer);
  }
  answer.name = call.arena.copy(topic->name);
  answer.topic_id = topic->id;
  const ApiError quota = count_mutation(call, topic->partitions.size(), kStrictQuotaFrom, response);
  if (!quota.ok()) return refuse(quota.code, call.arena.copy(quota.message), answer);
  const ApiError error = call.node.delete_topic(*topic);
  if (!error.ok()) refuse(error.code, call.arena.copy(error.message), answer);
}

void delete_topics(const Call<Request>& call, Response& response) {
  std::vector<Request::DeleteTopicState> asked;
  if (call.version() < kByIdFrom) {
    for (const std::string_view name : call.message.topic_names) asked.push_back({name, {}, {}});
  } else {
    asked.assign(call.message.topics.begin(), call.message.topics.end());
  }
  std::map<std::pair<std::string_view, Uuid>, size_t> times;
  for (const auto& topic : asked) ++times[{topic.name, topic.topic_id}];
  response.responses = call.arena.array<Answer>(times.size());
  size_t next = 0;
  for (const auto& topic : asked) {
    const auto known = times.find({topic.name, topic.topic_id});
    if (known == times.end()) continue;
    Answer& answer = response.responses[next++];
    answer.name = topic.name;
    answer.topic_id = topic.topic_id;
    if (known->second > 1) {
      refuse(ErrorCode::kInvalidRequest, "Duplicate topic name.", answer);
    } else {
      remove(call, response, answer);
    }
    times.erase(known);
  }
}

void handle(Node& node, rpc::Request request) {
  answer<Request, delete_topics>(node, std::move(request));
  node.fetches().complete_ready();
}

}  // namespace

constinit const HandlerInfo kDeleteTopicsApi{proto::ApiKey::kDeleteTopics, 1, 6, handle};

}  // namespace odradek::broker
