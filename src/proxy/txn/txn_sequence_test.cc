#include "proxy/txn/txn_sequence.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "proxy/seed_for_tests.h"

namespace odradek::proxy {
namespace {

using Batch = TxnSequence::Batch;
using Verdict = TxnSequence::Verdict;

constexpr MonotonicTime kNow{};

Batch batch(int32_t partition, int32_t sequence, int32_t count = 1) {
  return {VirtualPartitionId(partition), sequence, count};
}

TxnSequence fresh() {
  TxnSequence sequence;
  EXPECT_TRUE(sequence.recover(std::nullopt));
  return sequence;
}

int32_t store(TxnSequence& sequence, const Batch& what) {
  const TxnSequence::Decision decision = sequence.place(what);
  EXPECT_EQ(decision.verdict, Verdict::kSend);
  sequence.sending(what, decision.sequence, kNow);
  sequence.stored(what, decision.sequence);
  return decision.sequence;
}

TEST(TxnSequence, NumbersTheBatchesOfAllVirtualPartitionsInOneRun) {
  TxnSequence sequence = fresh();
  EXPECT_EQ(store(sequence, batch(1, 0, 10)), 0);
  EXPECT_EQ(store(sequence, batch(4, 0, 5)), 10);
  EXPECT_EQ(store(sequence, batch(1, 10, 3)), 15);
  EXPECT_EQ(store(sequence, batch(7, 0)), 18);
}

TEST(TxnSequence, GivesARepeatedBatchTheNumberItHad) {
  TxnSequence sequence = fresh();
  store(sequence, batch(1, 0, 10));
  store(sequence, batch(4, 0, 5));
  EXPECT_EQ(sequence.place(batch(1, 0, 10)).sequence, 0);
  EXPECT_EQ(store(sequence, batch(1, 0, 10)), 0);
  EXPECT_EQ(store(sequence, batch(4, 5)), 15);
}

TEST(TxnSequence, DoesNotSpendNumbersOnWhatIsRefused) {
  TxnSequence sequence = fresh();
  sequence.sending(batch(1, 0, 10), 0, kNow);
  sequence.refused(batch(1, 0, 10));
  EXPECT_EQ(store(sequence, batch(4, 0)), 0);
  EXPECT_EQ(store(sequence, batch(1, 0, 10)), 1);
}

TEST(TxnSequence, RefusesWhatComesBeforeAMissingBatch) {
  TxnSequence sequence = fresh();
  sequence.sending(batch(1, 0), 0, kNow);
  sequence.refused(batch(1, 0));
  EXPECT_EQ(sequence.place(batch(1, 1)).verdict, Verdict::kOutOfOrder);
  store(sequence, batch(1, 0));
  EXPECT_EQ(sequence.place(batch(1, 2)).verdict, Verdict::kOutOfOrder);
  EXPECT_EQ(sequence.place(batch(1, 1)).verdict, Verdict::kSend);
}

// Of requests that follow each other without waiting, the second may not overtake what was
// refused of the first.
TEST(TxnSequence, WaitsForWhatWasNotEvenSent) {
  TxnSequence sequence;
  sequence.begin_connection();
  sequence.skipped(batch(4, 10));  // the broker could not be asked
  sequence.skipped(batch(4, 11));
  EXPECT_FALSE(sequence.is_known());
  EXPECT_TRUE(sequence.recover(ProducerTrace{.last_sequence = 6}));
  EXPECT_EQ(sequence.place(batch(4, 11)).verdict, Verdict::kOutOfOrder);
  EXPECT_EQ(store(sequence, batch(4, 10)), 7);
  EXPECT_EQ(store(sequence, batch(4, 11)), 8);
}

TEST(TxnSequence, SendsOnlyTheBatchInDoubtUntilItsFateIsKnown) {
  TxnSequence sequence = fresh();
  store(sequence, batch(1, 0, 2));
  sequence.sending(batch(4, 0, 3), 2, kNow);
  EXPECT_TRUE(sequence.is_in_doubt());
  EXPECT_EQ(sequence.place(batch(1, 2)).verdict, Verdict::kInDoubt);
  EXPECT_EQ(sequence.place(batch(4, 0, 3)).sequence, 2);
  sequence.stored(batch(4, 0, 3), 2);
  EXPECT_EQ(store(sequence, batch(1, 2)), 5);
}

TEST(TxnSequence, LearnsFromTheBrokerHowABatchInDoubtEnded) {
  for (const bool was_stored : {true, false}) {
    TxnSequence sequence = fresh();
    store(sequence, batch(1, 0, 2));
    sequence.sending(batch(4, 0, 3), 2, kNow);
    const ProducerTrace trace = {.last_sequence = was_stored ? 4 : 1, .is_open = true};
    EXPECT_TRUE(sequence.recover(trace));
    EXPECT_EQ(sequence.is_in_doubt(), !was_stored);
    EXPECT_EQ(sequence.place(batch(4, 0, 3)).sequence, 2);
  }
}

TEST(TxnSequence, GoesOnBehindAFinishedTransaction) {
  TxnSequence sequence;
  EXPECT_TRUE(sequence.recover(ProducerTrace{.last_sequence = 41}));
  EXPECT_EQ(store(sequence, batch(4, 17)), 42);
  EXPECT_EQ(store(sequence, batch(4, 18)), 43);
}

TEST(TxnSequence, LosesAnOpenTransactionItDoesNotKnow) {
  TxnSequence sequence;
  const ProducerTrace open = {.last_sequence = 41, .is_open = true};
  EXPECT_FALSE(sequence.recover(open));
  EXPECT_FALSE(sequence.is_known());
  // Somebody else wrote into it: an instance beside us.
  TxnSequence known = fresh();
  store(known, batch(1, 0, 2));
  EXPECT_FALSE(known.recover(open));
}

TEST(TxnSequence, AsksAgainWhenAnotherConnectionSends) {
  TxnSequence sequence = fresh();
  store(sequence, batch(4, 0, 3));
  sequence.begin_connection();
  EXPECT_FALSE(sequence.is_known());
  EXPECT_TRUE(sequence.recover(ProducerTrace{.last_sequence = 2, .is_open = true}));
  EXPECT_EQ(sequence.place(batch(4, 0, 3)).sequence, 0);  // known again
  // An instance beside us went on.
  sequence.begin_connection();
  EXPECT_TRUE(sequence.recover(ProducerTrace{.last_sequence = 9}));
  EXPECT_EQ(store(sequence, batch(4, 8)), 10);
}

TEST(TxnSequence, WrapsBehindTheLargestNumber) {
  TxnSequence sequence;
  EXPECT_TRUE(sequence.recover(ProducerTrace{.last_sequence = INT32_MAX - 2}));
  EXPECT_EQ(store(sequence, batch(1, 0, 2)), INT32_MAX - 1);
  EXPECT_EQ(store(sequence, batch(1, 2)), 0);
}

// A broker of one partition: takes a number when it follows, knows the last five again.
class BrokerModel {
 public:
  bool append(int32_t sequence, const Batch& what) {
    for (size_t i = stored_.size(); i-- > 0 && i + 5 >= stored_.size();) {
      if (stored_[i].first == sequence && stored_[i].second.count == what.count) return true;
    }
    if (sequence != next_) return false;
    stored_.emplace_back(sequence, what);
    next_ += what.count;
    return true;
  }
  ProducerTrace trace() const { return {.last_sequence = next_ - 1, .is_open = true}; }
  const auto& stored() const { return stored_; }

 private:
  int32_t next_ = 0;
  std::vector<std::pair<int32_t, Batch>> stored_;
};

// Whatever fails, is lost on the way there or on the way back: each batch is stored once, in the
// order of its virtual partition.
TEST(TxnSequence, StoresEachBatchOnceWhateverHappens) {
  std::mt19937_64 random(seed_of_test());
  for (int round = 0; round < 200; ++round) {
    TxnSequence sequence = fresh();
    BrokerModel broker;
    std::vector<int32_t> next(4, 0);
    std::optional<Batch> in_doubt;
    for (int step = 0; step < 60; ++step) {
      const auto v = static_cast<size_t>(random() % 4);
      const bool repeats = in_doubt.has_value();
      const auto count = static_cast<int32_t>(1 + random() % 3);
      const Batch what = repeats ? *in_doubt : batch(static_cast<int32_t>(v), next[v], count);
      if (random() % 8 == 0) {
        EXPECT_TRUE(sequence.recover(broker.trace()));
      }
      const TxnSequence::Decision decision = sequence.place(what);
      ASSERT_EQ(decision.verdict, Verdict::kSend);
      sequence.sending(what, decision.sequence, kNow);
      const uint64_t fate = random() % 4;
      if (fate == 0) {
        in_doubt = what;  // never arrived
        continue;
      }
      if (fate == 1 && !repeats) {
        sequence.refused(what);
        continue;
      }
      ASSERT_TRUE(broker.append(decision.sequence, what));
      if (fate == 2) {
        in_doubt = what;  // its answer never arrived
        continue;
      }
      sequence.stored(what, decision.sequence);
      in_doubt.reset();
      const auto at = static_cast<size_t>(what.partition.value());
      next[at] = what.base_sequence + what.count;
    }
    std::vector<int32_t> seen(4, 0);
    for (const auto& [number, stored] : broker.stored()) {
      const auto at = static_cast<size_t>(stored.partition.value());
      EXPECT_EQ(stored.base_sequence, seen[at]);
      seen[at] += stored.count;
    }
  }
}

}  // namespace
}  // namespace odradek::proxy
