#pragma once

#include <optional>
#include <vector>

#include "broker/dashboard/message_json.h"

namespace odradek::broker::dashboard {

// What one scan may cost; beyond it the scan ends early and says where to go on.
struct ScanLimits {
  size_t matches = 50;
  uint64_t records = 200'000;
  uint64_t bytes = uint64_t{64} << 20U;      // as stored
  size_t held_bytes = size_t{16} << 20U;     // of JSON texts kept for the answer
  MonotonicTime deadline;
};

// Where a scan is in one partition: still to be looked at is [low, high).
struct ScanPosition {
  int32_t partition = 0;
  int64_t low = 0;
  int64_t high = 0;
  int64_t bytes_per_offset = 1;  // about, as stored
};

// Looks for messages in some partitions of a topic, from their beginnings on or back from their
// ends, merged by time; within a partition the log's order counts. One use; one loop.
class MessageScan {
 public:
  enum class Direction : uint8_t { kForward, kBackward };

  MessageScan(io::Loop& loop, RecordReader& reader, MessageFilter filter, ScanLimits limits)
      : loop_(loop), reader_(reader), filter_(std::move(filter)), limits_(limits) {}

  // The positions are moved to what is left. Errors: RecordReader::read.
  io::Task<Result<void>> run(std::vector<ScanPosition>& positions, Direction direction);

  // Forward: ascending by time; backward: descending. At most limits.matches.
  Json take_messages();
  uint64_t records() const { return records_; }
  // Stopped by a limit other than the number of matches.
  bool is_cut_short() const { return cut_short_; }

 private:
  struct Match {
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    Json json;
    size_t bytes;
  };
  using Matches = std::vector<Match>;

  io::Task<Result<void>> forward(ScanPosition& position, Matches& found);
  io::Task<Result<void>> backward(ScanPosition& position, Matches& found);
  io::Task<Result<void>> read_window(ScanPosition window, Matches& found);
  RecordReader::Visit collect_into(Matches& found);
  bool is_spent();
  void merge(std::vector<Matches>& lists, std::vector<ScanPosition>& positions,
             Direction direction);

  io::Loop& loop_;
  RecordReader& reader_;
  MessageFilter filter_;
  ScanLimits limits_;
  Matches matches_;
  uint64_t records_ = 0;
  size_t held_bytes_ = 0;
  bool cut_short_ = false;
};

}  // namespace odradek::broker::dashboard
