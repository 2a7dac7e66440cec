#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "backup/engine/topic_filter.h"
#include "backup/restore/prepared_batch.h"
#include "backup/restore/rate_limiter.h"
#include "backup/restore/time_window.h"

namespace odradek::backup {

// What to do with records that the target's retention would delete as soon as they are restored:
// stop, leave them out, restore with retention off and say so, or restore and let it happen.
enum class ExpiredData : uint8_t { kRefuse, kDrop, kHold, kKeep };
enum class VerifyAfter : uint8_t { kFull, kSample, kOff };
// A target topic that has records: refuse, write behind them, or delete them first.
enum class IfExists : uint8_t { kFail, kAppend, kPurge };
// Join small batches: where they would starve the connection, always, never.
enum class Coalesce : uint8_t { kAuto, kAlways, kNever };

struct RestoreProgress {
  std::string step;
  uint64_t records_done = 0;
  uint64_t records_total = 0;
  uint64_t bytes_done = 0;
};

struct RestoreOptions {
  std::string backup_id;
  // Names the maps and the state in the archive. Empty: an unfinished restore that asked the same
  // goes on, else a new one begins.
  std::string restore_id;
  NameFilter topics;
  NameFilter groups;
  std::map<std::string, std::string> topic_mapping;  // archive's name to the target's
  std::map<int32_t, int32_t> partition_mapping;  // likewise, of every topic
  std::set<int32_t> source_partitions;  // only these; empty: all
  Spread spread = Spread::kNone;
  std::map<std::string, int32_t> spread_topics;  // archive's name to partitions; "*": others
  std::optional<int32_t> replication_factor;  // instead of the archived one
  TimeWindow window;
  TimeBasis time_basis = TimeBasis::kRecord;
  std::string restore_point;  // commit number, label or time; empty or "latest": all there is
  IfExists if_exists = IfExists::kFail;
  ExpiredData expired_data = ExpiredData::kRefuse;
  VerifyAfter verify = VerifyAfter::kFull;
  double sample_percent = 5;
  Coalesce coalesce = Coalesce::kAuto;
  bool adds_offset_headers = false;
  bool strips_offset_headers = false;
  bool keeps_aborted = false;
  RateLimits limits;
  size_t partitions_at_once = 4;
  std::function<void(const RestoreProgress&)> on_progress;
};

// All that decides what is written, as one text: equal for two runs that mean the same restore.
std::string fingerprint(const RestoreOptions& options);

}  // namespace odradek::backup
