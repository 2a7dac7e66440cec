// The parts of a consumer that do no I/O: membership, positions, decoding.
#include <gtest/gtest.h>

#include "client/consumer/consumer_state.h"
#include "client/consumer/fetched_chunk.h"
#include "client/consumer/membership.h"
#include "client/consumer/partition_table.h"
#include "client/consumer/topic_filter.h"
#include "wire/batch_builder.h"
#include "wire/control_record.h"

namespace odradek::client {
namespace {

using proto::ErrorCode;

TEST(Membership, ComesBackWithTheIdItIsGiven) {
  Membership membership("g", "");
  EXPECT_EQ(membership.on_join(ErrorCode::kMemberIdRequired, "m-1", -1), GroupStep::kJoinAgain);
  EXPECT_EQ(membership.identity().member_id, "m-1");
  EXPECT_FALSE(membership.is_member());
  EXPECT_EQ(membership.on_join(ErrorCode::kNone, "m-1", 4), GroupStep::kGoOn);
  EXPECT_TRUE(membership.is_member());
}

TEST(Membership, KnowsWhatEachErrorMeans) {
  Membership membership("g", "");
  const auto join = [&membership] { membership.on_join(ErrorCode::kNone, "m", 4); };
  join();
  EXPECT_EQ(membership.on_heartbeat(ErrorCode::kRebalanceInProgress), GroupStep::kJoinAgain);
  EXPECT_TRUE(membership.is_member());
  EXPECT_EQ(membership.on_heartbeat(ErrorCode::kNotCoordinator), GroupStep::kFindCoordinator);
  EXPECT_EQ(membership.on_heartbeat(ErrorCode::kCoordinatorLoadInProgress), GroupStep::kPause);
  EXPECT_EQ(membership.on_heartbeat(ErrorCode::kIllegalGeneration), GroupStep::kJoinAsStranger);
  EXPECT_FALSE(membership.is_member());
  EXPECT_EQ(membership.identity().member_id, "m");
  join();
  EXPECT_EQ(membership.on_sync(ErrorCode::kUnknownMemberId), GroupStep::kJoinAsStranger);
  EXPECT_EQ(membership.identity().member_id, "");
  EXPECT_EQ(membership.on_join(ErrorCode::kFencedInstanceId, "", -1), GroupStep::kFail);
  EXPECT_EQ(membership.on_join(ErrorCode::kInconsistentGroupProtocol, "", -1), GroupStep::kFail);
}

TEST(Membership, IgnoresCommitsOfAnEarlierGeneration) {
  Membership membership("g", "");
  membership.on_join(ErrorCode::kNone, "m", 4);
  EXPECT_EQ(membership.on_commit(ErrorCode::kIllegalGeneration, 3), GroupStep::kGoOn);
  EXPECT_TRUE(membership.is_member());
  EXPECT_EQ(membership.on_commit(ErrorCode::kIllegalGeneration, 4), GroupStep::kJoinAsStranger);
  EXPECT_EQ(membership.on_commit(ErrorCode::kOffsetMetadataTooLarge, -1), GroupStep::kGoOn);
}

TEST(PartitionTable, CommitsWhatTheProgramIsDoneWith) {
  PartitionTable table;
  table.add({{"t", 0}, {"t", 1}}, PositionNeed::kCommitted);
  PartitionTable::set_position(*table.find({"t", 0}), 10);
  table.find({"t", 0})->position = 25;  // handed out, not done with
  EXPECT_EQ(table.uncommitted().at({"t", 0}).offset, 10);
  table.mark_consumed();
  const auto offsets = table.uncommitted();
  ASSERT_EQ(offsets.size(), 1U);
  EXPECT_EQ(offsets.at({"t", 0}).offset, 25);
  table.note_committed(offsets);
  EXPECT_TRUE(table.uncommitted().empty());
}

TEST(PartitionTable, VoidsEarlierFetchesBySeeking) {
  PartitionTable table;
  table.add({{"t", 0}}, PositionNeed::kCommitted);
  AssignedPartition& entry = *table.find({"t", 0});
  const uint64_t before = entry.epoch;
  PartitionTable::seek(entry, 7);
  EXPECT_NE(entry.epoch, before);
  EXPECT_EQ(entry.fetch_offset, 7);
  const uint64_t sought = entry.epoch;
  table.remove({{"t", 0}});
  table.add({{"t", 0}}, PositionNeed::kCommitted);
  EXPECT_NE(table.find({"t", 0})->epoch, sought);
}

TEST(PartitionTable, GoesBackToWhatWasHandedOut) {
  PartitionTable table;
  table.add({{"t", 0}}, PositionNeed::kCommitted);
  AssignedPartition& entry = *table.find({"t", 0});
  PartitionTable::set_position(entry, 10, 3);
  EXPECT_EQ(entry.fetch_epoch, 3);
  EXPECT_EQ(table.positions().at({"t", 0}).leader_epoch, 3);
  entry.fetch_offset = 50;  // fetched ahead, under a later leader
  entry.fetch_epoch = 4;
  const uint64_t before = entry.epoch;
  PartitionTable::rewind(entry);
  EXPECT_NE(entry.epoch, before);
  EXPECT_EQ(entry.fetch_offset, 10);
  EXPECT_EQ(entry.fetch_epoch, 3);
  EXPECT_EQ(entry.position, 10);
}

TEST(ConsumerState, KeepsTheIdentityWhatWasHandedOutWasReadUnder) {
  ConsumerState state({});
  uint64_t epoch = 0;
  {
    const MutexLock lock(state.mutex);
    state.identity = {.group = "g", .generation = 5, .member_id = "m"};
    state.table.add({{"t", 0}}, PositionNeed::kCommitted);
    PartitionTable::set_position(*state.table.find({"t", 0}), 0);
    epoch = state.table.find({"t", 0})->epoch;
  }
  EXPECT_EQ(state.identity_for_program().generation, 5);
  FetchedChunk chunk;
  chunk.topic = std::make_shared<std::string>("t");
  chunk.partition = 0;
  chunk.assignment_epoch = epoch;
  chunk.next_offset = 3;
  state.put(std::move(chunk));
  {
    const MutexLock lock(state.mutex);
    ASSERT_TRUE(state.take_chunk());
    state.identity.generation = 6;  // the group went on without the program
  }
  EXPECT_EQ(state.identity_for_program().generation, 5);
}

TEST(TopicFilter, MatchesWholeNames) {
  const auto filter = TopicFilter::create("orders-.*|bills");
  ASSERT_TRUE(filter.has_value());
  EXPECT_TRUE(filter->matches("orders-eu"));
  EXPECT_TRUE(filter->matches("bills"));
  EXPECT_FALSE(filter->matches("old-orders-eu"));
  EXPECT_FALSE(filter->matches("bills2"));
}

TEST(TopicFilter, SaysWhatIsWrongWithAnExpression) {
  const auto filter = TopicFilter::create("orders-(");
  ASSERT_FALSE(filter.has_value());
  EXPECT_EQ(filter.error().code(), Errc::kInvalidArgument);
  EXPECT_NE(filter.error().message().find("orders-("), std::string_view::npos);
}

// --- chunks

struct Log {
  Buffer bytes;
  int64_t next_offset = 0;

  void add(std::initializer_list<std::string_view> values, wire::BatchOptions options = {}) {
    options.base_offset = next_offset;
    wire::BatchBuilder builder(options);
    for (const std::string_view value : values) {
      ASSERT_TRUE(builder.append({.timestamp_ms = 5, .key = {}, .value = as_bytes(value)}));
    }
    next_offset += builder.record_count();
    wire::Compressor compressor;
    bytes.append(builder.finish(compressor)->bytes());
  }
  void end_transaction(int64_t producer_id, bool committed) {
    wire::EndTxnBatch marker;
    marker.marker.committed = committed;
    marker.producer_id = producer_id;
    marker.producer_epoch = 0;
    marker.base_offset = next_offset++;
    bytes.append(wire::make_end_txn_batch(marker).bytes());
  }
};

FetchedChunk chunk_of(const Log& log, int64_t first_offset = 0) {
  FetchedChunk chunk;
  chunk.topic = std::make_shared<std::string>("t");
  chunk.partition = 3;
  chunk.batches = Slice::copy_of(log.bytes.bytes());
  chunk.first_offset = first_offset;
  chunk.next_offset = log.next_offset;
  return chunk;
}

std::vector<std::string> values_of(const Result<kafka::RecordBatch>& batch) {
  std::vector<std::string> values;
  EXPECT_TRUE(batch.has_value()) << batch.error().to_string();
  for (const kafka::RecordView& record : *batch) values.emplace_back(record.value());
  return values;
}

wire::BatchOptions transactional(int64_t producer_id) {
  wire::BatchOptions options;
  options.transactional = true;
  options.producer_id = producer_id;
  options.producer_epoch = 0;
  options.base_sequence = 0;
  return options;
}

TEST(ChunkDecoder, SkipsRecordsBeforeTheWantedOffset) {
  Log log;
  log.add({"a", "b", "c"});
  log.add({"d"});
  ChunkDecoder decoder({});
  const auto batch = decoder.decode(chunk_of(log, 2));
  EXPECT_EQ(values_of(batch), (std::vector<std::string>{"c", "d"}));
  EXPECT_EQ((*batch)[0].offset(), 2);
  EXPECT_EQ(batch->next_offset(), 4);
  EXPECT_EQ(batch->topic(), "t");
  EXPECT_EQ(batch->partition(), 3);
}

TEST(ChunkDecoder, ReadsCompressedBatches) {
  Log log;
  for (const wire::Codec codec : {wire::Codec::kGzip, wire::Codec::kSnappy, wire::Codec::kLz4,
                                  wire::Codec::kZstd, wire::Codec::kNone}) {
    wire::BatchOptions options;
    options.codec = codec;
    options.compress_only_if_smaller = false;
    log.add({"x", "y"}, options);
  }
  ChunkDecoder decoder({});
  EXPECT_EQ(values_of(decoder.decode(chunk_of(log))).size(), 10U);
}

TEST(ChunkDecoder, LeavesAbortedTransactionsOut) {
  Log log;
  log.add({"plain"});
  log.add({"aborted"}, transactional(7));
  log.add({"committed"}, transactional(8));
  log.end_transaction(7, false);
  log.add({"later"}, transactional(7));
  log.end_transaction(7, true);
  log.end_transaction(8, true);
  ChunkDecoder decoder({});
  FetchedChunk chunk = chunk_of(log);
  chunk.read_committed = true;
  chunk.aborted = {{.producer_id = 7, .first_offset = 1}};
  EXPECT_EQ(values_of(decoder.decode(std::move(chunk))),
            (std::vector<std::string>{"plain", "committed", "later"}));
  EXPECT_EQ(values_of(decoder.decode(chunk_of(log))).size(), 4U);
}

// A fetch may begin behind the data of a transaction, with its end: brokers end an answer where a
// log segment ends, and then name the transaction again.
TEST(ChunkDecoder, KeepsWhatFollowsTheEndOfATransactionThatBeganBefore) {
  Log log;
  log.next_offset = 4;
  log.end_transaction(7, false);
  log.add({"committed"}, transactional(7));
  log.end_transaction(7, true);
  ChunkDecoder decoder({});
  FetchedChunk chunk = chunk_of(log, 4);
  chunk.read_committed = true;
  chunk.aborted = {{.producer_id = 7, .first_offset = 1}};
  EXPECT_EQ(values_of(decoder.decode(std::move(chunk))), (std::vector<std::string>{"committed"}));
}

TEST(ChunkDecoder, NamesThePlaceOfADamagedBatch) {
  Log log;
  log.add({"a"});
  FetchedChunk chunk = chunk_of(log);
  log.bytes.mutable_bytes()[log.bytes.size() - 2] ^= 1;
  chunk.batches = Slice::copy_of(log.bytes.bytes());
  FetchedChunk again = chunk;
  ChunkDecoder decoder({});
  const auto failed = decoder.decode(std::move(chunk));
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code(), Errc::kChecksum);
  EXPECT_NE(failed.error().message().find("t-3 at offset 0"), std::string::npos);
  ChunkDecoder careless({.check_crc = false});
  (void)careless.decode(std::move(again));  // whatever it says, it does not crash
}

TEST(MeasureChunk, CountsWholeBatchesOnly) {
  Log log;
  log.add({"a", "b"});
  const size_t first_bytes = log.bytes.size();
  log.add({"c"});
  const auto whole = measure_chunk(log.bytes.bytes(), 0);
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(whole->next_offset, 3);
  const auto cut = measure_chunk(log.bytes.bytes().first(log.bytes.size() - 1), 0);
  ASSERT_TRUE(cut.has_value());
  EXPECT_EQ(cut->next_offset, 2);
  EXPECT_EQ(cut->whole.size(), first_bytes);
  EXPECT_FALSE(measure_chunk(log.bytes.bytes().first(20), 0).has_value());
  EXPECT_EQ(measure_chunk({}, 5)->next_offset, 5);
}

TEST(ConsumerState, DropsWhatASeekMadeVoid) {
  ConsumerState state(kafka::ConsumerOptions{});
  Log log;
  log.add({"a"});
  const MutexLock lock(state.mutex);
  state.table.add({{"t", 3}}, PositionNeed::kCommitted);
  AssignedPartition& entry = *state.table.find({"t", 3});
  PartitionTable::set_position(entry, 0);
  FetchedChunk chunk = chunk_of(log);
  chunk.assignment_epoch = entry.epoch;
  state.buffered_bytes = chunk.batches.size();
  entry.buffered_bytes = chunk.batches.size();
  state.chunks.push_back(std::move(chunk));
  entry.is_paused = true;
  EXPECT_FALSE(state.take_chunk().has_value());
  entry.is_paused = false;
  PartitionTable::seek(entry, 9);
  EXPECT_FALSE(state.take_chunk().has_value());
  EXPECT_EQ(state.buffered_bytes, 0U);
  EXPECT_EQ(entry.buffered_bytes, 0U);
  EXPECT_EQ(entry.position, 9);
}

}  // namespace
}  // namespace odradek::client
