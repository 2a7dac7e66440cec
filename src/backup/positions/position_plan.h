#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace odradek::backup {

// Where target offsets of positions come from.
//   skip       nowhere: positions stay as they are
//   map        the offset map of a restore ("header-based")
//   scan       a search for the header x-original-offset in the target ("cluster-scan")
//   timestamp  the first record at or after the time of the record at the position
//   manual     as auto, but only written down
//   automatic  map, else scan, else timestamp, for each partition
enum class PositionStrategy : uint8_t { kSkip, kMap, kScan, kTimestamp, kManual, kAutomatic };
std::string_view position_strategy_name(PositionStrategy strategy);

// One committed position of a group, carried over.
struct PlannedPosition {
  std::string topic;  // in the archive
  int32_t partition = 0;
  int64_t offset = 0;
  std::string target_topic;
  int32_t target_partition = 0;
  int64_t target_offset = 0;
  PositionStrategy found_by = PositionStrategy::kMap;
  // The group goes on with the first record it had not processed. Otherwise it may read some
  // again; in no case is one skipped.
  bool is_exact = true;
  std::string note;
  std::string metadata;

  bool operator==(const PlannedPosition&) const = default;
};

struct PlannedGroup {
  std::string id;
  std::vector<PlannedPosition> positions{};
  std::vector<std::string> left_out{};  // what is not carried over, and why
};

struct PositionPlan {
  std::string backup_id;
  std::string restore_id;  // whose map was used; empty: none
  TimestampMs captured_at = 0;
  std::vector<PlannedGroup> groups;

  size_t position_count() const;
};

// Several positions for one partition of the target become the smallest, which is then not exact
// for the others. Source partitions that were joined or spread make such.
void join_positions(PlannedGroup& group);

std::string position_plan_text(const PositionPlan& plan);
std::string position_plan_json(const PositionPlan& plan);
std::string position_plan_csv(const PositionPlan& plan);
// A shell script that does the same with Kafka's own tool.
std::string position_plan_script(const PositionPlan& plan, std::string_view bootstrap);

}  // namespace odradek::backup
