// Where a group goes on: shown before it is changed, then committed as its consumers would.

#include <fmt/format.h>

#include <algorithm>

#include "broker/dashboard/group_view.h"
#include "broker/dashboard/operations.h"
#include "broker/dashboard/topic_json.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"
#include "proto/messages/offset_commit_request.h"
#include "proto/messages/offset_commit_response.h"
#include "proto/messages/offset_delete_request.h"
#include "proto/messages/offset_delete_response.h"

namespace odradek::broker::dashboard {
namespace {

constexpr int16_t kCommitByNameUntil = 9;  // OffsetCommit v10 names topics by id

enum class Target : uint8_t { kEarliest, kLatest, kTime, kOffset, kShift };

struct Reset {
  Target target = Target::kEarliest;
  int64_t value = 0;
  bool preview = false;
};

// One partition's change. `after` is none where a time is behind the last record.
struct Change {
  std::string topic;
  int32_t partition = 0;
  std::optional<int64_t> before;
  int64_t after = 0;
  int64_t start = 0;
  int64_t end = 0;
};
using Changes = std::vector<Change>;

Result<Reset> read_reset(const Json& body) {
  Reset reset;
  ODK_TRY(const std::string to, text_member(body, "to"));
  if (to == "earliest") {
    reset.target = Target::kEarliest;
  } else if (to == "latest") {
    reset.target = Target::kLatest;
  } else if (to == "time") {
    reset.target = Target::kTime;
  } else if (to == "offset") {
    reset.target = Target::kOffset;
  } else if (to == "shift") {
    reset.target = Target::kShift;
  } else {
    return Error(Errc::kInvalidArgument, "to: earliest, latest, time, offset or shift");
  }
  if (reset.target >= Target::kTime) {
    // Positions are sums of offsets; the range keeps them from overflowing.
    constexpr int64_t kValueMax = int64_t{1} << 61U;
    const int64_t least = reset.target == Target::kShift ? -kValueMax : 0;
    ODK_TRY(reset.value, number_member(body, "value", {least, kValueMax}));
  }
  ODK_TRY(reset.preview, flag_member(body, "preview", false));
  return reset;
}

std::optional<int64_t> committed(const GroupView& group, const std::string& topic,
                                 int32_t partition) {
  const auto of_topic = group.offsets.find(topic);
  if (of_topic == group.offsets.end()) return std::nullopt;
  const auto found = of_topic->second.find(partition);
  if (found == of_topic->second.end()) return std::nullopt;
  return found->second.offset;
}

void add_change(const GroupView& group, const Topic& topic, int32_t partition, Changes& changes) {
  const log::PartitionLog& log = topic.partition(partition)->log;
  changes.push_back({topic.name, partition, committed(group, topic.name, partition), 0,
                     log.start_offset(), log.high_watermark()});
}

// One item of "topics": a topic, and which of its partitions.
Result<void> add_asked(const Node& node, const GroupView& group, const Json& item,
                       Changes& changes) {
  ODK_TRY(const std::string name, text_member(item, "topic"));
  ODK_TRY(const Topic* topic, find_topic(node, name));
  ODK_TRY(const Json* partitions, array_member(item, "partitions"));
  if (partitions == nullptr) {
    for (const auto& partition : topic->partitions) {
      add_change(group, *topic, partition->index, changes);
    }
    return {};
  }
  for (const Json& number : *partitions) {
    const bool exists = number.is_number_integer() && number.get<int64_t>() <= INT32_MAX &&
                        topic->partition(number.get<int32_t>()) != nullptr;
    if (!exists) {
      return Error(Errc::kInvalidArgument,
                   fmt::format("{} has no partition {}", name, dump(number)));
    }
    add_change(group, *topic, number.get<int32_t>(), changes);
  }
  return {};
}

// What is to change: the topics asked for, or all with committed offsets.
Result<Changes> read_changes(const Node& node, const GroupView& group, const Json& body) {
  Changes changes;
  ODK_TRY(const Json* topics, array_member(body, "topics"));
  if (topics == nullptr) {
    for (const auto& [name, partitions] : group.offsets) {
      const Topic* topic = node.topics().find(name);
      for (const auto& [partition, offset] : partitions) {
        if (topic == nullptr || topic->partition(partition) == nullptr) continue;
        add_change(group, *topic, partition, changes);
      }
    }
  }
  for (size_t i = 0; topics != nullptr && i < topics->size(); ++i) {
    ODK_TRY_VOID(add_asked(node, group, (*topics)[i], changes));
  }
  if (changes.empty()) return Error(Errc::kPrecondition, "the group has no offsets to change");
  std::ranges::sort(changes, {}, [](const Change& change) {
    return std::pair(std::string_view(change.topic), change.partition);
  });
  return changes;
}

// Changes are sorted: those of one topic follow each other.
template <class Visit>
void for_each_topic(Changes& changes, Visit&& visit) {
  for (size_t begin = 0; begin < changes.size();) {
    size_t end = begin;
    while (end < changes.size() && changes[end].topic == changes[begin].topic) ++end;
    visit(std::span(changes).subspan(begin, end - begin));
    begin = end;
  }
}

io::Task<Result<void>> find_times(InsideClient& client, int64_t time_ms, Changes& changes) {
  using Request = proto::ListOffsetsRequest;
  std::vector<std::vector<Request::ListOffsetsPartition>> partitions;
  std::vector<Request::ListOffsetsTopic> topics;
  for_each_topic(changes, [&](std::span<Change> some) {
    auto& list = partitions.emplace_back();
    for (const Change& change : some) {
      auto& each = list.emplace_back();
      each.partition_index = change.partition;
      each.timestamp = time_ms;
    }
    topics.emplace_back().name = some.front().topic;
  });
  for (size_t i = 0; i < topics.size(); ++i) topics[i].partitions = proto::array_of(partitions[i]);
  Request request;
  request.replica_id = -1;
  request.topics = proto::array_of(topics);
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  for (const auto& topic : answer.message.topics) {
    for (const auto& found : topic.partitions) {
      ODK_CO_TRY_VOID(check_answer(found.error_code, "", topic.name));
      const auto at = std::ranges::find_if(changes, [&](const Change& change) {
        return change.topic == topic.name && change.partition == found.partition_index;
      });
      if (at != changes.end()) at->after = found.offset < 0 ? at->end : found.offset;
    }
  }
  co_return Result<void>();
}

void set_targets(const Reset& reset, Changes& changes) {
  for (Change& change : changes) {
    switch (reset.target) {
      case Target::kEarliest: change.after = change.start; break;
      case Target::kLatest: change.after = change.end; break;
      case Target::kTime: break;  // looked up
      case Target::kOffset: change.after = reset.value; break;
      case Target::kShift: change.after = change.before.value_or(change.start) + reset.value; break;
    }
    change.after = std::clamp(change.after, change.start, std::max(change.start, change.end));
  }
}

io::Task<Result<void>> commit(InsideClient& client, const std::string& group, Changes& changes) {
  using Request = proto::OffsetCommitRequest;
  std::vector<std::vector<Request::OffsetCommitRequestPartition>> partitions;
  std::vector<Request::OffsetCommitRequestTopic> topics;
  for_each_topic(changes, [&](std::span<Change> some) {
    auto& list = partitions.emplace_back();
    for (const Change& change : some) {
      auto& each = list.emplace_back();
      each.partition_index = change.partition;
      each.committed_offset = change.after;
    }
    topics.emplace_back().name = some.front().topic;
  });
  for (size_t i = 0; i < topics.size(); ++i) topics[i].partitions = proto::array_of(partitions[i]);
  Request request;
  request.group_id = group;
  request.member_id = "";
  request.group_instance_id = {};
  request.topics = proto::array_of(topics);
  ODK_CO_TRY(const auto answer, co_await client.call(request, kCommitByNameUntil));
  for (const auto& topic : answer.message.topics) {
    for (const auto& result : topic.partitions) {
      ODK_CO_TRY_VOID(check_answer(result.error_code, "",
                                   fmt::format("{}-{}", topic.name, result.partition_index)));
    }
  }
  co_return Result<void>();
}

Json changes_json(const Changes& changes) {
  Json list = Json::array();
  for (const Change& change : changes) {
    list.push_back({{"topic", change.topic},
                    {"partition", change.partition},
                    {"before", change.before ? Json(*change.before) : Json(nullptr)},
                    {"after", change.after},
                    {"start_offset", change.start},
                    {"end_offset", change.end}});
  }
  return list;
}

}  // namespace

io::Task<Result<Json>> reset_offsets(ApiContext& context, ApiCall call) {
  ODK_CO_TRY(const Reset reset, read_reset(call.body));
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const GroupView group, co_await view_group(client, call.name(0)));
  ODK_CO_TRY(Changes changes, read_changes(context.node, group, call.body));
  if (reset.target == Target::kTime) {
    ODK_CO_TRY_VOID(co_await find_times(client, reset.value, changes));
  }
  set_targets(reset, changes);
  if (!reset.preview) {
    if (!group.members.empty()) {
      co_return Error::server(proto::to_number(proto::ErrorCode::kNonEmptyGroup),
                              "stop the group's members first: they hold its offsets");
    }
    ODK_CO_TRY_VOID(co_await commit(client, group.id, changes));
  }
  co_return Json{{"applied", !reset.preview}, {"changes", changes_json(changes)}};
}

io::Task<Result<Json>> delete_offsets(ApiContext& context, ApiCall call) {
  using Request = proto::OffsetDeleteRequest;
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const GroupView group, co_await view_group(client, call.name(0)));
  const auto found = group.offsets.find(call.name(1));
  if (found == group.offsets.end()) {
    co_return Error(Errc::kNotFound, "the group has no offsets of this topic");
  }
  std::vector<Request::OffsetDeleteRequestPartition> partitions;
  for (const auto& [partition, offset] : found->second) {
    partitions.emplace_back().partition_index = partition;
  }
  Request::OffsetDeleteRequestTopic topic;
  topic.name = call.name(1);
  topic.partitions = proto::array_of(partitions);
  Request request;
  request.group_id = group.id;
  request.topics = {&topic, 1};
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  ODK_CO_TRY_VOID(check_answer(answer.message.error_code, "", ""));
  for (const auto& result : answer.message.topics[0].partitions) {
    ODK_CO_TRY_VOID(check_answer(result.error_code, "", ""));
  }
  co_return Json::object();
}

}  // namespace odradek::broker::dashboard
