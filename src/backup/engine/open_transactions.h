#pragma once

#include <map>
#include <vector>

#include "backup/archive/model.h"

namespace odradek::backup {

// Adds `range` to ranges in offset order, joined to the last one where they meet.
void append_range(std::vector<OffsetRange>& ranges, OffsetRange range);

// Tells which stored data belongs to aborted transactions when everything is read: a broker says
// that to read_committed readers only, so the markers are followed here. Batches come in offset
// order.
class OpenTransactions {
 public:
  OpenTransactions() = default;
  explicit OpenTransactions(const std::vector<OpenRange>& open);

  void on_data(int64_t producer_id, int64_t first, int64_t last);
  void on_commit_marker(int64_t producer_id) { open_.erase(producer_id); }
  // Gives what the transaction wrote.
  std::vector<OffsetRange> on_abort_marker(int64_t producer_id);

  std::vector<OpenRange> ranges() const;

 private:
  std::map<int64_t, std::vector<OffsetRange>> open_;
};

}  // namespace odradek::backup
