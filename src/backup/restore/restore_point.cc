#include "backup/restore/restore_point.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "backup/restore/time_window.h"

namespace odradek::backup {
namespace {

std::optional<uint64_t> commit_number(std::string_view text) {
  uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

const RestorePoint* find(const std::vector<RestorePoint>& points, const std::string& wanted) {
  const auto number = commit_number(wanted);
  const auto by_number = std::ranges::find_if(
      points, [&number](const RestorePoint& point) { return number && point.seq == *number; });
  if (by_number != points.end()) return &*by_number;
  const RestorePoint* found = nullptr;
  for (const RestorePoint& point : points) {
    if (point.label == wanted) found = &point;
  }
  if (found != nullptr) return found;
  const Result<TimestampMs> time = parse_time(wanted);
  if (!time) return nullptr;
  for (const RestorePoint& point : points) {
    if (point.time <= *time) found = &point;
  }
  return found;
}

Error no_such_point(const ArchiveState& archive, const std::string& wanted) {
  constexpr size_t kShown = 10;
  const auto& points = archive.restore_points;
  std::string list;
  for (size_t i = points.size() - std::min(points.size(), kShown); i < points.size(); ++i) {
    list += fmt::format("{}{}{}", list.empty() ? "" : ", ", points[i].seq,
                        points[i].label.empty() ? "" : fmt::format(" ({})", points[i].label));
  }
  return {Errc::kNotFound, fmt::format("backup {} has no restore point {}; the newest are {}",
                                       archive.backup_id, wanted, list.empty() ? "none" : list)};
}

}  // namespace

Result<std::optional<PointInArchive>> find_restore_point(store::ObjectStore& store,
                                                         const ArchiveState& archive,
                                                         const std::string& wanted) {
  if (wanted.empty() || wanted == "latest") return std::optional<PointInArchive>{};
  const RestorePoint* const point = find(archive.restore_points, wanted);
  if (point == nullptr) return no_such_point(archive, wanted);
  if (point->cluster_key.empty()) {
    return Error(Errc::kUnsupported,
                 fmt::format("restore point {} does not say where partitions ended", point->seq));
  }
  ODK_TRY(ClusterSnapshot snapshot, read_cluster(store, point->cluster_key));
  PointInArchive found{*point, {}};
  for (TopicSnapshot& topic : snapshot.topics) {
    const std::string name = topic.facts.name;
    found.topics.insert_or_assign(name, std::move(topic));
  }
  return std::optional<PointInArchive>{std::move(found)};
}

}  // namespace odradek::backup
