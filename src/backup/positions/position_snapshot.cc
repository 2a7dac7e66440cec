#include "backup/positions/position_snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "backup/archive/json_fields.h"

namespace odradek::backup {
namespace {

constexpr std::string_view kFormat = "odradek-offset-snapshot";
constexpr int kSchema = 1;

std::string prefix(const ArchiveKeys& keys) { return keys.backup_id() + "/offset-snapshots/"; }

std::string key_of(const ArchiveKeys& keys, std::string_view id) {
  return fmt::format("{}{}.json", prefix(keys), id);
}

Json json_of(const GroupBefore& group) {
  Json positions = Json::array();
  for (const GroupOffset& position : group.positions) positions.push_back(json_of(position));
  return {{"id", group.id}, {"existed", group.existed}, {"positions", std::move(positions)}};
}

GroupBefore group_of(const Json& object) {
  GroupBefore group;
  group.id = object.at("id").get<std::string>();
  group.existed = object.at("existed").get<bool>();
  for (const Json& position : object.at("positions")) {
    group.positions.push_back(group_offset_of(position));
  }
  return group;
}

}  // namespace

std::string to_json(const PositionSnapshot& snapshot) {
  Json groups = Json::array();
  for (const GroupBefore& group : snapshot.groups) groups.push_back(json_of(group));
  return Json{{"format", kFormat},
              {"schema", kSchema},
              {"id", snapshot.id},
              {"at", snapshot.at},
              {"cluster_id", snapshot.cluster_id},
              {"reason", snapshot.reason},
              {"groups", std::move(groups)}}
      .dump(2);
}

Result<PositionSnapshot> parse_position_snapshot(std::string_view text) {
  return parse_object<PositionSnapshot>(
      text, kFormat,
      [](const Json& object) {
        PositionSnapshot snapshot;
        snapshot.id = take<std::string>(object, "id");
        snapshot.at = take<int64_t>(object, "at");
        snapshot.cluster_id = take<std::string>(object, "cluster_id");
        snapshot.reason = take<std::string>(object, "reason");
        for (const Json& group : object.at("groups")) snapshot.groups.push_back(group_of(group));
        return snapshot;
      },
      kSchema);
}

Result<void> write_snapshot(store::ObjectStore& store, const ArchiveKeys& keys,
                            const PositionSnapshot& snapshot) {
  const std::string text = to_json(snapshot);
  ODK_TRY_VOID(store.put_if_absent(key_of(keys, snapshot.id), as_bytes(text)));
  return {};
}

Result<PositionSnapshot> read_snapshot(store::ObjectStore& store, const ArchiveKeys& keys,
                                       std::string_view id) {
  const std::string key = key_of(keys, id);
  ODK_TRY(const Slice text, store.get(key));
  Result<PositionSnapshot> snapshot = parse_position_snapshot(text.text());
  if (!snapshot) return snapshot.error().with_context(fmt::format("object {}", key));
  return snapshot;
}

Result<std::vector<PositionSnapshot>> read_snapshots(store::ObjectStore& store,
                                                     const ArchiveKeys& keys) {
  constexpr std::string_view kEnding = ".json";
  ODK_TRY(const std::vector<store::ObjectInfo> objects, store.list(prefix(keys)));
  std::vector<PositionSnapshot> snapshots;
  for (const store::ObjectInfo& object : objects) {
    if (!object.key.ends_with(kEnding)) continue;
    const size_t from = prefix(keys).size();
    ODK_TRY(PositionSnapshot snapshot,
            read_snapshot(store, keys,
                          object.key.substr(from, object.key.size() - from - kEnding.size())));
    snapshots.push_back(std::move(snapshot));
  }
  std::ranges::sort(snapshots, [](const PositionSnapshot& a, const PositionSnapshot& b) {
    return std::tie(a.at, a.id) < std::tie(b.at, b.id);
  });
  return snapshots;
}

Result<void> remove_snapshot(store::ObjectStore& store, const ArchiveKeys& keys,
                             std::string_view id) {
  const std::string key = key_of(keys, id);
  ODK_TRY_VOID(store.head(key));
  return store.remove(key);
}

}  // namespace odradek::backup
