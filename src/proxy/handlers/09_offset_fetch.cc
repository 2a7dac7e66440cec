#include "proxy/handlers/09_offset_fetch.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "proto/messages/offset_fetch_request.h"
#include "proto/messages/offset_fetch_response.h"
#include "proxy/handlers/coordinator.h"
#include "proxy/offset_merge.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;
using proto::OffsetFetchRequest;
using proto::OffsetFetchResponse;

constexpr int16_t kFirstGrouped = 8;  // a list of groups instead of one; what brokers are asked in
constexpr int16_t kVersionMax = 9;

// The request in one form, whatever its version.
std::span<OffsetMerge::Group> groups_of(const OffsetFetchRequest& request, int16_t version,
                                        Arena& arena) {
  if (version >= kFirstGrouped) return request.groups;
  const auto group = arena.array<OffsetMerge::Group>(1);
  group[0].group_id = request.group_id;
  group[0].topics = {};
  if (request.topics.data() == nullptr) return group;
  const auto topics = arena.array<OffsetMerge::Topics>(request.topics.size());
  for (size_t i = 0; i < topics.size(); ++i) {
    topics[i].name = request.topics[i].name;
    topics[i].partition_indexes = request.topics[i].partition_indexes;
  }
  group[0].topics = topics;
  return group;
}

// Topics by name, resolved.
class TopicTable {
 public:
  explicit TopicTable(ResolvedTopics resolved) : resolved_(std::move(resolved)) {
    for (size_t i = 0; i < resolved_.names.size(); ++i) at_[resolved_.names[i]] = i;
  }
  // Whether it is known which topics are mapped; those that do not exist have no offsets at all.
  bool is_settled() const {
    return std::ranges::all_of(resolved_.topics, [](const ResolvedTopic& topic) {
      return topic.ok() || topic.error == ErrorCode::kUnknownTopicOrPartition ||
             topic.error == ErrorCode::kInvalidTopicException;
    });
  }
  const ResolvedTopic* find(std::string_view name) const {
    const auto found = at_.find(name);
    return found == at_.end() ? nullptr : &resolved_.topics[found->second];
  }

 private:
  ResolvedTopics resolved_;
  std::map<std::string_view, size_t> at_;
};

std::vector<TopicRef> refs_of(std::span<const OffsetMerge::Group> groups) {
  std::vector<TopicRef> refs;
  for (const auto& group : groups) {
    for (const auto& topic : group.topics) refs.push_back({std::string(topic.name), Uuid{}});
  }
  return refs;
}

bool has_moved(const OffsetFetchResponse& response) {
  return std::ranges::any_of(
      response.groups, [](const auto& group) { return is_moved_coordinator(group.error_code); });
}

struct Fetching {
  std::vector<OffsetMerge> merges;
  bool require_stable = false;
  Arena arena;
};

// Questions about some of the groups, and whom each is about.
struct Questions {
  struct About {
    size_t merge;
    GroupIndex index;
  };
  std::vector<GroupQuestion<OffsetFetchRequest>> all;
  std::vector<About> about;
  Arena arena;
};

// One question for the group and each of its shadows.
void add_questions(Session& session, const OffsetMerge::Group& asked, size_t merge,
                   const Fetching& fetching, const OffsetMerge::FindTopic& find,
                   Questions& questions) {
  const OffsetMerge& offsets = fetching.merges[merge];
  for (const GroupIndex index : offsets.indexes(find)) {
    auto& question = questions.all.emplace_back();
    question.group = session.context.shadows.name(asked.group_id, index);
    const auto group = questions.arena.array<OffsetMerge::Group>(1);
    group[0].group_id = questions.arena.copy(question.group);
    group[0].topics = offsets.topics_for(index, find, questions.arena);
    if (index == GroupIndex(0)) {
      group[0].member_id = asked.member_id;
      group[0].member_epoch = asked.member_epoch;
    }
    question.request.groups = group;
    question.request.require_stable = fetching.require_stable;
    questions.about.push_back({merge, index});
  }
}

io::Task<Result<void>> ask_some(Session& session, const Questions& questions, Fetching& fetching,
                                MonotonicTime deadline) {
  const auto answers =
      co_await ask_coordinators(session, questions.all, kVersionMax, has_moved, deadline);
  if (session.is_closed) co_return Errc::kClosed;
  for (size_t i = 0; i < answers.size(); ++i) {
    OffsetMerge& merge = fetching.merges[questions.about[i].merge];
    if (answers[i] && !answers[i]->message.groups.empty()) {
      merge.take(questions.about[i].index, answers[i]->message.groups[0], fetching.arena);
    } else {
      merge.fail(proto::to_number(ErrorCode::kCoordinatorNotAvailable));
    }
  }
  co_return Result<void>{};
}

// Some groups after the others: each may have very many shadows.
io::Task<Result<void>> ask_all(Session& session, std::span<const OffsetMerge::Group> groups,
                               const TopicTable& table, Fetching& fetching,
                               MonotonicTime deadline) {
  const auto find = [&table](std::string_view name) { return table.find(name); };
  auto questions = std::make_unique<Questions>();
  for (size_t m = 0; m < groups.size(); ++m) {
    const ErrorCode refusal = session.group_refusal(Operation::kDescribe, groups[m].group_id);
    if (refusal == ErrorCode{}) {
      add_questions(session, groups[m], m, fetching, find, *questions);
    } else {
      fetching.merges[m].fail(proto::to_number(refusal));
    }
    if (questions->all.size() < kAskedAtOnce && m + 1 < groups.size()) continue;
    const Result<void> asked = co_await ask_some(session, *questions, fetching, deadline);
    if (!asked) co_return asked.error();
    questions = std::make_unique<Questions>();
  }
  co_return Result<void>{};
}

// Groups whose topics the client did not name: they are known only now.
std::vector<TopicRef> unnamed_topics(const Fetching& fetching) {
  std::vector<TopicRef> refs;
  for (const OffsetMerge& merge : fetching.merges) {
    if (!merge.wants_all()) continue;
    for (std::string& name : merge.answered_topics()) refs.push_back({std::move(name), Uuid{}});
  }
  return refs;
}

// Versions before 8 have one group without a name around it.
void flatten(OffsetFetchResponse& response, Arena& arena) {
  const auto group = response.groups[0];
  response.groups = {};
  response.error_code = group.error_code;
  const auto topics =
      arena.array<OffsetFetchResponse::OffsetFetchResponseTopic>(group.topics.size());
  for (size_t t = 0; t < topics.size(); ++t) {
    const auto& from = group.topics[t].partitions;
    const auto partitions =
        arena.array<OffsetFetchResponse::OffsetFetchResponsePartition>(from.size());
    for (size_t i = 0; i < from.size(); ++i) {
      partitions[i].partition_index = from[i].partition_index;
      partitions[i].committed_offset = from[i].committed_offset;
      partitions[i].committed_leader_epoch = from[i].committed_leader_epoch;
      partitions[i].metadata = from[i].metadata;
      partitions[i].error_code = from[i].error_code;
    }
    topics[t].name = group.topics[t].name;
    topics[t].partitions = partitions;
  }
  response.topics = topics;
}

// Version 1 has no error for the whole group: each partition asked carries it.
void spread_error(OffsetFetchResponse& response, const OffsetMerge::Group& asked, Arena& arena) {
  if (response.error_code == 0) return;
  const auto topics =
      arena.array<OffsetFetchResponse::OffsetFetchResponseTopic>(asked.topics.size());
  for (size_t t = 0; t < topics.size(); ++t) {
    const auto& indexes = asked.topics[t].partition_indexes;
    const auto partitions =
        arena.array<OffsetFetchResponse::OffsetFetchResponsePartition>(indexes.size());
    for (size_t i = 0; i < indexes.size(); ++i) {
      partitions[i].partition_index = indexes[i];
      partitions[i].committed_offset = -1;
      partitions[i].error_code = response.error_code;
    }
    topics[t].name = asked.topics[t].name;
    topics[t].partitions = partitions;
  }
  response.topics = topics;
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<OffsetFetchRequest>(request));
  const MonotonicTime deadline = session.context.request_deadline();
  Fetching fetching;
  fetching.require_stable = decoded->require_stable;
  const auto groups = groups_of(decoded.message, request.version, fetching.arena);
  const int32_t groups_max = session.context.registry().groups_max();
  for (const auto& group : groups) fetching.merges.emplace_back(group, groups_max);

  TopicTable table(co_await session.resolve(Operation::kDescribe, refs_of(groups),
                                            ErrorCode::kCoordinatorNotAvailable, deadline));
  const Result<void> asked = co_await ask_all(session, groups, table, fetching, deadline);
  if (!asked) co_return asked.error();
  const TopicTable unnamed(co_await session.resolve(Operation::kDescribe, unnamed_topics(fetching),
                                                    ErrorCode::kCoordinatorNotAvailable, deadline));

  const auto answers = fetching.arena.array<OffsetMerge::Answer>(groups.size());
  for (size_t m = 0; m < answers.size(); ++m) {
    const TopicTable& names = fetching.merges[m].wants_all() ? unnamed : table;
    const auto find = [&names](std::string_view name) { return names.find(name); };
    if (!names.is_settled()) {
      fetching.merges[m].fail(proto::to_number(ErrorCode::kCoordinatorNotAvailable));
    }
    answers[m] = fetching.merges[m].merged(find, fetching.arena);
    count_error(session, request.api_key, answers[m].error_code);
  }
  OffsetFetchResponse response;
  response.groups = answers;
  if (request.version < kFirstGrouped) {
    flatten(response, fetching.arena);
    if (request.version < 2) spread_error(response, groups[0], fetching.arena);
  }
  rpc::respond(request, response);
  co_return Result<void>{};
}

}  // namespace

Handler offset_fetch_handler() {
  return {.key = proto::ApiKey::kOffsetFetch,
          .min_version = 1,
          .max_version = kVersionMax,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
