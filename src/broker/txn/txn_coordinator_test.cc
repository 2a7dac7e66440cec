#include "broker/txn/txn_coordinator.h"

#include <gtest/gtest.h>

#include "broker/txn/txn_for_tests.h"

namespace odradek::broker::testing {
namespace {

using std::chrono::milliseconds;
using Answer = TxnCoordinator::Answer;
constexpr int32_t kTimeoutMs = 60'000;

class TxnCoordinatorTest : public ::testing::Test {
 protected:
  TxnCoordinator::Now now() const { return {clock_.now(), clock_.wall_ms()}; }
  Answer init(TxnProducer producer = {.id = "x"}) {
    return coordinator_->init(producer, kTimeoutMs, now());
  }
  static TxnProducer of(const Answer& answer) { return {"x", answer.producer_id, answer.epoch}; }
  Code add(const TxnProducer& producer, int32_t partition = 0, int16_t version = kEpochPerTxn) {
    const TxnPartition added{"t", partition};
    return coordinator_->add(producer, {&added, 1}, version, now());
  }
  Answer commit(const TxnProducer& producer, int16_t version = kEpochPerTxn) {
    return coordinator_->end(producer, true, version, now());
  }
  Answer abort(const TxnProducer& producer, int16_t version = kEpochPerTxn) {
    return coordinator_->end(producer, false, version, now());
  }
  TxnState state() const { return coordinator_->find("x")->state; }
  void pass(Duration duration) {
    clock_.advance(duration);
    coordinator_->tick(now());
  }
  void crash() {
    coordinator_ = std::make_unique<TxnCoordinator>(world_, TxnConfig{});
    world_.replay_into(*coordinator_);
    coordinator_->resume(now());
  }

  ManualClock clock_;
  FakeWorld world_;
  std::unique_ptr<TxnCoordinator> coordinator_ =
      std::make_unique<TxnCoordinator>(world_, TxnConfig{});
};

TEST_F(TxnCoordinatorTest, GivesANewEpochToEachWhoAsks) {
  const Answer first = init();
  EXPECT_EQ(first.epoch, 0);
  const Answer second = init();
  EXPECT_EQ(second.producer_id, first.producer_id);
  EXPECT_EQ(second.epoch, 1);
}

TEST_F(TxnCoordinatorTest, LetsAProducerGoOnAfterAnErrorButNoOther) {
  const Answer first = init();
  const Answer second = init(of(first));
  EXPECT_EQ(second.epoch, 1);
  EXPECT_EQ(init(of(first)).epoch, 1) << "the answer was lost: the same again";
  EXPECT_EQ(init().epoch, 2) << "somebody else";
  EXPECT_EQ(init(of(second)).error, Code::kProducerFenced);
  EXPECT_EQ(init({"x", 5, 0}).error, Code::kProducerFenced);
}

TEST_F(TxnCoordinatorTest, ChangesTheProducerIdWhenEpochsAreUsedUp) {
  Answer answer = init();
  for (int i = 0; i < kLastEpoch; ++i) answer = init(of(answer));
  EXPECT_EQ(answer.epoch, kLastEpoch);
  const Answer fresh = init(of(answer));
  EXPECT_NE(fresh.producer_id, answer.producer_id);
  EXPECT_EQ(fresh.epoch, 0);
  EXPECT_EQ(init(of(answer)).epoch, 0) << "the answer was lost";
}

TEST_F(TxnCoordinatorTest, ChangesTheProducerIdWithTheLastCommitOfAnEpoch) {
  Answer answer = init();
  for (int i = 0; i < kLastEpoch; ++i) answer = init(of(answer));
  add(of(answer));
  const Answer next = commit(of(answer));
  EXPECT_NE(next.producer_id, answer.producer_id);
  EXPECT_EQ(next.epoch, 0);
  EXPECT_EQ(world_.markers.back().second.producer_id, answer.producer_id);
  EXPECT_EQ(world_.markers.back().second.producer_epoch, kLastEpoch + 1);
  const Answer again = commit(of(answer));
  EXPECT_EQ(again.error, Code::kNone);
  EXPECT_EQ(again.producer_id, next.producer_id);
  EXPECT_EQ(abort(of(answer)).error, Code::kInvalidTxnState);
}

TEST_F(TxnCoordinatorTest, AnswersEndsOfNewClientsByStateAndEpoch) {
  TxnProducer producer = of(init());
  EXPECT_EQ(commit(producer).error, Code::kInvalidTxnState) << "nothing to commit";
  const Answer aborted = abort(producer);
  EXPECT_EQ(aborted.epoch, 1) << "an abort of nothing gives a fresh epoch";
  EXPECT_EQ(abort(producer).epoch, 1) << "again";
  EXPECT_EQ(commit(producer).error, Code::kInvalidTxnState);
  add(of(aborted));
  EXPECT_EQ(commit(producer).error, Code::kProducerFenced);
  const Answer committed = commit(of(aborted));
  EXPECT_EQ(committed.epoch, 2);
  EXPECT_EQ(commit(of(aborted)).epoch, 2) << "again";
  EXPECT_EQ(abort(of(aborted)).error, Code::kInvalidTxnState);
  EXPECT_EQ(commit(of(committed)).error, Code::kInvalidTxnState);
  EXPECT_EQ(abort(of(committed)).epoch, 3);
}

TEST_F(TxnCoordinatorTest, KeepsTheEpochOfOldClients) {
  const TxnProducer producer = of(init());
  EXPECT_EQ(commit(producer, 0).error, Code::kInvalidTxnState);
  add(producer, 0, 0);
  EXPECT_EQ(commit(producer, 0).error, Code::kNone);
  EXPECT_EQ(coordinator_->find("x")->epoch, 0);
  EXPECT_EQ(commit(producer, 0).error, Code::kNone);
  EXPECT_EQ(abort(producer, 0).error, Code::kInvalidTxnState);
  EXPECT_EQ(world_.markers.size(), 1U);
}

TEST_F(TxnCoordinatorTest, DoesNotTakeTheEndOfAnOldClientForARetryOfANewOne) {
  const TxnProducer fenced = of(init());
  const TxnProducer old = of(init());
  add(old, 0, 0);
  commit(old, 0);
  EXPECT_EQ(commit(fenced).error, Code::kProducerFenced) << "though the epochs differ by one";
}

TEST_F(TxnCoordinatorTest, StoresTheDecisionBeforeTheMarkersAndTheEndBehindThem) {
  const TxnProducer producer = of(init());
  add(producer);
  int writes = 0;
  const size_t stored_before = world_.stored.size();
  world_.fails = [&] { return ++writes == 2; };  // the marker
  EXPECT_EQ(commit(producer).error, Code::kNone) << "it is decided";
  EXPECT_EQ(state(), TxnState::kPrepareCommit);
  EXPECT_EQ(world_.stored.size(), stored_before + 1);
  EXPECT_TRUE(world_.markers.empty());
  EXPECT_EQ(commit(producer).error, Code::kConcurrentTransactions);
  EXPECT_EQ(init().error, Code::kConcurrentTransactions);
  EXPECT_EQ(add({"x", producer.producer_id, 1}), Code::kConcurrentTransactions);
}

TEST_F(TxnCoordinatorTest, RepeatsMarkersThatDidNotSucceed) {
  const TxnProducer producer = of(init());
  add(producer);
  int writes = 0;
  world_.fails = [&] { return ++writes == 2; };
  commit(producer);
  ASSERT_EQ(state(), TxnState::kPrepareCommit);
  pass(std::chrono::seconds(1));
  EXPECT_EQ(state(), TxnState::kCompleteCommit);
  EXPECT_EQ(world_.markers.size(), 1U);
  EXPECT_FALSE(coordinator_->wake_at());
}

TEST_F(TxnCoordinatorTest, CarriesOutItsDecisionAfterACrash) {
  const TxnProducer producer = of(init());
  add(producer);
  add(producer, 1);
  int writes = 0;
  world_.fails = [&] { return ++writes >= 3; };  // the second marker and all behind it
  commit(producer);
  world_.fails = [] { return false; };
  ++world_.epoch;
  crash();
  EXPECT_EQ(state(), TxnState::kCompleteCommit);
  EXPECT_TRUE(world_.markers.back().second.end.committed);
  EXPECT_EQ(world_.markers.back().second.end.coordinator_epoch, 1);
  EXPECT_EQ(commit(producer).epoch, 1) << "the client asks again";
}

TEST_F(TxnCoordinatorTest, ChangesNothingWhenTheDecisionCannotBeStored) {
  const TxnProducer producer = of(init());
  add(producer);
  world_.fails = [] { return true; };
  EXPECT_EQ(commit(producer).error, Code::kNotCoordinator);
  EXPECT_EQ(state(), TxnState::kOngoing);
  EXPECT_EQ(init({.id = "y"}).error, Code::kNotCoordinator);
  EXPECT_EQ(coordinator_->find("y"), nullptr);
  world_.fails = [] { return false; };
  EXPECT_EQ(commit(producer).error, Code::kNone);
}

TEST_F(TxnCoordinatorTest, AbortsAfterTheTimeoutAlsoBehindACrash) {
  const TxnProducer producer = of(init());
  add(producer);
  pass(milliseconds(kTimeoutMs / 2));
  add(producer, 1);
  crash();
  pass(milliseconds(kTimeoutMs / 2));
  EXPECT_EQ(state(), TxnState::kOngoing);
  pass(milliseconds(1));
  EXPECT_EQ(state(), TxnState::kCompleteAbort);
  EXPECT_EQ(coordinator_->find("x")->epoch, 1);
  EXPECT_EQ(world_.markers.size(), 2U);
  EXPECT_FALSE(world_.markers[0].second.end.committed);
}

TEST_F(TxnCoordinatorTest, ForgetsIdsThatAreNotUsed) {
  init();
  clock_.advance(std::chrono::hours(24 * 7 - 1));
  init({.id = "y"});
  coordinator_->expire_ids(clock_.wall_ms());
  EXPECT_NE(coordinator_->find("x"), nullptr);
  clock_.advance(std::chrono::hours(1));
  add({"y", coordinator_->find("y")->producer_id, 0});
  coordinator_->expire_ids(clock_.wall_ms() + 1'000'000'000);
  EXPECT_EQ(coordinator_->find("x"), nullptr);
  EXPECT_NE(coordinator_->find("y"), nullptr) << "its transaction is open";
  crash();
  EXPECT_EQ(coordinator_->find("x"), nullptr);
}

TEST_F(TxnCoordinatorTest, RefusesMoreIdsThanItMayKeep) {
  coordinator_ = std::make_unique<TxnCoordinator>(world_, TxnConfig{.ids_max = 1});
  EXPECT_EQ(init().error, Code::kNone);
  EXPECT_EQ(init({.id = "y"}).error, Code::kCoordinatorNotAvailable);
  EXPECT_EQ(init().error, Code::kNone);
}

}  // namespace
}  // namespace odradek::broker::testing
