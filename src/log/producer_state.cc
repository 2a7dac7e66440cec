#include "log/producer_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace odradek::log {
namespace {

ProducerStates::Decision refuse(AppendFault fault, std::string message) {
  ProducerStates::Decision decision;
  decision.verdict = ProducerStates::Verdict::kRefuse;
  decision.error = {fault, std::move(message), {}};
  return decision;
}

bool follows(int32_t last, int32_t next) {
  return int64_t{next} == int64_t{last} + 1 ||
         (next == 0 && last == std::numeric_limits<int32_t>::max());
}

const ProducerBatch* find_duplicate(const ProducerEntry& entry, const wire::BatchView& batch) {
  if (batch.producer_epoch() != entry.epoch) return nullptr;
  for (size_t i = 0; i < entry.batch_count; ++i) {
    const ProducerBatch& known = entry.batches[i];
    if (known.first_sequence == batch.base_sequence() &&
        known.last_sequence == batch.last_sequence()) {
      return &known;
    }
  }
  return nullptr;
}

}  // namespace

void ProducerEntry::add(const ProducerBatch& batch) {
  if (batch_count == kBatchesMax) {
    std::ranges::rotate(batches, batches.begin() + 1);
    --batch_count;
  }
  batches[batch_count++] = batch;
}

ProducerStates::Decision ProducerStates::check(const wire::BatchView& batch) const {
  const auto found = entries_.find(batch.producer_id());
  if (found == entries_.end()) return {};
  const ProducerEntry& entry = found->second;
  if (const ProducerBatch* duplicate = find_duplicate(entry, batch)) {
    Decision decision;
    decision.verdict = Verdict::kDuplicate;
    decision.duplicate = *duplicate;
    return decision;
  }
  if (batch.producer_epoch() < entry.epoch) {
    return refuse(AppendFault::kStaleProducerEpoch,
                  fmt::format("producer {} comes with epoch {}, its last one was {}",
                              batch.producer_id(), batch.producer_epoch(), entry.epoch));
  }
  if (batch.producer_epoch() != entry.epoch) {
    if (batch.base_sequence() == 0) return {};
    return refuse(AppendFault::kOutOfOrderSequence,
                  fmt::format("producer {} begins epoch {} with sequence {} instead of 0",
                              batch.producer_id(), batch.producer_epoch(), batch.base_sequence()));
  }
  if (follows(entry.last_sequence(), batch.base_sequence())) return {};
  return refuse(AppendFault::kOutOfOrderSequence,
                fmt::format("producer {} sends sequence {} after {}", batch.producer_id(),
                            batch.base_sequence(), entry.last_sequence()));
}

void ProducerStates::record(const wire::BatchView& batch, int64_t base_offset,
                            int64_t timestamp_ms) {
  ProducerEntry& entry = entries_[batch.producer_id()];
  if (entry.epoch != batch.producer_epoch()) {
    entry.epoch = batch.producer_epoch();
    entry.batch_count = 0;
  }
  entry.add({batch.base_sequence(), batch.last_sequence(), base_offset,
             base_offset + batch.last_offset_delta(), timestamp_ms});
  entry.last_timestamp_ms = timestamp_ms;
}

void ProducerStates::expire(int64_t now_ms, int64_t expiration_ms) {
  std::erase_if(entries_, [&](const auto& item) {
    return now_ms - item.second.last_timestamp_ms >= expiration_ms;
  });
}

}  // namespace odradek::log
