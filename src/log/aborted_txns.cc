#include "log/aborted_txns.h"

#include <algorithm>

#include "base/assert.h"

namespace odradek::log {

void AbortedTxns::add(const AbortedTxn& aborted) {
  ODK_ASSERT(all_.empty() || all_.back().last_offset < aborted.last_offset);
  all_.push_back(aborted);
}

std::vector<AbortedTxn> AbortedTxns::overlapping(int64_t from, int64_t end) const {
  std::vector<AbortedTxn> found;
  for (auto each = std::ranges::lower_bound(all_, from, {}, &AbortedTxn::last_offset);
       each != all_.end(); ++each) {
    if (each->first_offset < end) found.push_back(*each);
    // Everything before this offset was decided then: later entries begin behind it.
    if (each->last_stable_offset >= end) break;
  }
  std::ranges::sort(found, {}, &AbortedTxn::first_offset);
  return found;
}

void AbortedTxns::drop_before(int64_t offset) {
  all_.erase(all_.begin(), std::ranges::lower_bound(all_, offset, {}, &AbortedTxn::last_offset));
}

void AbortedTxns::drop_ended_within(int64_t first, int64_t end) {
  std::erase_if(all_, [&](const AbortedTxn& each) {
    return each.last_offset >= first && each.last_offset < end;
  });
}

}  // namespace odradek::log
