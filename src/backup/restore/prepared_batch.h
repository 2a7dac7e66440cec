#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "backup/archive/model.h"
#include "backup/restore/time_window.h"
#include "base/slice.h"

namespace odradek::backup {

// Which records of an archived batch went where in the batch that is produced.
struct RestoredRun {
  int64_t source_first = 0;
  int32_t target_delta = 0;  // from the base offset the broker gives the produced batch
  uint32_t count = 0;
};

// A batch ready to be produced but for producer id, epoch and sequence.
struct PreparedBatch {
  Slice bytes;
  int32_t target_partition = 0;
  int32_t record_count = 0;
  std::vector<RestoredRun> runs;
};

// How an archived batch becomes a producible one. A broker takes only dense data batches that
// belong to no transaction it did not begin.
enum class RestorePath : uint8_t {
  kNothing,     // control and aborted batches, and what is outside of the window
  kRaw,         // nothing but the header changes
  kRecompress,  // the archive's transcoding is undone: same records, original codec
  kRenumber,    // holes close up: new offsets, records as they were
  kRecords,     // cut, LogAppendTime, headers changed, spread over other partitions
  kCoalesce,    // small batches are joined
};
inline constexpr size_t kRestorePaths = 6;
std::string_view restore_path_name(RestorePath path);

// Partitions for records that do not keep the one they had.
//   by key       as Java's producer: murmur2 of the key; without a key as round robin
//   round robin  by source partition and offset, so that it is the same each time
enum class Spread : uint8_t { kNone, kByKey, kRoundRobin };

// What a restore does to every batch.
struct PrepareOptions {
  TimeWindow window;  // against each record's time
  bool adds_offset_headers = false;
  bool strips_offset_headers = false;
  std::string source_cluster{};  // for the header
  Spread spread = Spread::kNone;
  int32_t spread_partitions = 0;
  bool coalesces = false;
  bool keeps_aborted = false;  // data of aborted transactions, where the archive has it
  bool compresses = true;      // false: batches that are only looked at
  uint64_t batch_bytes_max = uint64_t{1000} * 1000;  // of re-encoded batches, uncompressed

  bool operator==(const PrepareOptions&) const = default;
};

// Where in the archive batches come from, and which offsets of it are wanted.
struct BatchScope {
  int32_t source_partition = 0;
  int32_t target_partition = 0;       // unless they are spread
  int64_t first_offset = 0;           // records below belong to the segment before
  int64_t end_offset = INT64_MAX;     // exclusive
  std::span<const OffsetRange> aborted{};  // ascending
};

}  // namespace odradek::backup
