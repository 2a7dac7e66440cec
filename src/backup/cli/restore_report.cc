#include "backup/cli/restore_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backup/cli/progress.h"
#include "backup/cli/runtime.h"

namespace odradek::backup {
namespace {

using Json = nlohmann::ordered_json;

double cpu_per_gigabyte(const RestoreReport& report) {
  return per(cpu_seconds(), static_cast<double>(report.loaded.bytes) / 1e9);
}

Json paths_json(const PathCounts& paths) {
  Json object = Json::object();
  for (size_t i = 0; i < kRestorePaths; ++i) {
    object[std::string(restore_path_name(static_cast<RestorePath>(i)))] = paths[i];
  }
  return object;
}

Json execution_json(const ExecutionReport& report) {
  Json groups = Json::array();
  for (const ExecutedGroup& group : report.groups) {
    groups.push_back({{"group", group.id},
                      {"positions", group.positions},
                      {"done", group.is_done},
                      {"rolled_back", group.was_rolled_back},
                      {"error", group.error}});
  }
  return {{"snapshot_id", report.snapshot_id}, {"groups", std::move(groups)}};
}

Json restore_json(const FullRestoreReport& full) {
  const RestoreReport& report = full.restore;
  Json notes = Json::array();
  for (const PlanNote& note : report.notes) notes.push_back(note.topic + ": " + note.text);
  return {{"restore_id", report.restore_id},
          {"went_on", report.went_on},
          {"topics", report.topics},
          {"partitions", report.partitions},
          {"records", report.loaded.records},
          {"records_resumed", report.loaded.records_resumed},
          {"records_verified", report.verified.records},
          {"bytes", report.loaded.bytes},
          {"batches", paths_json(report.loaded.paths)},
          {"held_configs", report.held_configs},
          {"notes", std::move(notes)},
          {"positions", Json::parse(position_plan_json(full.positions))},
          {"positions_left_out", full.positions_left_out},
          {"execution", execution_json(full.execution)},
          {"seconds", full.seconds},
          {"cpu_seconds_per_gb", cpu_per_gigabyte(report)}};
}

std::string paths_text(const PathCounts& paths) {
  std::string text;
  for (size_t i = 1; i < kRestorePaths; ++i) {
    if (paths[i] == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ",
                        restore_path_name(static_cast<RestorePath>(i)), paths[i]);
  }
  return text.empty() ? "none" : text;
}

}  // namespace

std::string execution_text(const ExecutionReport& report) {
  std::string out;
  for (const ExecutedGroup& group : report.groups) {
    out += fmt::format("group {}: {}{}{}\n", group.id,
                       group.is_done ? fmt::format("{} positions set", group.positions) : "FAILED",
                       group.error.empty() ? "" : ": " + group.error,
                       group.was_rolled_back ? "; rolled back" : "");
  }
  if (!report.snapshot_id.empty()) {
    out += fmt::format("positions before are in snapshot {}\n", report.snapshot_id);
  }
  return out;
}

std::string execution_report(const ExecutionReport& report, OutputFormat format) {
  if (format == OutputFormat::kText) return execution_text(report);
  return render(execution_json(report), format);
}

std::string restore_report(const FullRestoreReport& full, OutputFormat format) {
  if (format != OutputFormat::kText) return render(restore_json(full), format);
  const RestoreReport& report = full.restore;
  std::string out;
  for (const PlanNote& note : report.notes) {
    out += fmt::format("note  {}: {}\n", note.topic, note.text);
  }
  for (const std::string& held : report.held_configs) out += fmt::format("HELD  {}\n", held);
  if (!full.positions.groups.empty()) out += position_plan_text(full.positions);
  out += execution_text(full.execution);
  if (!full.positions_left_out.empty()) {
    out += fmt::format("no positions: {}\n", full.positions_left_out);
  }
  const auto rate = per(static_cast<double>(report.loaded.bytes), full.seconds);
  out += fmt::format(
      "{} records of {} topics ({} partitions) restored{}, {} verified, {} groups; {}, {}/s, "
      "{:.2f} CPU s/GB; batches: {}; restore {}\n",
      report.loaded.records, report.topics, report.partitions,
      report.went_on
          ? fmt::format(" (an earlier run had written {})", report.loaded.records_resumed)
          : "",
      report.verified.records, full.execution.groups.size(), format_bytes(report.loaded.bytes),
      format_bytes(static_cast<uint64_t>(rate)), cpu_per_gigabyte(report),
      paths_text(report.loaded.paths), report.restore_id);
  return out;
}

std::string verify_report(const VerifyRestoreReport& report, OutputFormat format) {
  const VerifyCounters& counters = report.counters;
  if (format != OutputFormat::kText) {
    return render(Json{{"restore_id", report.restore_id},
                       {"topics", report.topics},
                       {"records", counters.records},
                       {"gone", counters.gone},
                       {"more", counters.more},
                       {"differences", report.differences}},
                  format);
  }
  std::string out;
  for (const std::string& difference : report.differences) {
    out += fmt::format("DIFFERS  {}\n", difference);
  }
  out += fmt::format(
      "restore {}: {} topics, {} records are equal, {} are gone since, {} offsets "
      "behind them\n",
      report.restore_id, report.topics, counters.records, counters.gone, counters.more);
  return out;
}

}  // namespace odradek::backup
