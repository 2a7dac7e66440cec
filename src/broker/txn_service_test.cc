#include "broker/txn_service.h"

#include <gtest/gtest.h>

#include "broker/broker_for_tests.h"
#include "broker/node.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;

class TxnServiceTest : public ::testing::Test {
 protected:
  void SetUp() override { node_.topics().create("t", 2, {}); }

  TxnProducer init(std::string_view id) {
    const TxnCoordinator::Answer made = node_.txns().init({.id = id}, 60'000);
    EXPECT_EQ(made.error, ErrorCode::kNone);
    return {id, made.producer_id, made.epoch};
  }
  ErrorCode add(const TxnProducer& producer, int32_t partition) {
    const TxnPartition added{"t", partition};
    return node_.txns().add(producer, {&added, 1}, 0);
  }
  ErrorCode join(const TxnProducer& producer, TxnJoin how) {
    log::TxnProof proof{};
    const log::PartitionLog& log = node_.topics().find("t")->partition(0)->log;
    return node_.txns().join(producer, {"t", 0}, log, how, proof);
  }
  const Txn& txn(std::string_view id) { return *node_.txns().coordinator().find(id); }
  // As a broker that was started again on the same logs.
  void restart() {
    node_.txns().clear();
    EXPECT_EQ(node_.txns().coordinator().size(), 0U);
    const Result<void> loaded = node_.load_state();
    ASSERT_TRUE(loaded) << loaded.error().to_string();
  }

  ManualClock clock_;
  io::Loop loop_{clock_};
  Node node_{loop_, NodeOptions{}};
};

TEST_F(TxnServiceTest, ReadsItsStateBackFromTheInternalTopic) {
  const TxnProducer open = init("open");
  add(open, 1);
  const TxnProducer done = init("done");
  add(done, 0);
  node_.txns().end(done, false, 0);
  restart();
  EXPECT_EQ(txn("open").state, TxnState::kOngoing);
  EXPECT_EQ(txn("open").producer_id, open.producer_id);
  EXPECT_EQ(txn("open").partitions, (std::set<TxnPartition>{{"t", 1}}));
  EXPECT_EQ(txn("done").state, TxnState::kCompleteAbort);
  EXPECT_EQ(node_.txns().end(open, true, 0).error, ErrorCode::kNone);
}

TEST_F(TxnServiceTest, AbortsByTheTimerOfTheLoopAlsoAfterARestart) {
  add(init("x"), 0);
  clock_.advance(std::chrono::seconds(40));
  restart();
  clock_.advance(std::chrono::seconds(20));
  loop_.run_ready();
  EXPECT_EQ(txn("x").state, TxnState::kOngoing);
  clock_.advance(std::chrono::milliseconds(1));
  loop_.run_ready();
  EXPECT_EQ(txn("x").state, TxnState::kCompleteAbort);
  EXPECT_EQ(node_.topics().find("t")->partition(0)->log.end_offset(), 1) << "the marker";
}

TEST_F(TxnServiceTest, KeepsATransactionOpenForItsTimeoutWhenTheWallClockJumps) {
  add(init("x"), 0);
  clock_.set_wall_ms(clock_.wall_ms() + 3'600'000);
  loop_.run_ready();
  EXPECT_EQ(txn("x").state, TxnState::kOngoing);
  clock_.set_wall_ms(0);
  clock_.advance(std::chrono::milliseconds(60'001));
  loop_.run_ready();
  EXPECT_EQ(txn("x").state, TxnState::kCompleteAbort);
}

TEST_F(TxnServiceTest, TellsWritersCodesTheyUnderstand) {
  TxnProducer producer = init("x");
  EXPECT_EQ(join(producer, TxnJoin::kVerifyOld), ErrorCode::kInvalidTxnState);
  EXPECT_EQ(join(producer, TxnJoin::kVerify), ErrorCode::kTransactionAbortable);
  EXPECT_EQ(join(producer, TxnJoin::kAdd), ErrorCode::kNone);
  EXPECT_EQ(join(producer, TxnJoin::kVerify), ErrorCode::kNone) << "it was added";
  ++producer.epoch;
  EXPECT_EQ(join(producer, TxnJoin::kAdd), ErrorCode::kInvalidProducerEpoch);
  ++producer.producer_id;
  EXPECT_EQ(join(producer, TxnJoin::kAdd), ErrorCode::kInvalidProducerIdMapping);
}

TEST_F(TxnServiceTest, EndsWithoutPartitionsThatAreGone) {
  const TxnProducer producer = init("x");
  add(producer, 0);
  node_.delete_topic(*node_.topics().find("t"));
  EXPECT_EQ(node_.txns().end(producer, true, 0).error, ErrorCode::kNone);
  EXPECT_EQ(txn("x").state, TxnState::kCompleteCommit);
}

}  // namespace
}  // namespace odradek::broker
