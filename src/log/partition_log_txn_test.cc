#include <gtest/gtest.h>

#include <string>

#include "log/memory_store.h"
#include "log/partition_log.h"
#include "wire/batch_builder.h"
#include "wire/control_record.h"

namespace odradek::log {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;
constexpr int64_t kProducer = 7;

// A log that several transactional producers write to.
class PartitionLogTxn : public testing::Test {
 protected:
  struct Sent {
    int64_t producer = kProducer;
    int16_t epoch = 0;
    int32_t sequence = 0;
    int32_t records = 1;
    bool transactional = true;
    TxnProof proof = TxnProof::kVerified;
  };
  AppendOutcome send(const Sent& sent) {
    wire::BatchOptions options;
    options.producer_id = sent.producer;
    options.producer_epoch = sent.epoch;
    options.base_sequence = sent.sequence;
    options.transactional = sent.transactional;
    wire::BatchBuilder builder(options);
    for (int32_t i = 0; i < sent.records; ++i) {
      EXPECT_TRUE(builder.append({.timestamp_ms = kNow, .value = as_bytes("v")}));
    }
    const Slice batch = *builder.finish(scratch_.compressor);
    return log_.append(batch.bytes(), kNow, scratch_, sent.proof);
  }
  AppendFault fault(const Sent& sent) { return send(sent).error.fault; }

  struct End {
    int64_t producer = kProducer;
    int16_t epoch = 0;
    bool committed = true;
    int32_t coordinator_epoch = 0;
    int16_t version = 0;
  };
  AppendOutcome end(const End& end) {
    return log_.append_marker(
        {end.producer, end.epoch, {end.committed, end.coordinator_epoch}, end.version}, kNow);
  }

  PartitionLog log_{std::make_unique<MemoryStore>(ChunkPool::create()), LogConfig{}, 3};
  CheckScratch scratch_;
};

TEST_F(PartitionLogTxn, HoldsTheLastStableOffsetUntilTheMarker) {
  send({.producer = 1, .transactional = false, .proof = TxnProof::kNone});
  EXPECT_EQ(log_.last_stable_offset(), 1);
  send({.records = 2});
  send({.sequence = 2});
  EXPECT_EQ(log_.last_stable_offset(), 1);
  EXPECT_EQ(log_.end_offset(), 4);
  EXPECT_EQ(end({}).base_offset, 4) << "a marker has an offset";
  EXPECT_EQ(log_.last_stable_offset(), 5);
}

TEST_F(PartitionLogTxn, IsStableUpToTheOldestOpenTransaction) {
  send({.producer = 1});
  send({.producer = 2});
  end({.producer = 2});
  EXPECT_EQ(log_.last_stable_offset(), 0);
  end({.producer = 1});
  EXPECT_EQ(log_.last_stable_offset(), 4);
}

TEST_F(PartitionLogTxn, MarksTheEndWithAControlBatch) {
  send({});
  end({.committed = false, .coordinator_epoch = 9});
  std::vector<Slice> slices;
  log_.read({1, 1, true, log_.end_offset()}, slices);
  const wire::BatchView batch = *wire::BatchView::parse(slices.at(0).bytes());
  EXPECT_TRUE(batch.is_control() && batch.is_transactional());
  EXPECT_TRUE(batch.verify_crc());
  EXPECT_EQ(batch.base_offset(), 1);
  EXPECT_EQ(batch.leader_epoch(), 3);
  wire::RecordCursor cursor(batch, batch.stored_records());
  const wire::EndTxnMarker marker = *wire::end_txn_marker(*cursor.next());
  EXPECT_FALSE(marker.committed);
  EXPECT_EQ(marker.coordinator_epoch, 9);
}

TEST_F(PartitionLogTxn, ListsAbortedTransactionsOfARangeByTheirBegin) {
  send({.producer = 1});                           // 0
  send({.producer = 2});                           // 1
  end({.producer = 2, .committed = false});        // 2
  send({.producer = 3});                           // 3
  end({.producer = 1, .committed = false});        // 4
  end({.producer = 3, .committed = true});         // 5
  send({.producer = 2, .sequence = 1});            // 6
  end({.producer = 2, .committed = false});        // 7
  const auto firsts = [&](int64_t from, int64_t to) {
    std::vector<int64_t> found;
    for (const AbortedTxn& each : log_.aborted_txns().overlapping(from, to)) {
      found.push_back(each.first_offset);
    }
    return found;
  };
  EXPECT_EQ(firsts(0, 8), (std::vector<int64_t>{0, 1, 6}));
  EXPECT_EQ(firsts(0, 1), (std::vector<int64_t>{0}));
  EXPECT_EQ(firsts(3, 6), (std::vector<int64_t>{0}));
  EXPECT_EQ(firsts(5, 6), (std::vector<int64_t>{}));
  EXPECT_EQ(firsts(7, 8), (std::vector<int64_t>{6}));
  EXPECT_EQ(log_.aborted_txns().all()[0].last_stable_offset, 0);
  EXPECT_EQ(log_.aborted_txns().all()[1].last_stable_offset, 3);
  log_.truncate_before(5);
  EXPECT_EQ(log_.aborted_txns().all().size(), 1U);
}

TEST_F(PartitionLogTxn, TakesNoRecordThatNobodyVouchesFor) {
  EXPECT_EQ(fault({.proof = TxnProof::kNone}), AppendFault::kNotInTransaction);
  EXPECT_EQ(fault({}), AppendFault::kNone);
  EXPECT_EQ(fault({.sequence = 1, .proof = TxnProof::kNone}), AppendFault::kNone)
      << "the transaction is open here";
  EXPECT_EQ(fault({.sequence = 2, .transactional = false}), AppendFault::kNotInTransaction);
  end({});
  EXPECT_EQ(fault({.sequence = 2, .proof = TxnProof::kNone}), AppendFault::kNotInTransaction);
}

TEST_F(PartitionLogTxn, KnowsADuplicateOfAnOpenTransaction) {
  send({.records = 2});
  const AppendOutcome again = send({.records = 2});
  EXPECT_TRUE(again.error.ok());
  EXPECT_EQ(again.base_offset, 0);
  EXPECT_EQ(again.bytes, 0U);
}

TEST_F(PartitionLogTxn, LetsAnImplicitlyAddedProducerBeginOnlyWithSequenceZero) {
  EXPECT_EQ(fault({.sequence = 3, .proof = TxnProof::kAddedImplicitly}),
            AppendFault::kOutOfOrderSequence);
  EXPECT_EQ(fault({.proof = TxnProof::kAddedImplicitly}), AppendFault::kNone);
  end({.epoch = 1, .version = 2});
  EXPECT_EQ(fault({.epoch = 1, .sequence = 1, .proof = TxnProof::kAddedImplicitly}),
            AppendFault::kOutOfOrderSequence);
  EXPECT_EQ(fault({.epoch = 1, .proof = TxnProof::kAddedImplicitly}), AppendFault::kNone);
}

TEST_F(PartitionLogTxn, FencesOldProducersAndCoordinators) {
  send({.epoch = 3});
  EXPECT_EQ(end({.epoch = 2}).error.fault, AppendFault::kStaleProducerEpoch);
  EXPECT_TRUE(end({.epoch = 4, .coordinator_epoch = 5}).error.ok()) << "fencing bumps the epoch";
  EXPECT_EQ(fault({.epoch = 3, .sequence = 1}), AppendFault::kStaleProducerEpoch);
  EXPECT_EQ(end({.epoch = 4, .coordinator_epoch = 4}).error.fault, AppendFault::kStaleCoordinator);
  EXPECT_EQ(log_.last_stable_offset(), 2);
}

TEST_F(PartitionLogTxn, WantsANewEpochWithEachMarkerOfVersionTwo) {
  send({});
  EXPECT_EQ(end({.version = 2}).error.fault, AppendFault::kStaleProducerEpoch)
      << "it could be of the transaction before";
  EXPECT_TRUE(end({.epoch = 1, .version = 2}).error.ok());
  EXPECT_TRUE(end({.epoch = 1, .version = 2}).error.ok()) << "again";
  EXPECT_EQ(log_.last_stable_offset(), log_.end_offset());
}

TEST_F(PartitionLogTxn, TakesNoMarkerWithoutAnEpoch) {
  EXPECT_EQ(end({.epoch = -1}).error.fault, AppendFault::kUnreadable);
  EXPECT_EQ(log_.end_offset(), 0);
}

TEST_F(PartitionLogTxn, TakesAMarkerWithoutATransaction) {
  EXPECT_TRUE(end({.committed = false}).error.ok());
  EXPECT_EQ(log_.end_offset(), 1);
  EXPECT_TRUE(log_.aborted_txns().all().empty());
}

TEST_F(PartitionLogTxn, KeepsAProducerWithAnOpenTransactionWhateverItsAge) {
  send({});
  log_.expire_producers(kNow + 1'000'000, 1);
  EXPECT_EQ(log_.producers().entries().size(), 1U);
  end({});
  log_.expire_producers(kNow + 1'000'000, 1);
  EXPECT_TRUE(log_.producers().entries().empty());
}

TEST_F(PartitionLogTxn, IsStableFromItsStartOnWhenTheBeginIsDeleted) {
  send({.records = 3});
  log_.truncate_before(2);
  EXPECT_EQ(log_.last_stable_offset(), 2);
}

}  // namespace
}  // namespace odradek::log
