#include "proxy/handlers/19_create_topics.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "proto/messages/create_topics_request.h"
#include "proto/messages/create_topics_response.h"
#include "proxy/handlers/admin.h"
#include "proxy/remap/topic_creation.h"

namespace odradek::proxy {
namespace {

using proto::CreateTopicsRequest;
using proto::CreateTopicsResponse;
using proto::ErrorCode;
using Created = CreateTopicsResponse::CreatableTopicResult;
using Outcome = TopicCreation::Outcome;

// A request sorted into what goes to the broker and what is refused here.
struct Creation {
  std::vector<CreateTopicsRequest::CreatableTopic> upstream;
  std::map<std::string_view, const PartitionRemapper*> mapped;
  std::vector<Created> refused;
  std::deque<std::string> messages;
};

void refuse(Creation& creation, const CreateTopicsRequest::CreatableTopic& topic, ErrorCode code,
            std::string message) {
  Created& refused = creation.refused.emplace_back();
  refused.name = topic.name;
  refused.error_code = proto::to_number(code);
  refused.error_message = creation.messages.emplace_back(std::move(message));
}

void sort_in(Creation& creation, const CreateTopicsRequest::CreatableTopic& topic,
             const MappingRegistry& registry) {
  const TopicCreation decision =
      decide_creation(registry, topic.name, topic.num_partitions, topic.assignments.size());
  switch (decision.outcome) {
    case Outcome::kAsAsked: creation.upstream.push_back(topic); return;
    case Outcome::kMapped:
      creation.upstream.push_back(topic);
      creation.upstream.back().num_partitions = decision.remapper->physical_partitions();
      creation.mapped[topic.name] = decision.remapper;
      return;
    case Outcome::kWrongCount:
      return refuse(creation, topic, ErrorCode::kInvalidPartitions,
                    fmt::format("the topic is mapped: the number of partitions must be {} (or -1)",
                                decision.remapper->virtual_partitions()));
    case Outcome::kOwnAssignment:
      return refuse(creation, topic, ErrorCode::kInvalidReplicaAssignment,
                    "the topic is mapped: replicas cannot be assigned to virtual partitions");
  }
}

void show_virtual(Created& created, const Creation& creation) {
  const auto mapped = creation.mapped.find(created.name);
  if (mapped == creation.mapped.end() || created.num_partitions < 0) return;
  created.num_partitions = mapped->second->virtual_partitions();
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<CreateTopicsRequest>(request));
  const MonotonicTime deadline = session.context.request_deadline() +
                                 std::chrono::milliseconds(std::max(decoded->timeout_ms, 0));
  Creation creation;
  for (const auto& topic : decoded->topics) {
    if (session.may_topic(Operation::kCreate, topic.name)) {
      sort_in(creation, topic, session.context.registry());
    } else {
      refuse(creation, topic, ErrorCode::kTopicAuthorizationFailed,
             std::string(proto::error_text(ErrorCode::kTopicAuthorizationFailed)));
    }
  }

  Result<rpc::Decoded<CreateTopicsResponse>> answer(Errc::kNotFound);
  CreateTopicsResponse response;
  std::vector<Created> results = creation.refused;
  if (!creation.upstream.empty()) {
    CreateTopicsRequest upstream = decoded.message;
    upstream.topics = creation.upstream;
    Result<Upstream::Connection> connected = co_await admin_connection(session, deadline);
    if (!connected) co_return connected.error();
    answer = co_await (*connected)->call(upstream, request.version, deadline);
    if (!answer) co_return answer.error();
    session.context.cluster.expire_metadata();
    response = answer->message;
    for (const Created& created : answer->message.topics) {
      results.push_back(created);
      show_virtual(results.back(), creation);
    }
  }
  for (const Created& created : results) {
    count_error(session, request.api_key, created.error_code);
  }
  response.topics = results;
  rpc::respond(request, response);
  co_return Result<void>{};
}

}  // namespace

Handler create_topics_handler() {
  return {.key = proto::ApiKey::kCreateTopics,
          .min_version = 2,
          .max_version = 7,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
