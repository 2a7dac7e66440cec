#include "proxy/remap/chunk_scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

#include "proxy/remap/batch_mark.h"
#include "proxy/remap/filler.h"
#include "proxy/seed_for_tests.h"
#include "wire/batch_builder.h"
#include "wire/control_record.h"
#include "wire/record_iterator.h"

namespace odradek::proxy {
namespace {

// One record as a consumer sees it.
struct Seen {
  int64_t offset;
  std::string value;
  auto operator<=>(const Seen&) const = default;
};

// A broker's partition: appends what the proxy sends, reads chunks cut at any byte.
class PhysicalLog {
 public:
  int64_t append(const wire::BatchView& batch, const wire::HeaderEdit& mark) {
    wire::HeaderEdit edit = mark;
    edit.base_offset = end_;
    edit.leader_epoch = 3;
    Buffer bytes;
    const wire::HeaderBytes header = wire::edited_header(batch, edit);
    bytes.append(Bytes(header));
    bytes.append(batch.stored_records());
    const int64_t base = end_;
    end_ += batch.last_offset_delta() + 1;
    batches_.push_back(bytes.freeze());
    return base;
  }
  void append_marker() {
    const wire::EndTxnBatch marker = {.marker = {.committed = true},
                                      .producer_id = 5,
                                      .producer_epoch = 0,
                                      .timestamp_ms = 9,
                                      .base_offset = end_};
    batches_.push_back(wire::make_end_txn_batch(marker));
    ++end_;
  }
  Slice read(int64_t from, size_t bytes_max) const {
    Buffer bytes;
    for (const Slice& batch : batches_) {
      if (wire::BatchView::parse(batch.bytes())->next_offset() <= from) continue;
      if (bytes.size() >= bytes_max) break;
      bytes.append(batch.bytes());
    }
    if (!bytes.empty()) {
      const size_t first = *wire::peek_batch_size(bytes.bytes()).value();
      if (bytes.size() > std::max(bytes_max, first)) bytes.resize(std::max(bytes_max, first));
    }
    return bytes.freeze();
  }
  int64_t end() const { return end_; }

 private:
  std::vector<Slice> batches_;
  int64_t end_ = 0;
};

// The consumer's side: walks an answer, gives the records and the position behind it.
int64_t consume(const std::vector<Slice>& answer, int64_t position, std::vector<Seen>& into) {
  SliceChain chain;
  for (const Slice& piece : answer) chain.append(piece);
  const Slice bytes = chain.flatten();
  wire::Decompressor decompressor;
  Buffer scratch;
  const auto rest = wire::for_each_batch(bytes.bytes(), [&](const wire::BatchView& batch) {
    EXPECT_TRUE(batch.verify_crc());
    EXPECT_GE(batch.next_offset(), position);
    if (!batch.is_control()) {
      const Bytes records = *wire::records_of(batch, decompressor, scratch);
      wire::RecordCursor cursor(batch, records);
      while (const wire::RecordView* record = cursor.next()) {
        if (record->offset < position) continue;
        into.push_back({record->offset, std::string(as_text(record->value))});
      }
      EXPECT_TRUE(cursor.status());
    }
    position = batch.next_offset();
  });
  EXPECT_TRUE(rest && rest->empty());
  return position;
}

class Cluster {
 public:
  Cluster(int32_t physical, int32_t groups, uint64_t seed)
      : remapper_(*PartitionRemapper::create(
            {.virtual_partitions = physical * groups, .physical_partitions = physical})),
        logs_(static_cast<size_t>(physical)),
        random_(seed) {}

  void produce_some() {
    const auto v =
        static_cast<int32_t>(below(static_cast<uint64_t>(remapper_.virtual_partitions())));
    PhysicalLog& log =
        logs_[static_cast<size_t>(remapper_.physical_of(VirtualPartitionId(v)).value())];
    if (below(12) == 0) return log.append_marker();
    wire::BatchOptions options;
    options.codec = static_cast<wire::Codec>(below(5));
    if (below(2) == 0) {
      options.producer_id = static_cast<int64_t>(below(1000));
      options.producer_epoch = 0;
      options.base_sequence = 0;
      options.transactional = below(2) == 0;
    }
    wire::BatchBuilder builder(options);
    std::vector<std::string> values;
    const uint64_t count = 1 + below(5);
    for (uint64_t i = 0; i < count; ++i) {
      values.push_back(std::to_string(serial_++) + std::string(below(400), 'x'));
      const wire::NewRecord record = {
          .timestamp_ms = 5, .key = {}, .value = as_bytes(values.back()), .headers = {}};
      EXPECT_TRUE(builder.append(record));
    }
    const Slice made = *builder.finish(compressor_);
    const wire::BatchView batch = *wire::BatchView::parse(made.bytes());
    const auto edit = *mark_edit(batch, remapper_, VirtualPartitionId(v));
    const int64_t base = log.append(batch, edit.value_or(wire::HeaderEdit{}));
    for (size_t i = 0; i < values.size(); ++i) {
      acked_[v].push_back({base + static_cast<int64_t>(i), values[i]});
    }
  }

  // Reads all virtual partitions of `p` together in random slices, to the end.
  void read_all(int32_t p, std::map<int32_t, std::vector<Seen>>& into) {
    const PhysicalLog& log = logs_[static_cast<size_t>(p)];
    const auto partitions = remapper_.virtual_partitions_for_physical(PartitionId(p));
    std::map<int32_t, int64_t> position;
    const auto behind = [&] {
      return std::ranges::any_of(partitions,
                                 [&](auto v) { return position[v.value()] < log.end(); });
    };
    for (int fetch = 0; behind(); ++fetch) {
      ASSERT_LT(fetch, 100'000);
      std::vector<VirtualReader> readers;
      for (const VirtualPartitionId v : partitions) {
        if (below(4) == 0) continue;  // a client does not ask for all every time
        readers.emplace_back(v, Offset(position[v.value()]), static_cast<int64_t>(below(3000)));
      }
      AnswerBudget budget{.bytes_left = static_cast<int64_t>(below(8000))};
      for (uint64_t chunk = 1 + below(3); chunk > 0 && !readers.empty(); --chunk) {
        const auto lowest = std::ranges::min_element(readers, {}, &VirtualReader::cursor)->cursor();
        const Slice bytes = log.read(lowest.value(), below(4000));
        const ScanResult found = ChunkScan(remapper_, PartitionId(p))
                                     .scan(bytes, lowest, Coverage::kAll, readers, budget);
        EXPECT_FALSE(found.is_corrupt);
        EXPECT_EQ(found.mark_errors, 0);
      }
      for (VirtualReader& reader : readers) {
        const int32_t v = reader.partition().value();
        const int64_t scanned = reader.cursor().value();
        position[v] = consume(reader.finish(), position[v], into[v]);
        EXPECT_EQ(position[v], scanned);
      }
    }
    for (const VirtualPartitionId v : partitions) EXPECT_EQ(position[v.value()], log.end());
  }

  uint64_t below(uint64_t limit) { return random_() % limit; }
  const PartitionRemapper& remapper() const { return remapper_; }
  const std::map<int32_t, std::vector<Seen>>& acked() const { return acked_; }
  PhysicalLog& log(int32_t p) { return logs_[static_cast<size_t>(p)]; }

 private:
  PartitionRemapper remapper_;
  std::vector<PhysicalLog> logs_;
  std::mt19937_64 random_;
  wire::Compressor compressor_;
  std::map<int32_t, std::vector<Seen>> acked_;
  int64_t serial_ = 0;
};

// Invariants 2, 3 and 4 of the design: the virtual partitions together hold each record once;
// per partition offsets are those acknowledged and in order; any slicing gives the same and ends
// at the end of the log.
TEST(ChunkScan, GivesEveryRecordToItsPartitionOnceHoweverTheLogIsSliced) {
  const uint64_t seed = seed_of_test();
  for (uint64_t round = 0; round < 30; ++round) {
    Cluster cluster(1 + static_cast<int32_t>(round % 4), 1 + static_cast<int32_t>(round % 7),
                    seed + round);
    const uint64_t batches = 20 + cluster.below(150);
    for (uint64_t i = 0; i < batches; ++i) cluster.produce_some();
    std::map<int32_t, std::vector<Seen>> seen;
    for (int32_t p = 0; p < cluster.remapper().physical_partitions(); ++p) {
      cluster.read_all(p, seen);
    }
    std::erase_if(seen, [](const auto& entry) { return entry.second.empty(); });
    EXPECT_EQ(seen, cluster.acked());
  }
}

class ScanRules : public testing::Test {
 protected:
  // A batch of `records` records of 100 bytes for virtual partition `v` on physical 0.
  void produce(int32_t v, int records) {
    wire::BatchBuilder builder({});
    const std::string value(100, 'v');
    for (int i = 0; i < records; ++i) {
      const wire::NewRecord record = {
          .timestamp_ms = 77, .key = {}, .value = as_bytes(value), .headers = {}};
      ASSERT_TRUE(builder.append(record));
    }
    wire::Compressor compressor;
    const Slice made = *builder.finish(compressor);
    const wire::BatchView batch = *wire::BatchView::parse(made.bytes());
    const auto edit = *mark_edit(batch, remapper_, VirtualPartitionId(v));
    log_.append(batch, edit.value_or(wire::HeaderEdit{}));
  }
  ScanResult scan(std::vector<VirtualReader>& readers, int64_t from, size_t bytes_max = 1 << 20) {
    return ChunkScan(remapper_, PartitionId(0))
        .scan(log_.read(from, bytes_max), Offset(from), coverage_, readers, budget_);
  }

  PartitionRemapper remapper_ =
      *PartitionRemapper::create({.virtual_partitions = 12, .physical_partitions = 3});
  PhysicalLog log_;
  AnswerBudget budget_{.bytes_left = 1 << 20};
  Coverage coverage_ = Coverage::kAll;
};

TEST_F(ScanRules, EndsAnAnswerWithAFillerOverForeignBatches) {
  produce(0, 2);
  produce(3, 5);
  produce(6, 4);
  std::vector<VirtualReader> readers;
  readers.emplace_back(VirtualPartitionId(3), Offset(0), 1 << 20);
  readers.emplace_back(VirtualPartitionId(9), Offset(0), 1 << 20);
  scan(readers, 0);

  std::vector<Seen> seen;
  EXPECT_EQ(consume(readers[0].finish(), 0, seen), 11);
  EXPECT_EQ(seen.size(), 5U);
  seen.clear();
  const std::vector<Slice> quiet = readers[1].finish();
  EXPECT_EQ(consume(quiet, 0, seen), 11);
  EXPECT_TRUE(seen.empty());
  const wire::BatchView filler = *wire::BatchView::parse(quiet[0].bytes());
  EXPECT_EQ(filler.attributes(), 0x0030);
  EXPECT_EQ(filler.base_offset(), 0);
  EXPECT_EQ(filler.last_offset_delta(), 10);
  EXPECT_EQ(filler.leader_epoch(), 3);
  EXPECT_EQ(filler.max_timestamp(), 77);
  EXPECT_EQ(filler.producer_id(), kFillerProducerId);
  EXPECT_EQ(filler.producer_epoch(), 0);
  EXPECT_EQ(filler.base_sequence(), -1);
  EXPECT_LE(filler.size(), 90U);
  EXPECT_TRUE(filler.verify_crc());
  wire::RecordCursor cursor(filler, filler.stored_records());
  const wire::RecordView* record = cursor.next();
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(*wire::control_type(*record), wire::ControlType::kCommit);
  EXPECT_TRUE(wire::end_txn_marker(*record)->committed);
}

TEST_F(ScanRules, AnswersNothingWhenNothingWasScanned) {
  produce(0, 2);
  std::vector<VirtualReader> readers;
  readers.emplace_back(VirtualPartitionId(0), Offset(2), 1 << 20);
  scan(readers, 2);
  EXPECT_EQ(readers[0].cursor(), Offset(2));
  EXPECT_TRUE(readers[0].finish().empty());
}

TEST_F(ScanRules, TakesTheFirstBatchWholeAndStopsAtTheLimit) {
  for (int i = 0; i < 3; ++i) {
    produce(3, 10);
    produce(0, 1);
  }
  std::vector<VirtualReader> readers;
  readers.emplace_back(VirtualPartitionId(3), Offset(0), 10);
  scan(readers, 0);
  EXPECT_TRUE(readers[0].is_full());
  EXPECT_EQ(readers[0].cursor(), Offset(11));  // the foreign record behind the batch is passed
  std::vector<Seen> seen;
  EXPECT_EQ(consume(readers[0].finish(), 0, seen), 11);
  EXPECT_EQ(seen.size(), 10U);
}

TEST_F(ScanRules, LeavesReadersBelowTheChunkAlone) {
  produce(0, 4);
  produce(3, 4);
  std::vector<VirtualReader> readers;
  readers.emplace_back(VirtualPartitionId(0), Offset(0), 1 << 20);
  readers.emplace_back(VirtualPartitionId(3), Offset(4), 1 << 20);
  scan(readers, 4);
  EXPECT_EQ(readers[0].cursor(), Offset(0));
  EXPECT_EQ(readers[1].cursor(), Offset(8));
  EXPECT_GT(readers[1].taken_bytes(), 0);
}

TEST_F(ScanRules, ServesOnlyWhoStandsWhereTheReadBeganWhenAsked) {
  produce(0, 4);
  produce(3, 4);
  std::vector<VirtualReader> readers;
  readers.emplace_back(VirtualPartitionId(0), Offset(0), 1 << 20);
  readers.emplace_back(VirtualPartitionId(3), Offset(4), 1 << 20);
  coverage_ = Coverage::kFromHere;
  scan(readers, 0);
  EXPECT_EQ(readers[0].cursor(), Offset(8));
  EXPECT_EQ(readers[1].cursor(), Offset(4));
}

TEST_F(ScanRules, ReportsWhatIsNoBatch) {
  std::vector<VirtualReader> readers;
  readers.emplace_back(VirtualPartitionId(0), Offset(0), 1 << 20);
  const Slice garbage = Slice::copy_of(std::string(200, '\x07'));
  const ScanResult found =
      ChunkScan(remapper_, PartitionId(0)).scan(garbage, Offset(0), coverage_, readers, budget_);
  EXPECT_TRUE(found.is_corrupt);
  EXPECT_EQ(readers[0].cursor(), Offset(0));
}

TEST_F(ScanRules, SharesUnmarkedNeighboursAsOnePiece) {
  produce(0, 30);
  produce(0, 30);
  produce(3, 30);
  produce(0, 30);
  std::vector<VirtualReader> readers;
  readers.emplace_back(VirtualPartitionId(0), Offset(0), 1 << 20);
  scan(readers, 0);
  EXPECT_EQ(readers[0].finish().size(), 2U);
}

}  // namespace
}  // namespace odradek::proxy
