#include "log/leader_epochs.h"

#include <algorithm>

namespace odradek::log {

bool LeaderEpochs::begin(int32_t epoch, int64_t start_offset) {
  if (epoch <= latest()) return false;
  truncate_from(start_offset);
  entries_.push_back({epoch, start_offset});
  return true;
}

LeaderEpochs::End LeaderEpochs::end_of(int32_t epoch, int64_t log_end) const {
  if (epoch < 0 || entries_.empty()) return {};
  if (epoch == latest()) return {epoch, log_end};
  const auto higher =
      std::ranges::upper_bound(entries_, epoch, {}, [](const Entry& each) { return each.epoch; });
  if (higher == entries_.end()) return {};
  if (higher == entries_.begin()) return {epoch, higher->start_offset};
  return {std::prev(higher)->epoch, higher->start_offset};
}

void LeaderEpochs::truncate_from(int64_t offset) {
  std::erase_if(entries_, [&](const Entry& each) { return each.start_offset >= offset; });
}

void LeaderEpochs::truncate_before(int64_t offset) {
  const auto behind = std::ranges::upper_bound(entries_, offset, {},
                                               [](const Entry& each) { return each.start_offset; });
  if (behind == entries_.begin()) return;
  entries_.erase(entries_.begin(), std::prev(behind));
  entries_.front().start_offset = std::max(entries_.front().start_offset, offset);
}

}  // namespace odradek::log
