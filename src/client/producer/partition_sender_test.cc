#include "client/producer/partition_sender.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "client/producer/split.h"
#include "wire/record_iterator.h"

namespace odradek::client {
namespace {

using proto::ErrorCode;
using Verdict = PartitionSender::Verdict;
using std::chrono::milliseconds;

class PartitionSenderTest : public testing::Test {
 protected:
  // A batch of `records` records, numbered as the sender wants it, under way.
  SealedBatch& send(int records = 1) {
    const PartitionSender::Numbers numbers = sender_.next_numbers(identity_);
    wire::BatchOptions options;
    options.producer_id = numbers.producer.id;
    options.producer_epoch = numbers.producer.epoch;
    options.base_sequence = numbers.base_sequence;
    wire::BatchBuilder builder(options);
    const std::string value = "record " + std::to_string(next_id_);
    for (int i = 0; i < records; ++i) {
      EXPECT_TRUE(builder.append({.timestamp_ms = 1, .key = {}, .value = as_bytes(value)}));
    }
    auto batch = std::make_unique<SealedBatch>();
    batch->id = next_id_++;
    batch->created_at = now_;
    batch->record_count = records;
    batch->base_sequence = numbers.base_sequence;
    batch->producer_id = numbers.producer.id;
    batch->producer_epoch = numbers.producer.epoch;
    batch->reports.resize(static_cast<size_t>(records));
    batch->charged_bytes = 100;
    batch->pieces[0] = *builder.finish(compressor_);
    return sender_.start_new(std::move(batch));
  }

  // What Sender does with an answer.
  Verdict answer(SealedBatch& batch, ErrorCode code) {
    const Verdict verdict = sender_.judge(batch, code);
    if (verdict == Verdict::kDelivered) (void)sender_.finish_delivered(batch);
    if (verdict == Verdict::kRetry) sender_.to_retry(batch, now_);
    if (verdict == Verdict::kFailed) (void)sender_.finish_failed(batch);
    EXPECT_TRUE(sender_.resolve_gap(identity_));
    return verdict;
  }

  static wire::BatchView view_of(const SealedBatch& batch, Slice& whole) {
    SliceChain chain(batch.pieces[0]);
    chain.append(batch.pieces[1]);
    whole = chain.flatten();
    return *wire::BatchView::parse(whole.bytes());
  }

  PartitionSender sender_{PartitionSenderOptions{}};
  ProducerIdentity identity_{.id = 77, .epoch = 3};
  wire::Compressor compressor_;
  MonotonicTime now_{std::chrono::hours(1)};
  uint64_t next_id_ = 1;
};

TEST_F(PartitionSenderTest, NumbersRecordsWithoutGaps) {
  EXPECT_EQ(send(3).base_sequence, 0);
  EXPECT_EQ(send(2).base_sequence, 3);
  EXPECT_EQ(send(1).base_sequence, 5);
}

TEST_F(PartitionSenderTest, LetsFiveBatchesFlyAtOnce) {
  for (int i = 0; i < 5; ++i) send();
  EXPECT_FALSE(sender_.can_start_new());
}

TEST_F(PartitionSenderTest, RepeatsInOrderAndHoldsNewBatchesMeanwhile) {
  SealedBatch& first = send();
  SealedBatch& second = send();
  SealedBatch& third = send();
  EXPECT_EQ(answer(first, ErrorCode::kNotLeaderOrFollower), Verdict::kRetry);
  // Expected behind a batch that is to be repeated: no reason for a new epoch.
  EXPECT_EQ(answer(second, ErrorCode::kOutOfOrderSequenceNumber), Verdict::kRetry);
  EXPECT_FALSE(sender_.needs_resolution());
  EXPECT_EQ(answer(third, ErrorCode::kOutOfOrderSequenceNumber), Verdict::kRetry);
  EXPECT_FALSE(sender_.can_start_new());
  for (const int32_t sequence : {0, 1, 2}) {
    ASSERT_TRUE(sender_.can_start_retry(now_));
    SealedBatch& again = sender_.start_retry();
    EXPECT_EQ(again.base_sequence, sequence);
    EXPECT_EQ(again.producer_epoch, 3);
    EXPECT_EQ(answer(again, ErrorCode::kNone), Verdict::kDelivered);
  }
  EXPECT_TRUE(sender_.can_start_new());
  EXPECT_EQ(send().base_sequence, 3);
}

TEST_F(PartitionSenderTest, TakesADuplicateForDelivered) {
  EXPECT_EQ(answer(send(), ErrorCode::kDuplicateSequenceNumber), Verdict::kDelivered);
  EXPECT_TRUE(sender_.can_start_new());
}

TEST_F(PartitionSenderTest, StartsAgainWhenTheBrokerForgotTheProducer) {
  answer(send(4), ErrorCode::kNone);
  SealedBatch& lost = send(2);
  SealedBatch& behind = send(3);
  EXPECT_EQ(answer(lost, ErrorCode::kOutOfOrderSequenceNumber), Verdict::kRetry);
  EXPECT_TRUE(sender_.needs_resolution());
  EXPECT_FALSE(sender_.can_start_retry(now_));  // until the other answer is there
  EXPECT_EQ(answer(behind, ErrorCode::kOutOfOrderSequenceNumber), Verdict::kRetry);
  ASSERT_TRUE(sender_.can_start_retry(now_));
  SealedBatch& again = sender_.start_retry();
  EXPECT_EQ(again.producer_epoch, 4);
  EXPECT_EQ(again.base_sequence, 0);
  Slice whole;
  const wire::BatchView view = view_of(again, whole);
  EXPECT_TRUE(view.verify_crc());
  EXPECT_EQ(view.producer_epoch(), 4);
  EXPECT_EQ(view.base_sequence(), 0);
  EXPECT_EQ(view.record_count(), 2);
  EXPECT_EQ(sender_.start_retry().base_sequence, 2);
}

TEST_F(PartitionSenderTest, GoesOnInTheSameEpochWhenTheFailedBatchDidArrive) {
  SealedBatch& unsure = send(2);
  SealedBatch& behind = send(2);
  sender_.to_retry(unsure, now_);  // no answer came
  EXPECT_EQ(sender_.take_expired(now_ + milliseconds(1)).size(), 1U);
  EXPECT_FALSE(sender_.can_start_new());
  // The broker takes what is behind: so it had the first.
  EXPECT_EQ(answer(behind, ErrorCode::kNone), Verdict::kDelivered);
  ASSERT_TRUE(sender_.can_start_new());
  const PartitionSender::Numbers next = sender_.next_numbers(identity_);
  EXPECT_EQ(next.base_sequence, 4);
  EXPECT_EQ(next.producer.epoch, 3);
}

TEST_F(PartitionSenderTest, StartsANewEpochBehindABatchThatNeverArrived) {
  SealedBatch& failed = send(2);
  SealedBatch& behind = send(2);
  EXPECT_EQ(answer(failed, ErrorCode::kMessageTooLarge), Verdict::kFailed);
  EXPECT_EQ(answer(behind, ErrorCode::kOutOfOrderSequenceNumber), Verdict::kRetry);
  ASSERT_TRUE(sender_.can_start_retry(now_));
  SealedBatch& again = sender_.start_retry();
  EXPECT_EQ(again.base_sequence, 0);
  EXPECT_EQ(again.producer_epoch, 4);
}

TEST_F(PartitionSenderTest, AsksForANewProducerWhenTheEpochsAreUsedUp) {
  identity_.epoch = INT16_MAX;
  SealedBatch& failed = send();
  (void)sender_.finish_failed(failed);
  EXPECT_FALSE(sender_.resolve_gap(identity_));
  identity_ = {.id = 78, .epoch = 0};
  EXPECT_TRUE(sender_.resolve_gap(identity_));
  EXPECT_EQ(sender_.next_numbers(identity_).producer.id, 78);
}

TEST_F(PartitionSenderTest, WaitsForTheRetryTime) {
  SealedBatch& batch = send();
  sender_.to_retry(batch, now_ + milliseconds(50));
  EXPECT_FALSE(sender_.can_start_retry(now_));
  EXPECT_EQ(sender_.retry_at(), now_ + milliseconds(50));
  EXPECT_TRUE(sender_.can_start_retry(now_ + milliseconds(50)));
}

TEST_F(PartitionSenderTest, FailsWhatCannotGetBetter) {
  EXPECT_EQ(sender_.judge(send(), ErrorCode::kTopicAuthorizationFailed), Verdict::kFailed);
  EXPECT_EQ(sender_.judge(send(), ErrorCode::kNotEnoughReplicas), Verdict::kRetry);
}

TEST_F(PartitionSenderTest, SendsHalvesInThePlaceOfTheWhole) {
  SealedBatch& large = send(5);
  SealedBatch& behind = send(1);
  auto halves = split(large, {}, compressor_);
  ASSERT_TRUE(halves.has_value());
  EXPECT_EQ(halves->first->record_count, 2);
  EXPECT_EQ(halves->second->record_count, 3);
  EXPECT_EQ(halves->second->reports.size(), 3U);
  EXPECT_EQ(halves->first->charged_bytes + halves->second->charged_bytes, 100U);
  sender_.to_retry_split(large, std::move(halves->first), std::move(halves->second), now_);
  answer(behind, ErrorCode::kOutOfOrderSequenceNumber);
  std::vector<int32_t> sequences;
  while (sender_.can_start_retry(now_)) {
    SealedBatch& part = sender_.start_retry();
    sequences.push_back(part.base_sequence);
    Slice whole;
    EXPECT_EQ(view_of(part, whole).record_count(), part.record_count);
    answer(part, ErrorCode::kNone);
  }
  EXPECT_EQ(sequences, (std::vector<int32_t>{0, 2, 5}));
  EXPECT_EQ(sender_.next_numbers(identity_).base_sequence, 6);
}

// A broker that remembers the last sequence of the producer, and what goes wrong on the way to it,
// at random: whatever happens, each record is stored once and in order.
TEST_F(PartitionSenderTest, StoresEachRecordOnceInOrderWhateverGetsLost) {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    std::minstd_rand random(seed);
    sender_ = PartitionSender(PartitionSenderOptions{});
    next_id_ = 1;
    std::vector<uint64_t> stored;
    int16_t epoch = 3;
    int32_t expected = 0;
    std::vector<std::pair<int32_t, int16_t>> recent;
    const auto broker = [&](const SealedBatch& batch) {
      if (std::ranges::find(recent, std::pair(batch.base_sequence, batch.producer_epoch)) !=
          recent.end()) {
        return ErrorCode::kDuplicateSequenceNumber;
      }
      const bool is_new_epoch = batch.producer_epoch > epoch && batch.base_sequence == 0;
      if (!is_new_epoch && (batch.producer_epoch != epoch || batch.base_sequence != expected)) {
        return ErrorCode::kOutOfOrderSequenceNumber;
      }
      epoch = batch.producer_epoch;
      expected = batch.base_sequence + batch.record_count;
      recent.emplace_back(batch.base_sequence, batch.producer_epoch);
      if (recent.size() > 5) recent.erase(recent.begin());
      stored.push_back(batch.id);
      return ErrorCode::kNone;
    };
    std::deque<SealedBatch*> wire;
    while (next_id_ <= 40 || !sender_.is_idle()) {
      const uint32_t dice = static_cast<uint32_t>(random()) % 10;
      if (dice < 4 && next_id_ <= 40 && sender_.can_start_new()) {
        wire.push_back(&send(1 + static_cast<int>(random() % 3)));
      } else if (dice < 6 && sender_.can_start_retry(now_)) {
        wire.push_back(&sender_.start_retry());
      } else if (!wire.empty()) {
        SealedBatch& batch = *wire.front();
        wire.pop_front();
        const bool is_refused = dice == 6;
        const bool is_answer_lost = dice == 7;
        const ErrorCode code = is_refused ? ErrorCode::kNotLeaderOrFollower : broker(batch);
        answer(batch, is_answer_lost ? ErrorCode::kRequestTimedOut : code);
      }
    }
    std::vector<uint64_t> all(40);
    for (uint64_t i = 0; i < 40; ++i) all[i] = i + 1;
    EXPECT_EQ(stored, all) << "seed " << seed;
  }
}

}  // namespace
}  // namespace odradek::client
