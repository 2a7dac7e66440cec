#include "backup/restore/batch_sender.h"

#include <fmt/format.h>

#include <algorithm>

#include "proto/error_code.h"
#include "wire/batch_rewrite.h"

namespace odradek::backup {
namespace {

constexpr Duration kRetryPause = std::chrono::milliseconds(100);
// How long a partition may refuse everything before the restore gives up.
constexpr Duration kDeliveryTimeout = std::chrono::minutes(2);

}  // namespace

BatchSender::BatchSender(cluster::Cluster& cluster, ProduceQueue& produce, TopicPartition partition,
                         const SendStart& start)
    : cluster_(&cluster),
      produce_(&produce),
      partition_(std::move(partition)),
      producer_(start.producer),
      next_sequence_(start.sequence),
      end_offset_(start.end_offset),
      changed_(cluster.loop()),
      self_(std::make_shared<BatchSender*>(this)) {}

BatchSender::~BatchSender() { *self_ = nullptr; }

io::Task<Result<void>> BatchSender::send(PreparedBatch batch) {
  Result<void> has_room = co_await wait_until_below(kInFlightMax);
  if (!has_room) co_return has_room;
  InFlight entry{std::move(batch), next_sequence_};
  next_sequence_ = wire::advance_sequence(next_sequence_, entry.batch.record_count);
  window_.push_back(std::move(entry));
  if (needs_resend_) co_return Result<void>{};  // goes out with the others
  co_return co_await send_unsent();
}

io::Task<Result<void>> BatchSender::flush() { co_return co_await wait_until_below(1); }

io::Task<Result<void>> BatchSender::wait_until_below(size_t in_flight) {
  while (true) {
    retire_acknowledged();
    if (!failure_) co_return failure_;
    if (needs_resend_ && unanswered_ == 0) {
      if (cluster_->loop().now() >= give_up_at_) {
        co_return Error(Errc::kTimedOut,
                        fmt::format("produce to {}-{}", partition_.topic, partition_.partition));
      }
      Result<void> paused = co_await io::sleep(cluster_->loop(), kRetryPause);
      if (!paused) co_return paused;
      needs_resend_ = false;
      cluster_->expire_metadata();
      Result<void> sent = co_await send_unsent();
      if (!sent) co_return sent;
      continue;
    }
    if (window_.size() < in_flight) co_return Result<void>{};
    Result<void> woken = co_await changed_.wait();
    if (!woken) co_return woken;
  }
}

io::Task<Result<void>> BatchSender::send_unsent() {
  const auto lane = static_cast<cluster::Lane>(1 + partition_.partition % 2);
  Result<cluster::Cluster::Connection> leader = co_await cluster_->leader(
      partition_.topic, partition_.partition, lane, cluster_->request_deadline());
  if (!leader) co_return leader.error();
  for (size_t i = 0; i < window_.size(); ++i) {
    InFlight& entry = window_[i];
    if (entry.is_sent || entry.is_acknowledged) continue;
    ODK_CO_TRY(OutgoingBatch batch, outgoing(entry));
    entry.is_sent = true;
    ++unanswered_;
    const uint64_t number = first_number_ + i;
    produce_->add(*leader, std::move(batch), [self = self_, number](Result<int64_t> base_offset) {
      if (*self != nullptr) (*self)->on_answer(number, std::move(base_offset));
    });
  }
  co_return Result<void>{};
}

Result<OutgoingBatch> BatchSender::outgoing(const InFlight& entry) const {
  ODK_TRY(const wire::BatchView batch, wire::BatchView::parse(entry.batch.bytes.bytes()));
  const wire::HeaderBytes header = wire::edited_header(
      batch,
      {.base_offset = 0,
       .leader_epoch = wire::kNoLeaderEpoch,
       .attributes = static_cast<uint16_t>(batch.attributes() & wire::batch_attributes::kCodecMask),
       .producer_id = producer_.id,
       .producer_epoch = producer_.epoch,
       .base_sequence = entry.base_sequence});
  return OutgoingBatch{partition_.topic, partition_.partition, Slice::copy_of(Bytes(header)),
                       entry.batch.bytes.share(batch.stored_records())};
}

void BatchSender::on_answer(uint64_t number, Result<int64_t> base_offset) {
  --unanswered_;
  InFlight& entry = window_[number - first_number_];
  if (base_offset) {
    entry.is_acknowledged = true;
    entry.base_offset = *base_offset;
  } else {
    entry.is_sent = false;
    // Behind a batch that failed the broker refuses the next ones by their sequence.
    const bool follows_failure = needs_resend_ && base_offset.error().code() == Errc::kServer &&
                                 proto::error_code(base_offset.error().server_code()) ==
                                     proto::ErrorCode::kOutOfOrderSequenceNumber;
    if (!follows_failure && !is_worth_retrying(base_offset.error())) {
      if (failure_) failure_ = base_offset.error();
    } else if (!needs_resend_) {
      needs_resend_ = true;
      if (give_up_at_ == MonotonicTime{}) {
        give_up_at_ = cluster_->loop().now() + kDeliveryTimeout;
      }
    }
  }
  changed_.notify_all();
}

void BatchSender::retire_acknowledged() {
  while (!window_.empty() && window_.front().is_acknowledged) {
    retire(window_.front());
    window_.pop_front();
    ++first_number_;
    give_up_at_ = {};
  }
}

void BatchSender::retire(const InFlight& entry) {
  // The broker had the batch and no longer knows where: behind the one before, since the sequence
  // leaves no other place.
  const int64_t base = entry.base_offset < 0 ? end_offset_ : entry.base_offset;
  if (base < end_offset_ && failure_) {
    failure_ = Error(Errc::kPrecondition,
                     fmt::format("{}-{}: a batch went to offset {}, though the log ended at {}: "
                                 "another restore writes there",
                                 partition_.topic, partition_.partition, base, end_offset_));
  }
  if (base > end_offset_) has_seen_holes_ = true;
  for (const RestoredRun& run : entry.batch.runs) {
    runs_.push_back({run.source_first, base + run.target_delta, run.count, partition_.partition});
  }
  end_offset_ = base + entry.batch.record_count;
}

}  // namespace odradek::backup
