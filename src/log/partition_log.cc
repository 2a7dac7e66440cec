#include "log/partition_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/batch_rewrite.h"

namespace odradek::log {
namespace {

// Records that come with old timestamps stay readable for as long as Kafka's default interval of
// looking at segments would let them (log.retention.check.interval.ms), although we look more
// often.
constexpr int64_t kSettleMs = 300'000;

AppendOutcome failed(AppendError error) {
  AppendOutcome outcome;
  outcome.error = std::move(error);
  return outcome;
}

}  // namespace

AppendOutcome PartitionLog::append(Bytes records, int64_t now_ms, CheckScratch& scratch,
                                   TxnProof proof) {
  SingleBatch single = single_batch(records);
  if (!single.error.ok()) return failed(std::move(single.error));
  if (fault_) return failed({AppendFault::kStorage, std::string(fault_->message()), {}});
  CheckedBatch checked = check_batch(single.bytes, config_, now_ms, scratch);
  if (!checked.error.ok()) return failed(std::move(checked.error));

  const Bytes bytes = checked.recompressed.empty() ? single.bytes : checked.recompressed.bytes();
  const Result<wire::BatchView> batch = wire::BatchView::parse(bytes);
  ODK_ASSERT(batch.has_value());
  if (bytes.size() > static_cast<size_t>(config_.segment_bytes)) {
    return failed({AppendFault::kLargerThanSegment,
                   fmt::format("a batch of {} bytes where segment.bytes is {}", bytes.size(),
                               config_.segment_bytes),
                   {}});
  }
  if (batch->has_producer()) {
    ProducerStates::Decision decision = producers_.check(*batch, proof);
    if (decision.verdict == ProducerStates::Verdict::kRefuse) {
      return failed(std::move(decision.error));
    }
    if (decision.verdict == ProducerStates::Verdict::kDuplicate) {
      const ProducerBatch& known = decision.duplicate;
      return {{}, known.base_offset, known.last_offset, known.timestamp_ms, 0};
    }
  }
  return store_batch(*batch, checked, now_ms);
}

AppendOutcome PartitionLog::append_own(Bytes bytes, int64_t now_ms) {
  const Result<wire::BatchView> batch = wire::BatchView::parse(bytes);
  ODK_ASSERT(batch.has_value() && batch->size() == bytes.size());
  const auto limit = [&](AppendFault fault, int32_t most) {
    return failed({fault, fmt::format("a batch of {} bytes, at most {}", bytes.size(), most), {}});
  };
  if (bytes.size() > static_cast<size_t>(config_.max_message_bytes)) {
    return limit(AppendFault::kTooLarge, config_.max_message_bytes);
  }
  if (bytes.size() > static_cast<size_t>(config_.segment_bytes)) {
    return limit(AppendFault::kLargerThanSegment, config_.segment_bytes);
  }
  if (batch->has_producer()) {
    // Whoever writes in a producer's name knows that the transaction may do so.
    AppendError error = producers_.check_own(*batch, TxnProof::kVerified);
    if (!error.ok()) return failed(std::move(error));
  }
  CheckedBatch checked;
  checked.max_timestamp_ms = batch->max_timestamp();
  return store_batch(*batch, checked, now_ms);
}

AppendOutcome PartitionLog::append_marker(const TxnMarker& marker, int64_t now_ms) {
  AppendError error = producers_.check_marker(marker);
  if (!error.ok()) return failed(std::move(error));
  wire::EndTxnBatch made;
  made.marker = marker.end;
  made.producer_id = marker.producer_id;
  made.producer_epoch = marker.producer_epoch;
  made.timestamp_ms = now_ms;
  made.base_offset = end_offset();
  made.leader_epoch = leader_epoch_;
  const Slice bytes = wire::make_end_txn_batch(made);
  const Result<wire::BatchView> batch = wire::BatchView::parse(bytes.bytes());
  ODK_ASSERT(batch.has_value());
  error = put(*batch, {}, now_ms);
  if (!error.ok()) return failed(std::move(error));
  const std::optional<CompletedTxn> ended =
      producers_.record_marker(marker, made.base_offset, now_ms);
  if (ended && !ended->committed) add_aborted(*ended);
  AppendOutcome outcome;
  outcome.base_offset = outcome.last_offset = made.base_offset;
  outcome.bytes = bytes.size();
  return outcome;
}

int64_t PartitionLog::last_stable_offset() const {
  const int64_t end = high_watermark();
  const std::optional<int64_t> unstable = producers_.first_unstable(end);
  if (!unstable) return end;
  return std::min(std::max(*unstable, start_offset_), end);
}

AppendOutcome PartitionLog::store_batch(const wire::BatchView& batch, const CheckedBatch& checked,
                                        int64_t now_ms) {
  wire::HeaderEdit edit = checked.edit;
  const int64_t base_offset = end_offset();
  edit.base_offset = base_offset;
  edit.leader_epoch = leader_epoch_;
  AppendError error = put(batch, edit, now_ms);
  if (!error.ok()) return failed(std::move(error));
  if (batch.has_producer()) {
    producers_.record(batch, base_offset, checked.max_timestamp_ms);
  }
  AppendOutcome outcome;
  outcome.base_offset = base_offset;
  outcome.last_offset = base_offset + batch.last_offset_delta();
  outcome.bytes = batch.size();
  if (config_.timestamp_type == wire::TimestampType::kLogAppendTime) {
    outcome.log_append_time_ms = checked.max_timestamp_ms;
  }
  return outcome;
}

int64_t PartitionLog::truncate_before(int64_t offset) {
  ODK_ASSERT(offset <= end_offset());
  if (offset > start_offset_) {
    start_offset_ = offset;
    store_->drop_before(offset);
    producers_.start_moved(offset);
    aborted_.drop_before(offset);
    epochs_.truncate_before(offset);
    if (sidecar_ != nullptr) sidecar_->drop_before(store_->first_offset());
  }
  return start_offset_;
}

bool PartitionLog::apply_retention(int64_t now_ms) {
  if (!config_.delete_old) return false;
  const int64_t before = start_offset_;
  const int64_t settle_ms = std::min(config_.retention_ms, kSettleMs);
  while (const auto oldest = store_->oldest_segment()) {
    const int64_t latest_ms =
        oldest->max_timestamp_ms >= 0 ? oldest->max_timestamp_ms : oldest->appended_ms;
    const bool too_old = config_.retention_ms >= 0 && now_ms - latest_ms > config_.retention_ms &&
                         now_ms - oldest->appended_ms > settle_ms;
    const bool too_much =
        config_.retention_bytes >= 0 &&
        store_->size_bytes() >= static_cast<size_t>(config_.retention_bytes) + oldest->bytes;
    if (!too_old && !too_much) break;
    // Nothing that a crash could take back may be gone already.
    if (oldest->next_offset > high_watermark()) break;
    const int64_t first = store_->first_offset();
    truncate_before(std::max(oldest->next_offset, start_offset_));
    if (store_->first_offset() == first && store_->end_offset() > first) break;
  }
  return start_offset_ != before;
}

bool PartitionLog::evict_oldest() {
  const auto oldest = store_->oldest_segment();
  if (!oldest) return false;
  truncate_before(oldest->next_offset);
  return true;
}

}  // namespace odradek::log
