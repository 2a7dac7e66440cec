#include "log/partition_log.h"

#include <gtest/gtest.h>

#include <string>

#include "log/memory_store.h"
#include "wire/batch_builder.h"
#include "wire/batch_rewrite.h"
#include "wire/endian.h"

namespace odradek::log {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;

class PartitionLogTest : public testing::Test {
 protected:
  struct Record {
    std::string_view key;
    std::string_view value = "v";
    int64_t timestamp_ms = kNow;
  };
  static Buffer batch(const std::vector<Record>& records, const wire::BatchOptions& options = {}) {
    wire::BatchBuilder builder(options);
    for (const Record& record : records) {
      wire::NewRecord next;
      next.timestamp_ms = record.timestamp_ms;
      next.key = as_bytes(record.key);
      next.value = as_bytes(record.value);
      EXPECT_TRUE(builder.append(next));
    }
    wire::Compressor compressor;
    Buffer copy;
    copy.append(builder.finish(compressor)->bytes());
    return copy;
  }
  AppendOutcome append(const Buffer& bytes) { return log_.append(bytes.bytes(), kNow, scratch_); }
  AppendFault fault(const Buffer& bytes) { return append(bytes).error.fault; }
  void configure(const LogConfig& config) { log_.set_config(config); }
  wire::BatchView stored(int64_t offset) {
    slices_.clear();
    log_.read({offset, 1, true, log_.end_offset()}, slices_);
    return *wire::BatchView::parse(slices_.at(0).bytes());
  }

  PartitionLog log_{std::make_unique<MemoryStore>(ChunkPool::create()), LogConfig{}, 3};
  CheckScratch scratch_;
  std::vector<Slice> slices_;
};

TEST_F(PartitionLogTest, StoresABatchAsItCameButForOffsetAndEpoch) {
  const Buffer first = batch({{"a"}, {"b"}});
  EXPECT_EQ(append(first).base_offset, 0);
  const AppendOutcome outcome = append(first);
  EXPECT_EQ(outcome.base_offset, 2);
  EXPECT_EQ(outcome.last_offset, 3);
  EXPECT_EQ(outcome.log_append_time_ms, -1);
  const wire::BatchView found = stored(2);
  EXPECT_EQ(found.base_offset(), 2);
  EXPECT_EQ(found.leader_epoch(), 3);
  EXPECT_TRUE(found.verify_crc());
  EXPECT_TRUE(std::ranges::equal(found.bytes().subspan(wire::batch_layout::kMagic),
                                 first.bytes().subspan(wire::batch_layout::kMagic)));
}

TEST_F(PartitionLogTest, RefusesWhatIsNotOneBatch) {
  EXPECT_EQ(log_.append({}, kNow, scratch_).error.fault, AppendFault::kInvalidRecord);
  Buffer two = batch({{"a"}});
  const Buffer other = batch({{"b"}});
  two.append(other.bytes());
  EXPECT_EQ(fault(two), AppendFault::kInvalidRecord);
  const Buffer whole = batch({{"a"}});
  EXPECT_EQ(log_.append(whole.bytes().first(whole.size() - 1), kNow, scratch_).error.fault,
            AppendFault::kInvalidRecord);
  EXPECT_EQ(log_.end_offset(), 0);
}

TEST_F(PartitionLogTest, IgnoresACutBatchBehindTheFirst) {
  Buffer bytes = batch({{"a"}});
  const size_t whole = bytes.size();
  bytes.append(std::string_view("\0\0\0\0\0\0\0\0\0\0", 10));
  EXPECT_EQ(append(bytes).bytes, whole);
  bytes.append(std::string_view("\0\0\0\0\0\0\0\0\0\0", 10));
  EXPECT_EQ(fault(bytes), AppendFault::kCorrupt) << "a batch of length 0";
}

TEST_F(PartitionLogTest, RefusesABadChecksum) {
  Buffer bytes = batch({{"a"}});
  bytes.data()[bytes.size() - 1] ^= 1;
  EXPECT_EQ(fault(bytes), AppendFault::kCorrupt);
}

TEST_F(PartitionLogTest, RefusesOldFormatsAndUnknownMagic) {
  Buffer bytes = batch({{"a"}});
  bytes.data()[wire::batch_layout::kMagic] = 1;
  EXPECT_EQ(fault(bytes), AppendFault::kInvalidRecord);
  bytes.data()[wire::batch_layout::kMagic] = 3;
  EXPECT_EQ(fault(bytes), AppendFault::kCorrupt);
}

TEST_F(PartitionLogTest, RefusesABatchOverTheTopicsLimitBeforeItsChecksum) {
  LogConfig config;
  config.max_message_bytes = 70;
  configure(config);
  Buffer bytes = batch({{"a", "a value that is too long for it"}});
  bytes.data()[bytes.size() - 1] ^= 1;
  EXPECT_EQ(fault(bytes), AppendFault::kTooLarge);
}

TEST_F(PartitionLogTest, RefusesControlBatchesOfClients) {
  wire::BatchOptions options;
  options.control = true;
  EXPECT_EQ(fault(batch({{"a"}}, options)), AppendFault::kInvalidRecord);
}

TEST_F(PartitionLogTest, RefusesCountsThatDoNotFitTheOffsets) {
  Buffer bytes = batch({{"a"}, {"b"}});
  wire::store_be<int32_t>(bytes.data() + wire::batch_layout::kLastOffsetDelta, 5);
  wire::store_crc(bytes.mutable_bytes());
  EXPECT_EQ(fault(bytes), AppendFault::kInvalidRecord);
}

TEST_F(PartitionLogTest, WantsKeysWhereTheTopicIsCompacted) {
  LogConfig config;
  config.compact = true;
  configure(config);
  const AppendOutcome outcome = append(batch({{"a"}, {{}}}));
  EXPECT_EQ(outcome.error.fault, AppendFault::kInvalidRecord);
  ASSERT_EQ(outcome.error.records.size(), 1U);
  EXPECT_EQ(outcome.error.records[0].index, 1);
}

TEST_F(PartitionLogTest, RefusesTimestampsFarFromNow) {
  EXPECT_EQ(fault(batch({{"a", "v", kNow + 3'600'001}})), AppendFault::kInvalidTimestamp);
  EXPECT_EQ(fault(batch({{"a", "v", kNow + 3'600'000}})), AppendFault::kNone);
  LogConfig config;
  config.timestamp_before_max_ms = 1000;
  configure(config);
  EXPECT_EQ(fault(batch({{"a", "v", kNow - 1001}})), AppendFault::kInvalidTimestamp);
  EXPECT_EQ(fault(batch({{"a", "v", wire::kNoTimestamp}})), AppendFault::kNone);
}

TEST_F(PartitionLogTest, StampsTheAppendTimeWhereTheTopicWantsIt) {
  LogConfig config;
  config.timestamp_type = wire::TimestampType::kLogAppendTime;
  configure(config);
  EXPECT_EQ(append(batch({{"a", "v", 5}})).log_append_time_ms, kNow);
  const wire::BatchView found = stored(0);
  EXPECT_EQ(found.timestamp_type(), wire::TimestampType::kLogAppendTime);
  EXPECT_EQ(found.max_timestamp(), kNow);
  EXPECT_TRUE(found.verify_crc());
}

TEST_F(PartitionLogTest, TakesTheAppendTimeBitFromNoProducer) {
  Buffer bytes = batch({{"a", "v", kNow}});
  bytes.data()[wire::batch_layout::kAttributes + 1] |= wire::batch_attributes::kLogAppendTime;
  wire::store_crc(bytes.mutable_bytes());
  EXPECT_EQ(fault(bytes), AppendFault::kNone);
  EXPECT_EQ(stored(0).timestamp_type(), wire::TimestampType::kCreateTime);
  EXPECT_TRUE(stored(0).verify_crc());
  LogConfig config;
  config.timestamp_type = wire::TimestampType::kLogAppendTime;
  configure(config);
  EXPECT_EQ(fault(bytes), AppendFault::kInvalidTimestamp);
}

TEST_F(PartitionLogTest, CorrectsAMaximalTimestampThatIsWrong) {
  Buffer bytes = batch({{"a", "v", kNow}});
  wire::store_be<int64_t>(bytes.data() + wire::batch_layout::kMaxTimestamp, 77);
  wire::store_crc(bytes.mutable_bytes());
  EXPECT_EQ(fault(bytes), AppendFault::kNone);
  EXPECT_EQ(stored(0).max_timestamp(), kNow);
  EXPECT_TRUE(stored(0).verify_crc());
}

TEST_F(PartitionLogTest, CompressesAsTheTopicSays) {
  LogConfig config;
  config.codec = wire::Codec::kZstd;
  configure(config);
  const std::string text(1000, 'x');
  EXPECT_EQ(fault(batch({{"a", text}, {"b", text}})), AppendFault::kNone);
  const wire::BatchView found = stored(0);
  EXPECT_EQ(found.codec(), wire::Codec::kZstd);
  EXPECT_TRUE(found.verify_crc());
  EXPECT_LT(found.size(), 500U);
  const Bytes records =
      *wire::records_of(found, scratch_.unpacker.decompressor, scratch_.unpacker.scratch);
  wire::RecordCursor cursor(found, records);
  EXPECT_EQ(cursor.next()->value.size(), 1000U);
}

TEST_F(PartitionLogTest, RefusesRecordsThatDoNotUnpack) {
  wire::BatchOptions options;
  options.codec = wire::Codec::kGzip;
  Buffer bytes = batch({{"a", std::string(1000, 'x')}}, options);
  bytes.data()[wire::batch_layout::kHeaderBytes + 12] ^= 0xFF;
  wire::store_crc(bytes.mutable_bytes());
  EXPECT_EQ(fault(bytes), AppendFault::kUnreadable);
}

TEST_F(PartitionLogTest, AnswersADuplicateWithItsFirstOffset) {
  wire::BatchOptions options;
  options.producer_id = 1;
  options.producer_epoch = 0;
  options.base_sequence = 0;
  const Buffer bytes = batch({{"a"}, {"b"}}, options);
  EXPECT_EQ(append(bytes).bytes, bytes.size());
  append(batch({{"other"}}));
  const AppendOutcome again = append(bytes);
  EXPECT_TRUE(again.error.ok());
  EXPECT_EQ(again.base_offset, 0);
  EXPECT_EQ(again.bytes, 0U);
  EXPECT_EQ(log_.end_offset(), 3);
}

TEST_F(PartitionLogTest, RefusesTransactionalBatchesOutsideOfATransaction) {
  wire::BatchOptions options;
  options.producer_id = 1;
  options.producer_epoch = 0;
  options.base_sequence = 0;
  options.transactional = true;
  EXPECT_EQ(fault(batch({{"a"}}, options)), AppendFault::kNotInTransaction);
}

TEST_F(PartitionLogTest, DeletesByTimeAndBySize) {
  LogConfig config;
  config.retention_ms = 1000;
  configure(config);
  const std::string value(30'000, 'v');
  for (int i = 0; i < 6; ++i) append(batch({{"a", value, kNow - 5000}}));
  for (int i = 0; i < 6; ++i) append(batch({{"a", value, kNow}}));
  EXPECT_FALSE(log_.apply_retention(kNow)) << "what just came stays a while, however old it is";
  EXPECT_TRUE(log_.apply_retention(kNow + 1001));
  EXPECT_EQ(log_.start_offset(), 12);
  for (int i = 0; i < 6; ++i) append(batch({{"a", value, kNow}}));
  EXPECT_FALSE(log_.apply_retention(kNow + 1000));
  config.retention_bytes = 0;
  configure(config);
  EXPECT_TRUE(log_.apply_retention(kNow));
  EXPECT_EQ(log_.start_offset(), 18);
  EXPECT_EQ(log_.size_bytes(), 0U);
}

TEST_F(PartitionLogTest, DeletesRecordsInTheMiddleOfABatch) {
  append(batch({{"a"}, {"b"}, {"c"}}));
  EXPECT_EQ(log_.truncate_before(1), 1);
  EXPECT_EQ(log_.truncate_before(0), 1);
  EXPECT_EQ(stored(1).base_offset(), 0) << "the batch is whole, readers skip what is deleted";
  EXPECT_EQ((*log_.find_by_time(0, scratch_.unpacker))->offset, 1);
}

}  // namespace
}  // namespace odradek::log
