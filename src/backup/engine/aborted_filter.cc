#include "backup/engine/aborted_filter.h"

namespace odradek::backup {

void AbortedFilter::add(std::span<const AbortedTransaction> transactions) {
  for (const AbortedTransaction& transaction : transactions) {
    if (known_.insert(transaction).second) {
      waiting_.emplace(transaction.first_offset, transaction.producer_id);
    }
  }
}

bool AbortedFilter::is_aborted(const wire::BatchView& batch) {
  while (!waiting_.empty() && waiting_.begin()->first <= batch.last_offset()) {
    aborting_.insert(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
  }
  return !batch.is_control() && batch.is_transactional() && aborting_.contains(batch.producer_id());
}

void AbortedFilter::on_abort_marker(int64_t producer_id) { aborting_.erase(producer_id); }

}  // namespace odradek::backup
