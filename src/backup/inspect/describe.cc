#include "backup/inspect/describe.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

namespace odradek::backup {
namespace {

using Json = nlohmann::ordered_json;

struct Totals {
  uint64_t partitions = 0;
  uint64_t segments = 0;
  uint64_t records = 0;
  uint64_t raw_bytes = 0;
  uint64_t stored_bytes = 0;
  uint64_t gaps = 0;

  void add(const PartitionState& partition) {
    gaps += partition.gaps.size();
    for (const SegmentRef& segment : partition.segments) {
      ++segments;
      records += segment.record_count;
      raw_bytes += segment.raw_bytes;
      stored_bytes += segment.stored_bytes;
    }
  }
  void add(const TopicState& topic) {
    // Those without records have no state of their own.
    const auto count = static_cast<uint64_t>(std::max(0, topic.facts.partition_count));
    partitions += std::max<uint64_t>(count, topic.partitions.size());
    for (const auto& [id, partition] : topic.partitions) add(partition);
  }
  double ratio() const {
    return stored_bytes == 0 ? 0.0
                             : static_cast<double>(raw_bytes) / static_cast<double>(stored_bytes);
  }
};

Totals totals_of(const TopicState& topic) {
  Totals totals;
  totals.add(topic);
  return totals;
}

Totals totals_of(const ArchiveState& archive) {
  Totals totals;
  for (const auto& [key, topic] : archive.topics) totals.add(topic);
  return totals;
}

Json json_of(const Totals& totals) {
  return {{"partitions", totals.partitions},     {"segments", totals.segments},
          {"records", totals.records},           {"raw_bytes", totals.raw_bytes},
          {"stored_bytes", totals.stored_bytes}, {"gaps", totals.gaps}};
}

TimestampMs last_restore_point(const ArchiveState& archive) {
  return archive.restore_points.empty() ? 0 : archive.restore_points.back().time;
}

Json describe_topic(const TopicState& topic) {
  Json entry = {{"name", topic.facts.name},
                {"incarnation", topic.facts.incarnation},
                {"topic_id", topic.facts.topic_id.to_string()},
                {"configs", topic.facts.configs},
                {"totals", json_of(totals_of(topic))}};
  Json& partitions = entry["partitions"] = Json::array();
  for (const auto& [id, partition] : topic.partitions) {
    Json gaps = Json::array();
    for (const Gap& gap : partition.gaps) {
      gaps.push_back(
          {{"start", gap.start}, {"end", gap.end}, {"reason", gap_reason_name(gap.reason)}});
    }
    partitions.push_back({{"id", id},
                          {"covered_through", partition.covered_through},
                          {"segments", partition.segments.size()},
                          {"gaps", gaps}});
  }
  return entry;
}

}  // namespace

std::string format_time(TimestampMs time) {
  if (time <= 0) return "-";
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(static_cast<std::time_t>(time / 1000)));
}

std::string format_bytes(uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  auto amount = static_cast<double>(bytes);
  size_t unit = 0;
  while (amount >= 1000 && unit + 1 < kUnits.size()) {
    amount /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

Result<std::vector<std::string>> list_backups(store::ObjectStore& store) {
  ODK_TRY(const std::vector<store::ObjectInfo> objects, store.list(""));
  std::set<std::string> ids;
  for (const store::ObjectInfo& object : objects) {
    for (const std::string_view mark : {"/manifest.json", "/state/commits/"}) {
      if (const size_t at = object.key.find(mark); at != std::string::npos) {
        ids.insert(object.key.substr(0, at));
      }
    }
  }
  return std::vector<std::string>(ids.begin(), ids.end());
}

std::string describe_list(const std::vector<ArchiveState>& archives, OutputFormat format) {
  if (is_structured(format)) {
    Json list = Json::array();
    for (const ArchiveState& archive : archives) {
      list.push_back({{"backup_id", archive.backup_id},
                      {"created_at", archive.created_at},
                      {"last_restore_point", last_restore_point(archive)},
                      {"topics", archive.topics.size()},
                      {"totals", json_of(totals_of(archive))}});
    }
    return render(list, format);
  }
  std::string text =
      fmt::format("{:<28} {:<21} {:<21} {:>7} {:>12} {:>10} {:>6}\n", "BACKUP", "CREATED",
                  "RESTORE POINT", "TOPICS", "RECORDS", "STORED", "RATIO");
  for (const ArchiveState& archive : archives) {
    const Totals totals = totals_of(archive);
    text += fmt::format("{:<28} {:<21} {:<21} {:>7} {:>12} {:>10} {:>6.1f}\n", archive.backup_id,
                        format_time(archive.created_at), format_time(last_restore_point(archive)),
                        archive.topics.size(), totals.records, format_bytes(totals.stored_bytes),
                        totals.ratio());
  }
  return text;
}

std::string describe_archive(const ArchiveState& archive, OutputFormat format) {
  if (is_structured(format)) {
    Json object = {{"backup_id", archive.backup_id},
                   {"backup_set", archive.backup_set.to_string()},
                   {"created_at", archive.created_at},
                   {"through_commit", archive.through_commit},
                   {"isolation_level", archive.isolation_level},
                   {"fencing", fencing_name(archive.fencing)},
                   {"source", {{"cluster_id", archive.source_cluster_id}}},
                   {"groups", archive.groups_key},
                   {"totals", json_of(totals_of(archive))}};
    Json& points = object["restore_points"] = Json::array();
    for (const RestorePoint& point : archive.restore_points) {
      points.push_back({{"seq", point.seq}, {"time", point.time}, {"label", point.label}});
    }
    Json& topics = object["topics"] = Json::array();
    for (const auto& [key, topic] : archive.topics) topics.push_back(describe_topic(topic));
    return render(object, format);
  }
  std::string text = fmt::format(
      "backup           {}\ncluster          {}\ncreated          {}\nlast point       {}\n"
      "commits          {}\nisolation        {}\nfencing          {}\n\n",
      archive.backup_id, archive.source_cluster_id, format_time(archive.created_at),
      format_time(last_restore_point(archive)), archive.through_commit, archive.isolation_level,
      fencing_name(archive.fencing));
  text += fmt::format("{:<40} {:>10} {:>9} {:>12} {:>10} {:>6} {:>5}\n", "TOPIC", "PARTITIONS",
                      "SEGMENTS", "RECORDS", "STORED", "RATIO", "GAPS");
  for (const auto& [key, topic] : archive.topics) {
    const Totals totals = totals_of(topic);
    const std::string name =
        topic.facts.incarnation == 1
            ? topic.facts.name
            : fmt::format("{} (#{})", topic.facts.name, topic.facts.incarnation);
    text += fmt::format("{:<40} {:>10} {:>9} {:>12} {:>10} {:>6.1f} {:>5}\n", name,
                        totals.partitions, totals.segments, totals.records,
                        format_bytes(totals.stored_bytes), totals.ratio(), totals.gaps);
  }
  return text;
}

std::string describe_validation(const std::string& backup_id, const ValidationReport& report,
                                OutputFormat format) {
  if (is_structured(format)) {
    const Json object = {{"backup_id", backup_id},
                         {"valid", report.findings.empty()},
                         {"segments", report.segments},
                         {"segments_read", report.segments_read},
                         {"records", report.records},
                         {"raw_bytes", report.raw_bytes},
                         {"stored_bytes", report.stored_bytes},
                         {"orphans", report.orphans},
                         {"findings", report.findings}};
    return render(object, format);
  }
  std::string text;
  for (const std::string& finding : report.findings) text += fmt::format("DAMAGED  {}\n", finding);
  text += fmt::format("{}: {} segments, {} records, {} in {}, {} orphans: {}\n", backup_id,
                      report.segments, report.records, format_bytes(report.raw_bytes),
                      format_bytes(report.stored_bytes), report.orphans,
                      report.findings.empty() ? "VALID" : "INVALID");
  return text;
}

}  // namespace odradek::backup
