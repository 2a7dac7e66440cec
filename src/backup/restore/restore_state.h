#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backup/archive/archive.h"
#include "backup/restore/prepared_batch.h"
#include "backup/restore/target.h"

namespace odradek::backup {

// How far a restore is. Everything before kDone and kAborted is unfinished: the target's topics may
// have configurations of the load that must be put back.
enum class RestorePhase : uint8_t { kLoading, kLoaded, kDone, kAborted };
std::string_view restore_phase_name(RestorePhase phase);

// What a restore decided for one topic when it began, and must hold on to.
struct RestoredTopic {
  std::string source{};
  uint32_t incarnation = 1;
  std::string target{};
  bool was_created = false;  // by this restore
  PrepareOptions prepare{};
  std::map<int32_t, int64_t> targets{};  // source partition -> target partition, unless spread
  std::map<int32_t, int64_t> ends{};  // source partition -> offset behind the last to restore
  std::map<int32_t, int64_t> bases{};  // target partition -> its end before the restore
  Target::ConfigChanges put_back{};  // what finalize and abort set

  bool is_spread() const { return prepare.spread != Spread::kNone; }
  bool operator==(const RestoredTopic&) const = default;
};

// One restore, as its object in the archive says: written before the target is changed, and at each
// phase. With the offset maps beside it, it is all that a run needs to go on after a kill.
// Source: docs/formats/restore-state.md.
struct RestoreState {
  std::string restore_id{};
  std::string backup_id{};
  std::string target_cluster_id{};
  RestorePhase phase = RestorePhase::kLoading;
  TimestampMs started_at = 0;
  TimestampMs finished_at = 0;
  ProducerIdentity producer{};
  std::string options{};  // what was asked for, as one text: a run that goes on asks the same
  std::string groups_key{};
  std::vector<RestoredTopic> topics{};

  bool is_unfinished() const {
    return phase != RestorePhase::kDone && phase != RestorePhase::kAborted;
  }
  bool operator==(const RestoreState&) const = default;
};

std::string to_json(const RestoreState& state);
// Errors: kMalformed, kUnsupported (a higher schema).
Result<RestoreState> parse_restore_state(std::string_view text);

// The key of a restore's state, and of the maps of one archived partition.
std::string restore_state_key(const ArchiveKeys& keys, std::string_view restore_id);
std::string offset_map_prefix(const ArchiveKeys& keys, std::string_view restore_id,
                              std::string_view topic, int32_t partition);

// Blocking. Errors: kNotFound, kMalformed, the store's; they name the object.
Result<RestoreState> read_restore_state(store::ObjectStore& store, const ArchiveKeys& keys,
                                        const std::string& restore_id);
Result<void> write_restore_state(store::ObjectStore& store, const ArchiveKeys& keys,
                                 const RestoreState& state);
// Every restore of the archive, oldest first.
Result<std::vector<RestoreState>> read_restores(store::ObjectStore& store, const ArchiveKeys& keys);

}  // namespace odradek::backup
