#pragma once

#include <map>
#include <string>
#include <vector>

#include "backup/archive/archive.h"
#include "backup/restore/restore_options.h"
#include "backup/restore/restore_state.h"
#include "backup/restore/unit_loader.h"

namespace odradek::backup {

// What happens to a topic of the target.
enum class TopicAction : uint8_t { kCreate, kFill, kAppend, kPurge, kResume };
std::string_view topic_action_name(TopicAction action);

// Something that stands against the plan (then nothing is done), or that one should know.
struct PlanNote {
  std::string topic;
  std::string text;
  bool is_conflict = false;

  bool operator==(const PlanNote&) const = default;
};

// A configuration that the target topic has, and the archive has otherwise.
struct ConfigDifference {
  std::string archived;  // empty: not set there
  std::string target;
};

// What is known of an archived topic's content, from the indexes of its segments.
struct TopicContent {
  uint64_t segments = 0;
  uint64_t stored_bytes = 0;
  uint64_t bytes = 0;    // of the batches that are wanted, decompressed
  uint64_t records = 0;  // at most: of batches that are cut all count
  uint64_t batches = 0;
  uint64_t largest_batch_bytes = 0;
  TimestampMs oldest = INT64_MAX;
  TimestampMs newest = INT64_MIN;
  PathCounts paths{};
};

struct TopicPlan {
  std::string source;
  uint32_t incarnation = 1;
  std::string target;
  TopicAction action = TopicAction::kCreate;
  int32_t partitions = 0;  // of the target
  int32_t replication_factor = 1;
  std::map<std::string, std::string> configs{};         // of a topic that is created
  Target::ConfigChanges during_load{};                  // and what they are during the load
  Target::ConfigChanges put_back{};                     // and after it
  std::map<std::string, ConfigDifference> differing{};  // of a topic that exists
  std::vector<SourcePart> sources{};
  std::map<int32_t, int64_t> bases{};  // target partition -> where the restore begins
  PrepareOptions prepare{};
  TopicContent content;
  std::string held;  // what ExpiredData::kHold leaves off, for the report
};

struct RestorePlan {
  std::string restore_id;
  bool goes_on = false;  // with a restore that was not finished
  std::vector<TopicPlan> topics;
  std::vector<PlanNote> notes;
  size_t groups = 0;
  uint64_t bytes_per_second = 0;  // what was assumed for the time

  bool has_conflicts() const;
  uint64_t bytes() const;
  uint64_t records() const;
  double seconds() const;
};

// For people and programs. The JSON object is also what YAML is made of.
std::string plan_text(const RestorePlan& plan);
std::string plan_json(const RestorePlan& plan);

}  // namespace odradek::backup
