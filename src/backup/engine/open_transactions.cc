#include "backup/engine/open_transactions.h"

namespace odradek::backup {

void append_range(std::vector<OffsetRange>& ranges, OffsetRange range) {
  if (!ranges.empty() && ranges.back().second + 1 == range.first) {
    ranges.back().second = range.second;
  } else {
    ranges.push_back(range);
  }
}

OpenTransactions::OpenTransactions(const std::vector<OpenRange>& open) {
  for (const OpenRange& range : open) on_data(range.producer_id, range.first, range.last);
}

void OpenTransactions::on_data(int64_t producer_id, int64_t first, int64_t last) {
  append_range(open_[producer_id], {first, last});
}

std::vector<OffsetRange> OpenTransactions::on_abort_marker(int64_t producer_id) {
  const auto found = open_.find(producer_id);
  if (found == open_.end()) return {};
  std::vector<OffsetRange> aborted = std::move(found->second);
  open_.erase(found);
  return aborted;
}

std::vector<OpenRange> OpenTransactions::ranges() const {
  std::vector<OpenRange> ranges;
  for (const auto& [producer_id, written] : open_) {
    for (const auto& [first, last] : written) ranges.push_back({producer_id, first, last});
  }
  return ranges;
}

}  // namespace odradek::backup
