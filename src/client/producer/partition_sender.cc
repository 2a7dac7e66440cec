#include "client/producer/partition_sender.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "wire/batch_rewrite.h"

namespace odradek::client {
namespace {

// Creation order is sequence order.
void insert_in_order(std::deque<SealedBatchPtr>& batches, SealedBatchPtr batch) {
  const auto at = std::ranges::upper_bound(batches, batch->place(), {},
                                           [](const SealedBatchPtr& b) { return b->place(); });
  batches.insert(at, std::move(batch));
}

// Gives the batch another place in the sequence; its records stay where they are.
void set_numbers(SealedBatch& batch, const ProducerIdentity& producer, int32_t base_sequence) {
  SliceChain chain(batch.pieces[0]);
  chain.append(batch.pieces[1]);
  const Slice whole = chain.flatten();
  const auto view = wire::BatchView::parse(whole.bytes());
  ODK_ASSERT(view.has_value(), "a batch of our own does not parse");
  wire::HeaderEdit edit;
  edit.producer_id = producer.id;
  edit.producer_epoch = producer.epoch;
  edit.base_sequence = base_sequence;
  const wire::HeaderBytes header = wire::edited_header(*view, edit);
  batch.pieces = {Slice::copy_of(Bytes(header)), whole.share(view->stored_records())};
  batch.producer_id = producer.id;
  batch.producer_epoch = producer.epoch;
  batch.base_sequence = base_sequence;
}

}  // namespace

PartitionSender::Numbers PartitionSender::next_numbers(const ProducerIdentity& current) {
  if (!options_.idempotent) return {};
  if (producer_.id == wire::kNoProducerId) producer_ = current;
  return {.producer = producer_, .base_sequence = next_sequence_};
}

// A broker knows the latest five batches of a producer again. So no new one leaves as long as it
// would push the oldest unconfirmed one, which may have to be repeated, out of that memory.
bool PartitionSender::is_in_window() const {
  if (!options_.idempotent || in_flight_.empty()) return true;
  return next_ordinal_ - in_flight_.front()->ordinal < options_.in_flight_max;
}

SealedBatch& PartitionSender::start_new(SealedBatchPtr batch) {
  ODK_ASSERT(can_start_new());
  if (options_.idempotent) {
    ODK_ASSERT(batch->base_sequence == next_sequence_);
    next_sequence_ = wire::advance_sequence(next_sequence_, batch->record_count);
  }
  ++batch->attempts;
  batch->ordinal = next_ordinal_++;
  in_flight_.push_back(std::move(batch));
  return *in_flight_.back();
}

SealedBatch& PartitionSender::start_retry() {
  SealedBatchPtr batch = std::move(waiting_.front());
  waiting_.pop_front();
  ++batch->attempts;
  SealedBatch& started = *batch;
  insert_in_order(in_flight_, std::move(batch));
  return started;
}

bool PartitionSender::is_first_outstanding(const SealedBatch& batch) const {
  const auto is_before = [&batch](const SealedBatchPtr& other) {
    return other->place() < batch.place();
  };
  return std::ranges::none_of(in_flight_, is_before) && std::ranges::none_of(waiting_, is_before);
}

PartitionSender::Verdict PartitionSender::judge(const SealedBatch& batch, proto::ErrorCode error) {
  using proto::ErrorCode;
  switch (error) {
    case ErrorCode::kNone:
    case ErrorCode::kDuplicateSequenceNumber:  // an earlier try did arrive, its answer did not
      return Verdict::kDelivered;
    case ErrorCode::kOutOfOrderSequenceNumber:
    case ErrorCode::kUnknownProducerId:
    case ErrorCode::kInvalidProducerEpoch:
      if (!options_.idempotent) return Verdict::kFailed;
      if (options_.transactional &&
          (error != ErrorCode::kOutOfOrderSequenceNumber || is_first_outstanding(batch))) {
        return Verdict::kFailed;
      }
      // Behind a batch that is to be repeated this is expected, and passes with it. With none
      // before it, either one failed for good, or the broker lost what it knew of us.
      if (error != ErrorCode::kOutOfOrderSequenceNumber || is_first_outstanding(batch)) {
        has_gap_ = true;
      }
      return Verdict::kRetry;
    default: return proto::is_retriable(error) ? Verdict::kRetry : Verdict::kFailed;
  }
}

SealedBatchPtr PartitionSender::take_in_flight(const SealedBatch& batch) {
  const auto found =
      std::ranges::find(in_flight_, &batch, [](const SealedBatchPtr& b) { return b.get(); });
  ODK_ASSERT(found != in_flight_.end());
  SealedBatchPtr taken = std::move(*found);
  in_flight_.erase(found);
  return taken;
}

SealedBatchPtr PartitionSender::finish_delivered(const SealedBatch& batch) {
  if (batch.place() >= last_delivered_ && batch.producer_epoch == producer_.epoch &&
      batch.producer_id == producer_.id) {
    last_delivered_ = batch.place();
    expected_sequence_ = wire::advance_sequence(batch.base_sequence, batch.record_count);
  }
  return take_in_flight(batch);
}

SealedBatchPtr PartitionSender::finish_failed(const SealedBatch& batch) {
  is_unresolved_ = options_.idempotent;
  return take_in_flight(batch);
}

void PartitionSender::to_retry(const SealedBatch& batch, MonotonicTime retry_at) {
  retry_at_ = std::max(retry_at_, retry_at);
  insert_in_order(waiting_, take_in_flight(batch));
}

void PartitionSender::to_retry_split(const SealedBatch& batch, SealedBatchPtr first,
                                     SealedBatchPtr second, MonotonicTime retry_at) {
  const SealedBatchPtr replaced = take_in_flight(batch);
  retry_at_ = std::max(retry_at_, retry_at);
  insert_in_order(waiting_, std::move(first));
  insert_in_order(waiting_, std::move(second));
}

std::vector<SealedBatchPtr> PartitionSender::take_expired(MonotonicTime created_before) {
  std::vector<SealedBatchPtr> expired;
  while (!waiting_.empty() && waiting_.front()->created_at < created_before) {
    is_unresolved_ = options_.idempotent;
    expired.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return expired;
}

std::vector<SealedBatchPtr> PartitionSender::take_waiting() {
  std::vector<SealedBatchPtr> taken;
  taken.reserve(waiting_.size());
  for (SealedBatchPtr& batch : waiting_) taken.push_back(std::move(batch));
  waiting_.clear();
  return taken;
}

void PartitionSender::restart(const ProducerIdentity& producer) {
  ODK_ASSERT(is_idle());
  producer_ = producer;
  next_sequence_ = 0;
  expected_sequence_ = 0;
  last_delivered_ = {};
  has_gap_ = false;
  is_unresolved_ = false;
}

std::vector<SealedBatchPtr> PartitionSender::take_all() {
  std::vector<SealedBatchPtr> all;
  for (auto* batches : {&in_flight_, &waiting_}) {
    for (SealedBatchPtr& batch : *batches) all.push_back(std::move(batch));
    batches->clear();
  }
  return all;
}

bool PartitionSender::resolve_gap(const ProducerIdentity& current) {
  if (options_.transactional) return true;  // by the end of the transaction
  if (!in_flight_.empty() || !(has_gap_ || (is_unresolved_ && waiting_.empty()))) return true;
  // All behind the failed batch were confirmed, so an unanswered try of it did arrive.
  if (!has_gap_ && expected_sequence_ == next_sequence_) {
    is_unresolved_ = false;
    return true;
  }
  ProducerIdentity fresh = producer_;
  if (current.id != producer_.id) {
    fresh = current;
  } else if (producer_.epoch == std::numeric_limits<int16_t>::max()) {
    return false;
  } else {
    ++fresh.epoch;
  }
  renumber(fresh);
  has_gap_ = false;
  is_unresolved_ = false;
  return true;
}

void PartitionSender::renumber(const ProducerIdentity& producer) {
  producer_ = producer;
  next_sequence_ = 0;
  expected_sequence_ = 0;
  for (const SealedBatchPtr& batch : waiting_) {
    set_numbers(*batch, producer_, next_sequence_);
    next_sequence_ = wire::advance_sequence(next_sequence_, batch->record_count);
  }
}

}  // namespace odradek::client
