#include "log/producer_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/assert.h"

namespace odradek::log {
namespace {

constexpr int16_t kEpochPerTxnFrom = 2;  // transaction.version

ProducerStates::Decision refuse(AppendError error) {
  ProducerStates::Decision decision;
  decision.verdict = ProducerStates::Verdict::kRefuse;
  decision.error = std::move(error);
  return decision;
}

ProducerStates::Decision refuse(AppendFault fault, std::string message) {
  return refuse(AppendError{fault, std::move(message), {}});
}

AppendError stale_epoch(int64_t producer_id, int16_t epoch, int16_t last) {
  return {
      AppendFault::kStaleProducerEpoch,
      fmt::format("producer {} comes with epoch {}, its last one was {}", producer_id, epoch, last),
      {}};
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

// A marker that comes again: its transaction is over, and it is the last one of that epoch.
bool is_repeated(const TxnMarker& marker, const ProducerEntry& entry) {
  return marker.producer_epoch == entry.epoch &&
         (!entry.txn_first_offset || entry.epoch == std::numeric_limits<int16_t>::max());
}

}  // namespace

void ProducerEntry::add(const ProducerBatch& batch) {
  if (batch_count == kBatchesMax) {
    std::ranges::rotate(batches, batches.begin() + 1);
    --batch_count;
  }
  batches[batch_count++] = batch;
}

const ProducerEntry* ProducerStates::find(int64_t producer_id) const {
  const auto found = entries_.find(producer_id);
  return found == entries_.end() ? nullptr : &found->second;
}

bool ProducerStates::has_open_txn(int64_t producer_id, int16_t epoch) const {
  const ProducerEntry* entry = find(producer_id);
  return entry != nullptr && entry->txn_first_offset && entry->epoch == epoch;
}

AppendError ProducerStates::check_txn(const wire::BatchView& batch, const ProducerEntry* entry,
                                      TxnProof proof) const {
  if (!batch.is_transactional()) {
    if (entry == nullptr || !entry->txn_first_offset) return {};
    return {AppendFault::kNotInTransaction,
            fmt::format("producer {} has an open transaction here and must write in it",
                        batch.producer_id()),
            {}};
  }
  if (proof != TxnProof::kNone || has_open_txn(batch.producer_id(), batch.producer_epoch())) {
    return {};
  }
  return {AppendFault::kNotInTransaction, "the record is not part of an ongoing transaction", {}};
}

ProducerStates::Decision ProducerStates::check(const wire::BatchView& batch, TxnProof proof) const {
  const ProducerEntry* entry = find(batch.producer_id());
  if (entry != nullptr) {
    if (const ProducerBatch* duplicate = find_duplicate(*entry, batch)) {
      Decision decision;
      decision.verdict = Verdict::kDuplicate;
      decision.duplicate = *duplicate;
      return decision;
    }
  }
  if (batch.is_transactional()) {
    AppendError error = check_txn(batch, entry, proof);
    if (!error.ok()) return refuse(std::move(error));
  }
  if (entry != nullptr && batch.producer_epoch() < entry->epoch) {
    return refuse(stale_epoch(batch.producer_id(), batch.producer_epoch(), entry->epoch));
  }
  const bool fresh = entry == nullptr || entry->batch_count == 0;
  if (batch.is_transactional() && proof == TxnProof::kAddedImplicitly && fresh &&
      batch.base_sequence() != 0) {
    return refuse(AppendFault::kOutOfOrderSequence,
                  fmt::format("producer {} begins with sequence {} instead of 0",
                              batch.producer_id(), batch.base_sequence()));
  }
  if (entry == nullptr) return {};
  if (batch.producer_epoch() != entry->epoch) {
    if (batch.base_sequence() != 0) {
      return refuse(
          AppendFault::kOutOfOrderSequence,
          fmt::format("producer {} begins epoch {} with sequence {} instead of 0",
                      batch.producer_id(), batch.producer_epoch(), batch.base_sequence()));
    }
  } else if (!follows(entry->last_sequence(), batch.base_sequence())) {
    return refuse(AppendFault::kOutOfOrderSequence,
                  fmt::format("producer {} sends sequence {} after {}", batch.producer_id(),
                              batch.base_sequence(), entry->last_sequence()));
  }
  if (AppendError error = check_txn(batch, entry, proof); !error.ok()) {
    return refuse(std::move(error));
  }
  return {};
}

AppendError ProducerStates::check_own(const wire::BatchView& batch, TxnProof proof) const {
  const ProducerEntry* entry = find(batch.producer_id());
  if (entry != nullptr && batch.producer_epoch() < entry->epoch) {
    return stale_epoch(batch.producer_id(), batch.producer_epoch(), entry->epoch);
  }
  return check_txn(batch, entry, proof);
}

AppendError ProducerStates::check_marker(const TxnMarker& marker) const {
  if (marker.producer_epoch < 0) {
    return {AppendFault::kUnreadable, "a marker without a producer's epoch", {}};
  }
  const ProducerEntry* entry = find(marker.producer_id);
  if (entry == nullptr) return {};
  const bool own_epoch = marker.transaction_version >= kEpochPerTxnFrom;
  const bool stale =
      own_epoch ? marker.producer_epoch <= entry->epoch : marker.producer_epoch < entry->epoch;
  if (stale && !(own_epoch && is_repeated(marker, *entry))) {
    return stale_epoch(marker.producer_id, marker.producer_epoch, entry->epoch);
  }
  if (entry->coordinator_epoch > marker.end.coordinator_epoch) {
    return {AppendFault::kStaleCoordinator,
            fmt::format("the coordinator's epoch is {}, one of {} was here before",
                        marker.end.coordinator_epoch, entry->coordinator_epoch),
            {}};
  }
  return {};
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
  if (batch.is_transactional() && !entry.txn_first_offset) {
    entry.txn_first_offset = base_offset;
    open_.emplace(base_offset, batch.producer_id());
  }
}

std::optional<CompletedTxn> ProducerStates::record_marker(const TxnMarker& marker, int64_t offset,
                                                          int64_t timestamp_ms) {
  ProducerEntry& entry = entries_[marker.producer_id];
  if (entry.epoch != marker.producer_epoch) {
    entry.epoch = marker.producer_epoch;
    entry.batch_count = 0;
  }
  entry.coordinator_epoch = marker.end.coordinator_epoch;
  entry.last_timestamp_ms = timestamp_ms;
  if (!entry.txn_first_offset) return std::nullopt;
  const CompletedTxn completed{marker.producer_id, *entry.txn_first_offset, offset,
                               marker.end.committed};
  entry.txn_first_offset.reset();
  open_.erase(completed.first_offset);
  decided_.emplace(completed.first_offset, completed.last_offset);
  return completed;
}

std::optional<int64_t> ProducerStates::first_unstable(int64_t high_watermark) const {
  std::erase_if(decided_, [&](const auto& each) { return each.second < high_watermark; });
  std::optional<int64_t> first;
  if (!open_.empty()) first = open_.begin()->first;
  if (!decided_.empty() && (!first || decided_.begin()->first < *first)) {
    first = decided_.begin()->first;
  }
  return first;
}

int64_t ProducerStates::stable_after(const CompletedTxn& completed) const {
  return open_.empty() ? completed.last_offset + 1 : open_.begin()->first;
}

void ProducerStates::expire(int64_t now_ms, int64_t expiration_ms) {
  std::erase_if(entries_, [&](const auto& item) {
    return !item.second.txn_first_offset && now_ms - item.second.last_timestamp_ms >= expiration_ms;
  });
}

void ProducerStates::start_moved(int64_t start_offset) {
  std::erase_if(decided_, [&](const auto& each) { return each.second < start_offset; });
}

void ProducerStates::restore(int64_t producer_id, const ProducerEntry& entry) {
  entries_.insert_or_assign(producer_id, entry);
  std::erase_if(open_, [&](const auto& each) { return each.second == producer_id; });
  if (entry.txn_first_offset) open_.emplace(*entry.txn_first_offset, producer_id);
}

}  // namespace odradek::log
