#include "proxy/handlers/69_consumer_group_describe.h"

#include <algorithm>
#include <vector>

#include "proto/messages/consumer_group_describe_request.h"
#include "proto/messages/consumer_group_describe_response.h"
#include "proxy/assignment_view.h"
#include "proxy/handlers/coordinator.h"

namespace odradek::proxy {
namespace {

using proto::ConsumerGroupDescribeRequest;
using proto::ConsumerGroupDescribeResponse;
using proto::ErrorCode;
using Group = ConsumerGroupDescribeResponse::DescribedGroup;
using Assignment = ConsumerGroupDescribeResponse::Assignment;

bool has_moved(const ConsumerGroupDescribeResponse& response) {
  return std::ranges::any_of(
      response.groups, [](const auto& group) { return is_moved_coordinator(group.error_code); });
}

void set_error(Group& group, ErrorCode code) {
  group.error_code = proto::to_number(code);
  group.error_message = proto::error_text(code);
}

// The assignments of all groups, to resolve their topics together.
std::vector<Assignment*> assignments_of(std::span<Group> groups) {
  std::vector<Assignment*> all;
  for (Group& group : groups) {
    for (auto& member : group.members) {
      all.push_back(&member.assignment);
      all.push_back(&member.target_assignment);
    }
  }
  return all;
}

io::Task<void> show_virtual(Session& session, std::span<Group> groups, Arena& arena,
                            MonotonicTime deadline) {
  const std::vector<Assignment*> assignments = assignments_of(groups);
  std::vector<TopicRef> refs;
  for (const Assignment* assignment : assignments) {
    for (const auto& topic : assignment->topic_partitions) {
      refs.push_back({std::string(topic.topic_name), topic.topic_id});
    }
  }
  const ResolvedTopics resolved = co_await session.context.topics.resolve(
      std::move(refs), ErrorCode::kCoordinatorNotAvailable, deadline);
  const std::span<const ResolvedTopic> topics = resolved.topics;
  size_t at = 0;
  for (Assignment* assignment : assignments) {
    const size_t count = assignment->topic_partitions.size();
    using TopicPartitions = ConsumerGroupDescribeResponse::TopicPartitions;
    assignment->topic_partitions =
        virtual_assignment(std::span<const TopicPartitions>(assignment->topic_partitions),
                           topics.subspan(at, count), arena);
    at += count;
  }
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<ConsumerGroupDescribeRequest>(request));
  const MonotonicTime deadline = session.context.request_deadline();
  Arena arena;
  const auto groups = arena.array<Group>(decoded->group_ids.size());
  std::vector<GroupQuestion<ConsumerGroupDescribeRequest>> questions;
  std::vector<size_t> asked;
  for (size_t i = 0; i < groups.size(); ++i) {
    groups[i].group_id = decoded->group_ids[i];
    const ErrorCode refusal = session.group_refusal(Operation::kDescribe, decoded->group_ids[i]);
    if (refusal != ErrorCode{}) {
      set_error(groups[i], refusal);
      continue;
    }
    auto& question = questions.emplace_back();
    question.group = std::string(decoded->group_ids[i]);
    question.request = decoded.message;
    question.request.group_ids = decoded->group_ids.subspan(i, 1);
    asked.push_back(i);
  }
  const auto answers =
      co_await ask_coordinators(session, questions, request.version, has_moved, deadline);
  if (session.is_closed) co_return Errc::kClosed;
  for (size_t n = 0; n < answers.size(); ++n) {
    Group& group = groups[asked[n]];
    if (answers[n] && !answers[n]->message.groups.empty()) {
      group = answers[n]->message.groups[0];
    } else {
      set_error(group, ErrorCode::kCoordinatorNotAvailable);
    }
  }
  co_await show_virtual(session, groups, arena, deadline);
  for (const Group& group : groups) count_error(session, request.api_key, group.error_code);
  ConsumerGroupDescribeResponse response;
  response.groups = groups;
  rpc::respond(request, response);
  co_return Result<void>{};
}

}  // namespace

Handler consumer_group_describe_handler() {
  return {.key = proto::ApiKey::kConsumerGroupDescribe,
          .min_version = 0,
          .max_version = 1,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
