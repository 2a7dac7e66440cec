#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backup/archive/archive.h"
#include "backup/archive/snapshots.h"
#include "store/object_store.h"

namespace odradek::backup {

// A group's positions before something changed them.
struct GroupBefore {
  std::string id{};
  bool existed = false;
  std::vector<GroupOffset> positions{};

  bool operator==(const GroupBefore&) const = default;
};

// What a rollback goes back to: an object offset-snapshots/{id}.json of the archive.
struct PositionSnapshot {
  std::string id{};
  TimestampMs at = 0;
  std::string cluster_id{};
  std::string reason{};  // the command that made it
  std::vector<GroupBefore> groups{};

  bool operator==(const PositionSnapshot&) const = default;
};

std::string to_json(const PositionSnapshot& snapshot);
// Errors: kMalformed, kUnsupported (a higher schema).
Result<PositionSnapshot> parse_position_snapshot(std::string_view text);

// Blocking; errors name the object.
Result<void> write_snapshot(store::ObjectStore& store, const ArchiveKeys& keys,
                            const PositionSnapshot& snapshot);
// kNotFound for an id that is none.
Result<PositionSnapshot> read_snapshot(store::ObjectStore& store, const ArchiveKeys& keys,
                                       std::string_view id);
// Oldest first.
Result<std::vector<PositionSnapshot>> read_snapshots(store::ObjectStore& store,
                                                     const ArchiveKeys& keys);
Result<void> remove_snapshot(store::ObjectStore& store, const ArchiveKeys& keys,
                             std::string_view id);

}  // namespace odradek::backup
