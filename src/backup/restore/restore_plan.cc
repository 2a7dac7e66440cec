#include "backup/restore/restore_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backup/inspect/describe.h"

namespace odradek::backup {
namespace {

using Json = nlohmann::ordered_json;

// What a restore is assumed to do where no limit is set.
constexpr uint64_t kAssumedBytesPerSecond = 100'000'000;

std::string changes_text(const Target::ConfigChanges& changes) {
  std::string text;
  for (const auto& [name, value] : changes) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value.value_or("(default)"));
  }
  return text;
}

Json changes_json(const Target::ConfigChanges& changes) {
  Json object = Json::object();
  for (const auto& [name, value] : changes) object[name] = value ? Json(*value) : Json();
  return object;
}

// "raw 120 (nothing to change)".
std::string_view why(RestorePath path) {
  switch (path) {
    case RestorePath::kNothing: return "control, aborted, or outside of what is wanted";
    case RestorePath::kRaw: return "as they are";
    case RestorePath::kRecompress: return "get their codec back";
    case RestorePath::kRenumber: return "holes close up";
    case RestorePath::kRecords: return "cut, LogAppendTime, headers or other partitions";
    case RestorePath::kCoalesce: return "small batches joined";
  }
  return "";
}

void put_topic(std::string& out, const TopicPlan& topic) {
  out +=
      fmt::format("{}{}  {} as {}, {} partitions, replication factor {}\n", topic.target,
                  topic.source == topic.target ? "" : fmt::format(" (archive: {})", topic.source),
                  topic_action_name(topic.action),
                  topic.incarnation == 1 ? std::string("it was")
                                         : fmt::format("incarnation {}", topic.incarnation),
                  topic.partitions, topic.replication_factor);
  out +=
      fmt::format("  content      {} records, {}, {} batches in {} segments ({} to read)\n",
                  topic.content.records, format_bytes(topic.content.bytes), topic.content.batches,
                  topic.content.segments, format_bytes(topic.content.stored_bytes));
  if (topic.content.oldest <= topic.content.newest) {
    out += fmt::format("  times        {} to {}\n", format_time(topic.content.oldest),
                       format_time(topic.content.newest));
  }
  for (size_t i = 0; i < kRestorePaths; ++i) {
    const auto path = static_cast<RestorePath>(i);
    if (topic.content.paths[i] == 0) continue;
    out += fmt::format("  {:<12} {} batches: {}\n", restore_path_name(path), topic.content.paths[i],
                       why(path));
  }
  for (const auto& [name, value] : topic.configs) {
    if (topic.action == TopicAction::kCreate)
      out += fmt::format("  config       {}={}\n", name, value);
  }
  for (const auto& [name, difference] : topic.differing) {
    out += fmt::format("  differs      {}: archive {}, target {} (kept)\n", name,
                       difference.archived.empty() ? "(default)" : difference.archived,
                       difference.target);
  }
  if (!topic.during_load.empty()) {
    out += fmt::format("  during load  {}\n", changes_text(topic.during_load));
    out += fmt::format("  afterwards   {}\n", changes_text(topic.put_back));
  }
}

Json topic_json(const TopicPlan& topic) {
  Json paths = Json::object();
  for (size_t i = 0; i < kRestorePaths; ++i) {
    paths[std::string(restore_path_name(static_cast<RestorePath>(i)))] = topic.content.paths[i];
  }
  Json differing = Json::object();
  for (const auto& [name, difference] : topic.differing) {
    differing[name] = {{"archive", difference.archived}, {"target", difference.target}};
  }
  return {{"source", topic.source},
          {"incarnation", topic.incarnation},
          {"target", topic.target},
          {"action", topic_action_name(topic.action)},
          {"partitions", topic.partitions},
          {"replication_factor", topic.replication_factor},
          {"records", topic.content.records},
          {"bytes", topic.content.bytes},
          {"batches", topic.content.batches},
          {"segments", topic.content.segments},
          {"stored_bytes", topic.content.stored_bytes},
          {"largest_batch_bytes", topic.content.largest_batch_bytes},
          {"paths", std::move(paths)},
          {"configs", topic.configs},
          {"configs_differing", std::move(differing)},
          {"configs_during_load", changes_json(topic.during_load)},
          {"configs_afterwards", changes_json(topic.put_back)}};
}

}  // namespace

std::string_view topic_action_name(TopicAction action) {
  switch (action) {
    case TopicAction::kCreate: return "create";
    case TopicAction::kFill: return "fill";
    case TopicAction::kAppend: return "append";
    case TopicAction::kPurge: return "purge";
    case TopicAction::kResume: return "resume";
  }
  return "";
}

bool RestorePlan::has_conflicts() const {
  return std::ranges::any_of(notes, &PlanNote::is_conflict);
}

uint64_t RestorePlan::bytes() const {
  uint64_t sum = 0;
  for (const TopicPlan& topic : topics) sum += topic.content.bytes;
  return sum;
}

uint64_t RestorePlan::records() const {
  uint64_t sum = 0;
  for (const TopicPlan& topic : topics) sum += topic.content.records;
  return sum;
}

double RestorePlan::seconds() const {
  const uint64_t rate = bytes_per_second == 0 ? kAssumedBytesPerSecond : bytes_per_second;
  return static_cast<double>(bytes()) / static_cast<double>(rate);
}

std::string plan_text(const RestorePlan& plan) {
  std::string out;
  uint64_t requests = 0;
  uint64_t space = 0;
  for (const TopicPlan& topic : plan.topics) {
    put_topic(out, topic);
    requests += topic.content.batches;
    space += topic.content.bytes * static_cast<uint64_t>(topic.replication_factor);
  }
  for (const PlanNote& note : plan.notes) {
    out += fmt::format("{}  {}: {}\n", note.is_conflict ? "CONFLICT" : "note    ", note.topic,
                       note.text);
  }
  out += fmt::format(
      "{} topics, {} groups: at most {} records, {}; {} on the target's disks at most, {} "
      "requests, "
      "about {:.0f} s{}{}\n",
      plan.topics.size(), plan.groups, plan.records(), format_bytes(plan.bytes()),
      format_bytes(space), requests, plan.seconds(),
      plan.bytes_per_second == 0 ? " at 100 MB/s" : " at the rate limit",
      plan.goes_on ? fmt::format("; restore {} goes on", plan.restore_id) : "");
  return out;
}

std::string plan_json(const RestorePlan& plan) {
  Json topics = Json::array();
  for (const TopicPlan& topic : plan.topics) topics.push_back(topic_json(topic));
  Json notes = Json::array();
  for (const PlanNote& note : plan.notes) {
    notes.push_back({{"topic", note.topic}, {"text", note.text}, {"conflict", note.is_conflict}});
  }
  return Json{{"restore_id", plan.goes_on ? Json(plan.restore_id) : Json()},
              {"goes_on", plan.goes_on},
              {"conflicts", plan.has_conflicts()},
              {"records", plan.records()},
              {"bytes", plan.bytes()},
              {"seconds", plan.seconds()},
              {"groups", plan.groups},
              {"topics", std::move(topics)},
              {"notes", std::move(notes)}}
      .dump(2);
}

}  // namespace odradek::backup
