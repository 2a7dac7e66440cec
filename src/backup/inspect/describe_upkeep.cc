#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backup/inspect/describe.h"

namespace odradek::backup {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::string describe_status(const ArchiveState& archive, const LeaseContent& lease, TimestampMs now,
                            OutputFormat format) {
  const bool is_held = lease.expires_at > now;
  const RestorePoint point =
      archive.restore_points.empty() ? RestorePoint{} : archive.restore_points.back();
  uint64_t gaps = 0;
  for (const auto& [key, topic] : archive.topics) {
    for (const auto& [id, partition] : topic.partitions) gaps += partition.gaps.size();
  }
  const std::string state = is_held                 ? "running"
                            : lease.expires_at == 0 ? "idle"
                                                    : "dead: it was killed, the next run goes on";
  if (is_structured(format)) {
    const Json object = {{"backup_id", archive.backup_id},
                         {"running", is_held},
                         {"owner", lease.owner},
                         {"writer_epoch", lease.epoch},
                         {"lease_expires_at", lease.expires_at},
                         {"through_commit", archive.through_commit},
                         {"restore_points", archive.restore_points.size()},
                         {"last_restore_point", point.time},
                         {"label", point.label},
                         {"topics", archive.topics.size()},
                         {"gaps", gaps}};
    return render(object, format);
  }
  return fmt::format(
      "backup           {}\nwriter           {} (epoch {}), {}\ncommits          {}\n"
      "restore points   {}, the last at {}{}\ntopics           {}\ngaps             {}\n",
      archive.backup_id, lease.owner, lease.epoch, state, archive.through_commit,
      archive.restore_points.size(), format_time(point.time),
      point.label.empty() ? "" : fmt::format(" \"{}\"", point.label), archive.topics.size(), gaps);
}

std::string describe_rebuild(const RebuildReport& report, OutputFormat format) {
  if (is_structured(format)) {
    return render(Json{{"topics", report.topics},
                       {"partitions", report.partitions},
                       {"segments", report.segments},
                       {"records", report.records},
                       {"unreadable", report.unreadable},
                       {"gaps", report.gaps},
                       {"written", report.is_written}},
                  format);
  }
  std::string text;
  for (const std::string& fault : report.unreadable) text += fmt::format("LEFT OUT  {}\n", fault);
  for (const std::string& gap : report.gaps) text += fmt::format("GAP  {}\n", gap);
  return text + fmt::format("{} segments, {} records of {} topics ({} partitions): {}\n",
                            report.segments, report.records, report.topics, report.partitions,
                            report.is_written ? "manifest written" : "nothing written");
}

std::string describe_gc(const GcReport& report, bool dry_run, OutputFormat format) {
  if (is_structured(format)) {
    return render(Json{{"removed", !dry_run},
                       {"objects", report.keys},
                       {"bytes", report.bytes},
                       {"kept_young", report.kept_young}},
                  format);
  }
  std::string text;
  for (const std::string& key : report.keys) text += key + "\n";
  return text + fmt::format("{} objects, {} {}; {} are too young to tell\n", report.keys.size(),
                            format_bytes(report.bytes), dry_run ? "to remove" : "removed",
                            report.kept_young);
}

}  // namespace odradek::backup
