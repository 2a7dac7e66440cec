// What a consumer counts.
#include <algorithm>

#include "client/client_thread.h"
#include "client/consumer/consumer_core.h"

namespace odradek::kafka {

void ConsumerCore::note_handed_out(const RecordBatch& batch, size_t bytes) {
  {
    const MutexLock lock(state_.mutex);
    ++state_.counts.batches;
    state_.counts.records += batch.size();
    state_.counts.bytes += bytes;
  }
  if (state_.options.interceptor == nullptr) return;
  const auto call = [&] { state_.options.interceptor->on_batch(batch); };
  UniqueFunction<void()> guarded = call;
  client::run_user_code(guarded);
}

void ConsumerCore::add_metrics(ClientMetrics& metrics) {
  const MutexLock lock(state_.mutex);
  ConsumerMetrics& own = metrics.consumers.emplace_back(state_.counts);
  own.group = state_.options.group;
  own.partitions = state_.table.size();
  own.buffered_bytes = state_.buffered_bytes;
  const bool is_committed = state_.options.isolation == Isolation::read_committed;
  for (const auto& [id, entry] : state_.table) {
    const std::optional<int64_t> lag = entry->lag(is_committed);
    own.lag_total += lag.value_or(0);
    own.lag_max = std::max(own.lag_max, lag.value_or(0));
  }
}

}  // namespace odradek::kafka
