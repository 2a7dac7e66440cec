#include "log/producer_state.h"

#include <gtest/gtest.h>

#include <limits>

#include "wire/batch_builder.h"

namespace odradek::log {
namespace {

using Verdict = ProducerStates::Verdict;

struct Sent {
  int16_t epoch = 0;
  int32_t sequence = 0;
  int32_t records = 1;
};

class ProducerStatesTest : public testing::Test {
 protected:
  static Slice batch(const Sent& sent) {
    wire::BatchOptions options;
    options.producer_id = 9;
    options.producer_epoch = sent.epoch;
    options.base_sequence = sent.sequence;
    wire::BatchBuilder builder(options);
    for (int32_t i = 0; i < sent.records; ++i) EXPECT_TRUE(builder.append({}));
    wire::Compressor compressor;
    return *builder.finish(compressor);
  }
  ProducerStates::Decision check(const Sent& sent) {
    const Slice bytes = batch(sent);
    return states_.check(*wire::BatchView::parse(bytes.bytes()));
  }
  // Appends when the check allows it.
  Verdict send(const Sent& sent) {
    const Slice bytes = batch(sent);
    const wire::BatchView view = *wire::BatchView::parse(bytes.bytes());
    const ProducerStates::Decision decision = states_.check(view);
    if (decision.verdict == Verdict::kAppend) {
      states_.record(view, end_, 1000);
      end_ += sent.records;
    }
    return decision.verdict;
  }

  ProducerStates states_;
  int64_t end_ = 0;
};

TEST_F(ProducerStatesTest, TakesSequencesInOrder) {
  EXPECT_EQ(send({0, 0, 3}), Verdict::kAppend);
  EXPECT_EQ(send({0, 3, 1}), Verdict::kAppend);
  EXPECT_EQ(send({0, 4, 1}), Verdict::kAppend);
}

TEST_F(ProducerStatesTest, GivesADuplicateItsFirstOffsets) {
  send({0, 0, 3});
  send({0, 3, 2});
  const auto decision = check({0, 0, 3});
  EXPECT_EQ(decision.verdict, Verdict::kDuplicate);
  EXPECT_EQ(decision.duplicate.base_offset, 0);
  EXPECT_EQ(decision.duplicate.last_offset, 2);
  EXPECT_EQ(check({0, 3, 2}).duplicate.base_offset, 3);
}

TEST_F(ProducerStatesTest, RemembersFiveBatches) {
  for (int32_t i = 0; i < 6; ++i) send({0, i, 1});
  EXPECT_EQ(check({0, 1, 1}).verdict, Verdict::kDuplicate);
  EXPECT_EQ(check({0, 0, 1}).error.fault, AppendFault::kOutOfOrderSequence);
}

TEST_F(ProducerStatesTest, RefusesAGap) {
  send({0, 0, 1});
  EXPECT_EQ(check({0, 2, 1}).error.fault, AppendFault::kOutOfOrderSequence);
}

TEST_F(ProducerStatesTest, TakesAnySequenceOfAProducerItDoesNotKnow) {
  EXPECT_EQ(send({4, 1234, 1}), Verdict::kAppend);
  EXPECT_EQ(send({4, 1235, 1}), Verdict::kAppend);
}

TEST_F(ProducerStatesTest, StartsANewEpochAtZero) {
  send({0, 0, 1});
  EXPECT_EQ(check({1, 1, 1}).error.fault, AppendFault::kOutOfOrderSequence);
  EXPECT_EQ(send({1, 0, 1}), Verdict::kAppend);
  EXPECT_EQ(check({0, 1, 1}).error.fault, AppendFault::kStaleProducerEpoch);
}

TEST_F(ProducerStatesTest, WrapsSequencesToZero) {
  constexpr int32_t kLast = std::numeric_limits<int32_t>::max();
  EXPECT_EQ(send({0, kLast, 1}), Verdict::kAppend);
  EXPECT_EQ(send({0, 0, 1}), Verdict::kAppend);
}

TEST_F(ProducerStatesTest, ForgetsProducersThatAreSilent) {
  send({0, 0, 1});
  states_.expire(1999, 1000);
  EXPECT_EQ(states_.entries().size(), 1U);
  states_.expire(2000, 1000);
  EXPECT_TRUE(states_.entries().empty());
}

}  // namespace
}  // namespace odradek::log
