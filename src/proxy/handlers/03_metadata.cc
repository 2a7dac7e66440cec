#include "proxy/handlers/03_metadata.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/log.h"
#include "proto/messages/create_topics_request.h"
#include "proto/messages/create_topics_response.h"
#include "proxy/handlers/admin.h"
#include "proxy/metadata_view.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;
using proto::MetadataRequest;
using proto::MetadataResponse;
using Topic = MetadataResponse::MetadataResponseTopic;

// Before version 4 there is no flag, and topics are always created.
bool allows_creation(const MetadataRequest& request, int16_t version) {
  return version < 4 || request.allow_auto_topic_creation;
}

// Topics the answer says do not exist and the client may create, by name.
std::vector<std::string_view> missing_topics(const Session& session,
                                             const MetadataResponse& response) {
  std::vector<std::string_view> missing;
  for (const Topic& topic : response.topics) {
    const bool is_missing =
        proto::error_code(topic.error_code) == ErrorCode::kUnknownTopicOrPartition;
    if (!is_missing || topic.name.empty()) continue;
    if (session.may_topic(Operation::kCreate, topic.name)) missing.push_back(topic.name);
  }
  return missing;
}

// Creates mapped topics with their P partitions; the rest is left to the broker's defaults. Gives
// the names of those that exist now.
io::Task<std::set<std::string_view>> create_topics(Session& session,
                                                   std::vector<std::string_view> names,
                                                   MonotonicTime deadline) {
  using proto::CreateTopicsRequest;
  const std::set<std::string_view> asked(names.begin(), names.end());
  std::vector<CreateTopicsRequest::CreatableTopic> topics;
  for (const std::string_view name : asked) {
    auto& topic = topics.emplace_back();
    topic.name = name;
    topic.num_partitions = session.context.registry().match(name)->remapper->physical_partitions();
    topic.replication_factor = -1;
  }
  CreateTopicsRequest request;
  request.topics = topics;
  request.timeout_ms = 10'000;
  std::set<std::string_view> made;
  Result<Upstream::Connection> connected = co_await admin_connection(session, deadline);
  if (!connected) co_return made;
  auto created = co_await session.context.cluster.call(*connected, request, deadline);
  if (!created) co_return made;
  for (const auto& topic : created->message.topics) {
    const ErrorCode code = proto::error_code(topic.error_code);
    const auto name = asked.find(topic.name);
    const bool exists = code == ErrorCode{} || code == ErrorCode::kTopicAlreadyExists;
    if (exists && name != asked.end()) made.insert(*name);
    if (code == ErrorCode{}) ODK_LOG(info, "mapped topic created", kv("topic", topic.name));
    if (exists) continue;
    ODK_LOG(warn, "mapped topic not created", kv("topic", topic.name),
            kv("error", proto::error_name(code)));
  }
  co_return made;
}

io::Task<Result<rpc::Decoded<MetadataResponse>>> ask_about(Session& session,
                                                           std::vector<std::string_view> names,
                                                           bool may_create,
                                                           MonotonicTime deadline) {
  std::vector<MetadataRequest::MetadataRequestTopic> topics(names.size());
  for (size_t i = 0; i < names.size(); ++i) topics[i].name = names[i];
  MetadataRequest request;
  request.topics = proto::array_of(topics);
  request.allow_auto_topic_creation = may_create;
  co_return co_await ask_metadata(session, request, deadline);
}

// A topic just made has no leaders that every broker knows of: the client asks again soon.
void say_not_ready(Topic& topic) {
  topic.error_code = proto::to_number(ErrorCode::kLeaderNotAvailable);
  topic.partitions = {};
}

void merge(MetadataResponse& response, const MetadataResponse& again) {
  std::map<std::string_view, const Topic*> by_name;
  for (const Topic& topic : again.topics) by_name.emplace(topic.name, &topic);
  for (Topic& topic : response.topics) {
    const auto found = by_name.find(topic.name);
    if (found == by_name.end() || topic.name.empty()) continue;
    topic = *found->second;
    if (proto::error_code(topic.error_code) == ErrorCode::kUnknownTopicOrPartition) {
      say_not_ready(topic);
    }
  }
}

// Makes the missing topics that may be made. What the answer then views is in `kept`.
io::Task<void> create_missing(Session& session, MetadataResponse& response,
                              std::vector<rpc::Decoded<MetadataResponse>>& kept,
                              MonotonicTime deadline) {
  std::vector<std::string_view> mapped;
  std::vector<std::string_view> others;
  for (const std::string_view name : missing_topics(session, response)) {
    (session.context.registry().match(name) ? mapped : others).push_back(name);
  }
  if (!others.empty()) {
    auto again = co_await ask_about(session, others, true, deadline);
    if (again) kept.push_back(*std::move(again));
  }
  for (const auto& again : kept) merge(response, again.message);
  if (mapped.empty() || !session.context.options.auto_create) co_return;
  const std::set<std::string_view> made = co_await create_topics(session, mapped, deadline);
  for (Topic& topic : response.topics) {
    if (made.contains(topic.name)) say_not_ready(topic);
  }
}

bool asks_all(const MetadataRequest& request) { return request.topics.data() == nullptr; }

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<MetadataRequest>(request));
  const MonotonicTime deadline = session.context.request_deadline();
  MetadataRequest question = decoded.message;
  question.allow_auto_topic_creation = false;
  // Version 0 has no null: an empty list means all topics.
  if (request.version == 0 && question.topics.empty()) question.topics = {};
  Result<rpc::Decoded<MetadataResponse>> answer =
      co_await ask_metadata(session, question, deadline);
  if (!answer) co_return answer.error();
  std::vector<rpc::Decoded<MetadataResponse>> kept;
  if (allows_creation(decoded.message, request.version)) {
    co_await create_missing(session, answer->message, kept, deadline);
  }
  hide_topics(session, answer->message, asks_all(question));
  Arena arena;
  session.context.stats.topic_mapping_mismatch += static_cast<uint64_t>(show_virtual_cluster(
      answer->message, session.context.registry(), session.context.topology, arena));
  for (const Topic& topic : answer->message.topics) {
    count_error(session, proto::ApiKey::kMetadata, topic.error_code);
  }
  rpc::respond(request, answer->message);
  co_return Result<void>{};
}

}  // namespace

void hide_topics(const Session& session, MetadataResponse& response, bool asked_all) {
  const auto is_hidden = [&](const Topic& topic) {
    return !topic.name.empty() && !session.may_topic(Operation::kDescribe, topic.name);
  };
  if (asked_all) {
    const auto hidden = std::ranges::remove_if(response.topics, is_hidden);
    response.topics = response.topics.first(response.topics.size() - hidden.size());
    return;
  }
  for (Topic& topic : response.topics) {
    if (!is_hidden(topic)) continue;
    Topic refused;
    refused.name = topic.name;
    refused.error_code = proto::to_number(ErrorCode::kTopicAuthorizationFailed);
    topic = refused;
  }
}

io::Task<Result<rpc::Decoded<MetadataResponse>>> ask_metadata(Session& session,
                                                              const MetadataRequest& request,
                                                              MonotonicTime deadline) {
  Result<cluster::Cluster::Connection> connected =
      co_await session.context.cluster.any_connection(deadline);
  if (!connected) co_return connected.error().with_context("metadata");
  auto answer = co_await session.context.cluster.call(*connected, request, deadline);
  if (!answer) co_return answer.error().with_context("metadata");
  for (const Topic& topic : answer->message.topics) {
    if (topic.error_code == 0) session.context.topics.learn(topic.topic_id, topic.name);
  }
  co_return answer;
}

Handler metadata_handler() {
  return {.key = proto::ApiKey::kMetadata,
          .min_version = 0,
          .max_version = 13,
          .needs_broker = false,
          .run = run};
}

}  // namespace odradek::proxy
