#include "backup/positions/position_plan.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "backup/inspect/describe.h"

namespace odradek::backup {
namespace {

using Json = nlohmann::ordered_json;

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

// In single quotes, whatever it holds.
std::string shell_word(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

Json json_of(const PlannedPosition& p) {
  return {{"topic", p.topic},
          {"partition", p.partition},
          {"offset", p.offset},
          {"target_topic", p.target_topic},
          {"target_partition", p.target_partition},
          {"target_offset", p.target_offset},
          {"found_by", position_strategy_name(p.found_by)},
          {"exact", p.is_exact},
          {"note", p.note},
          {"metadata", p.metadata}};
}

}  // namespace

std::string_view position_strategy_name(PositionStrategy strategy) {
  switch (strategy) {
    case PositionStrategy::kSkip: return "skip";
    case PositionStrategy::kMap: return "header-based";
    case PositionStrategy::kScan: return "cluster-scan";
    case PositionStrategy::kTimestamp: return "timestamp-based";
    case PositionStrategy::kManual: return "manual";
    case PositionStrategy::kAutomatic: return "auto";
  }
  return "";
}

size_t PositionPlan::position_count() const {
  size_t count = 0;
  for (const PlannedGroup& group : groups) count += group.positions.size();
  return count;
}

void join_positions(PlannedGroup& group) {
  std::map<std::pair<std::string, int32_t>, PlannedPosition> smallest;
  for (PlannedPosition& position : group.positions) {
    const std::pair<std::string, int32_t> where{position.target_topic, position.target_partition};
    const auto [at, is_first] = smallest.try_emplace(where, position);
    if (is_first) continue;
    if (position.target_offset < at->second.target_offset) at->second = std::move(position);
    at->second.is_exact = false;
    at->second.note = "several archived partitions are in this one";
  }
  group.positions.clear();
  for (auto& [where, position] : smallest) group.positions.push_back(std::move(position));
}

std::string position_plan_text(const PositionPlan& plan) {
  std::string out;
  for (const PlannedGroup& group : plan.groups) {
    out += fmt::format("group {}\n", group.id);
    for (const PlannedPosition& p : group.positions) {
      out += fmt::format("  {}-{} {} -> {}-{} {}  {}{}{}\n", p.topic, p.partition, p.offset,
                         p.target_topic, p.target_partition, p.target_offset,
                         position_strategy_name(p.found_by), p.is_exact ? "" : ", may repeat",
                         p.note.empty() ? "" : ": " + p.note);
    }
    for (const std::string& left_out : group.left_out) {
      out += fmt::format("  left out: {}\n", left_out);
    }
  }
  out += fmt::format("{} groups, {} positions, captured {}{}\n", plan.groups.size(),
                     plan.position_count(), format_time(plan.captured_at),
                     plan.restore_id.empty() ? "" : ", map of restore " + plan.restore_id);
  return out;
}

std::string position_plan_json(const PositionPlan& plan) {
  Json groups = Json::array();
  for (const PlannedGroup& group : plan.groups) {
    Json positions = Json::array();
    for (const PlannedPosition& position : group.positions) positions.push_back(json_of(position));
    groups.push_back(
        {{"group", group.id}, {"positions", std::move(positions)}, {"left_out", group.left_out}});
  }
  return Json{{"backup_id", plan.backup_id},
              {"restore_id", plan.restore_id},
              {"captured_at", plan.captured_at},
              {"groups", std::move(groups)}}
      .dump(2);
}

std::string position_plan_csv(const PositionPlan& plan) {
  std::string out =
      "group,topic,partition,offset,target_topic,target_partition,target_offset,found_by,exact\n";
  for (const PlannedGroup& group : plan.groups) {
    for (const PlannedPosition& p : group.positions) {
      out += fmt::format("{},{},{},{},{},{},{},{},{}\n", csv_field(group.id), csv_field(p.topic),
                         p.partition, p.offset, csv_field(p.target_topic), p.target_partition,
                         p.target_offset, position_strategy_name(p.found_by),
                         p.is_exact ? "true" : "false");
    }
  }
  return out;
}

std::string position_plan_script(const PositionPlan& plan, std::string_view bootstrap) {
  std::string out = fmt::format(
      "#!/bin/sh\n"
      "# Positions of backup {}, for groups without running members.\n"
      "# COMMAND_CONFIG may name a file with the client's security settings.\n"
      "set -eu\n"
      "BOOTSTRAP=${{BOOTSTRAP:-{}}}\n"
      "reset() {{\n"
      "  kafka-consumer-groups.sh --bootstrap-server \"$BOOTSTRAP\" \\\n"
      "    ${{COMMAND_CONFIG:+--command-config \"$COMMAND_CONFIG\"}} \\\n"
      "    --group \"$1\" --topic \"$2\" --reset-offsets --to-offset \"$3\" --execute\n"
      "}}\n",
      shell_word(plan.backup_id), shell_word(bootstrap));
  for (const PlannedGroup& group : plan.groups) {
    for (const PlannedPosition& p : group.positions) {
      const std::string where = fmt::format("{}:{}", p.target_topic, p.target_partition);
      out +=
          fmt::format("reset {} {} {}\n", shell_word(group.id), shell_word(where), p.target_offset);
    }
  }
  return out;
}

}  // namespace odradek::backup
