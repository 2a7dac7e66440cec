#include "log/disk/disk_store.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "log/disk/memory_file_system_for_tests.h"
#include "log/disk/segment_files.h"
#include "wire/batch_builder.h"

namespace odradek::log {
namespace {

using wire::BatchView;

// A partition's directory in a file system that does what the test wants.
class DiskStoreTest : public testing::Test {
 protected:
  void open(const DiskState& state = {.clean = true}) {
    const Result<void> opened = try_open(state);
    ASSERT_TRUE(opened) << opened.error().to_string();
  }
  Result<void> try_open(const DiskState& state) {
    store_.reset();
    recovery_ = {};
    ODK_TRY(store_, DiskStore::open(cache_, options_, state, 0, recovery_));
    return {};
  }
  // As a broker stops: everything written.
  void close() {
    ASSERT_TRUE(flush());
    store_.reset();
  }
  Result<void> flush() {
    ODK_TRY(const BatchStore::Flush flush, store_->begin_flush());
    ODK_TRY_VOID(flush.run());
    store_->flushed(flush.end_offset);
    return {};
  }
  Result<void> try_append(int32_t records, size_t value_bytes = 100, int64_t timestamp = 1000) {
    wire::BatchBuilder builder{wire::BatchOptions{}};
    const std::string value(value_bytes, 'v');
    for (int32_t i = 0; i < records; ++i) {
      EXPECT_TRUE(builder.append({.timestamp_ms = timestamp + i, .value = as_bytes(value)}));
    }
    const Slice batch = *builder.finish(compressor_);
    wire::HeaderEdit edit;
    edit.base_offset = store_->end_offset();
    const BatchView view = *BatchView::parse(batch.bytes());
    return store_->append(wire::edited_header(view, edit), view.stored_records(), 5000);
  }
  void append(int32_t records, size_t value_bytes = 100, int64_t timestamp = 1000) {
    ASSERT_TRUE(try_append(records, value_bytes, timestamp));
  }
  // Base offsets of all batches that can be read; each is whole.
  std::vector<int64_t> read_all() {
    std::vector<Slice> slices;
    EXPECT_TRUE(
        store_->read({store_->first_offset(), 1 << 30, false, store_->end_offset()}, slices));
    std::vector<int64_t> offsets;
    for (const Slice& slice : slices) {
      EXPECT_TRUE(wire::for_each_batch(slice.bytes(), [&](const BatchView& batch) {
        EXPECT_TRUE(batch.verify_crc());
        offsets.push_back(batch.base_offset());
      }));
    }
    return offsets;
  }
  static std::string name(int64_t base, std::string_view suffix) {
    return segment_path("t-0", base, suffix);
  }

  MemoryFileSystem files_;
  FileCache cache_{files_, 3};
  DiskOptions options_{.directory = "t-0"};
  DiskRecovery recovery_;
  std::unique_ptr<DiskStore> store_;
  wire::Compressor compressor_;
  Unpacker unpacker_;
};

TEST_F(DiskStoreTest, FindsEverythingAgainAfterAStop) {
  open();
  for (int i = 0; i < 100; ++i) {
    if (i % 30 == 29) ASSERT_TRUE(store_->roll(5000));
    append(3, 500, 1000 + i * 10);
  }
  const std::vector<int64_t> before = read_all();
  const size_t bytes = store_->size_bytes();
  close();
  open();
  EXPECT_EQ(read_all(), before);
  EXPECT_EQ(store_->end_offset(), 300);
  EXPECT_EQ(store_->size_bytes(), bytes);
  EXPECT_EQ(recovery_.scanned_bytes, 0) << "nothing had to be checked";
  EXPECT_EQ(store_->find_by_time(1500, 0, unpacker_)->value().offset, 150);
  EXPECT_EQ(store_->find_max_timestamp(0, unpacker_)->value().offset, 299);
  append(1);
  EXPECT_EQ(read_all().back(), 300);
}

TEST_F(DiskStoreTest, MakesMissingAndSenselessIndexesAnew) {
  open();
  for (int i = 0; i < 50; ++i) append(1, 1000, 1000 + i);
  ASSERT_TRUE(store_->roll(5000));
  append(1);
  close();
  const std::vector<uint8_t> index = files_.find(name(0, ".index"))->bytes;
  const std::vector<uint8_t> times = files_.find(name(0, ".timeindex"))->bytes;
  EXPECT_GT(index.size(), 0U);
  ASSERT_TRUE(files_.remove(name(0, ".index")));
  files_.put(name(50, ".timeindex"), {1, 2, 3});
  open();
  EXPECT_EQ(read_all().size(), 51U);
  close();
  EXPECT_EQ(files_.find(name(0, ".index"))->bytes, index);
  EXPECT_EQ(files_.find(name(0, ".timeindex"))->bytes, times);
  files_.find(name(0, ".index"))->bytes.back() = 0xFF;
  files_.find(name(0, ".index"))->bytes[index.size() - 4] = 0x7F;
  open();
  EXPECT_EQ(store_->find_by_time(1030, 0, unpacker_)->value().offset, 30);
}

TEST_F(DiskStoreTest, CutsTheLogAtEveryByteAndKeepsWholeBatches) {
  open();
  std::vector<size_t> ends{0};
  for (int i = 0; i < 4; ++i) {
    append(1 + i, 10);
    ends.push_back(store_->size_bytes());
  }
  const std::vector<uint8_t> whole = files_.find(name(0, ".log"))->bytes;
  const std::vector<int64_t> bases{0, 1, 3, 6, 10};
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    files_.put(name(0, ".log"), {whole.begin(), whole.begin() + static_cast<ptrdiff_t>(cut)});
    open({.clean = false});
    size_t batches = 0;
    while (batches < 4 && ends[batches + 1] <= cut) ++batches;
    ASSERT_EQ(store_->end_offset(), bases[batches]) << cut;
    ASSERT_EQ(read_all().size(), batches) << cut;
    ASSERT_EQ(files_.find(name(0, ".log"))->bytes.size(), ends[batches]) << cut;
  }
}

TEST_F(DiskStoreTest, EndsBeforeTheBatchWithABitFlipped) {
  open();
  std::vector<size_t> ends{0};
  for (int i = 0; i < 3; ++i) {
    append(1, 10);
    ends.push_back(store_->size_bytes());
  }
  const std::vector<uint8_t> whole = files_.find(name(0, ".log"))->bytes;
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    const size_t byte = bit / 8;
    std::vector<uint8_t> damaged = whole;
    damaged[byte] ^= static_cast<uint8_t>(1U << (bit % 8));
    files_.put(name(0, ".log"), damaged);
    open({.clean = false});
    size_t batch = 0;
    while (ends[batch + 1] <= byte) ++batch;
    const size_t in_batch = byte - ends[batch];
    // The CRC covers neither the base offset nor the leader epoch. An offset that goes up cannot
    // be told from a hole; one that goes down does not follow.
    const bool unseen = in_batch < 8 || (in_batch >= 12 && in_batch < 16);
    if (unseen) continue;
    ASSERT_EQ(store_->end_offset(), static_cast<int64_t>(batch)) << "bit " << bit;
  }
}

TEST_F(DiskStoreTest, RefusesToCutWhatWasSafeOnTheDisk) {
  open();
  append(1);
  append(1);
  close();
  files_.find(name(0, ".log"))->bytes[70] ^= 1;
  const Result<void> opened = try_open({.clean = false, .recovery_point = 2});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Errc::kMalformed);
  EXPECT_NE(opened.error().message().find("00000000000000000000.log"), std::string::npos);
}

TEST_F(DiskStoreTest, TrustsSegmentsBeforeTheRecoveryPoint) {
  open();
  append(5);
  ASSERT_TRUE(store_->roll(5000));
  append(5);
  ASSERT_TRUE(flush());
  append(5);
  store_.reset();
  open({.clean = false, .recovery_point = 10});
  EXPECT_EQ(store_->end_offset(), 15);
  EXPECT_EQ(recovery_.scanned_bytes,
            static_cast<int64_t>(files_.find(name(5, ".log"))->bytes.size()));
  EXPECT_EQ(store_->flushed_offset(), 10);
}

TEST_F(DiskStoreTest, LeavesLaterSegmentsOutBehindACut) {
  open();
  append(2);
  ASSERT_TRUE(store_->roll(5000));
  append(2);
  store_.reset();
  files_.find(name(0, ".log"))->bytes.pop_back();
  open({.clean = false});
  EXPECT_EQ(store_->end_offset(), 0);
  EXPECT_EQ(files_.find(name(2, ".log")), nullptr);
  EXPECT_NE(recovery_.fault, "");
  append(1);
  EXPECT_EQ(read_all(), (std::vector<int64_t>{0}));
}

TEST_F(DiskStoreTest, ChangesNothingWhenTheDiskIsFullAndGoesOnLater) {
  open();
  append(1, 100);
  const size_t before = store_->size_bytes();
  files_.set_space(50);
  const Result<void> refused = try_append(1, 100);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kLimitExceeded);
  EXPECT_EQ(store_->end_offset(), 1);
  EXPECT_EQ(store_->size_bytes(), before);
  EXPECT_EQ(files_.find(name(0, ".log"))->bytes.size(), before);
  files_.set_no_limit();
  append(1, 100);
  EXPECT_EQ(read_all(), (std::vector<int64_t>{0, 1}));
}

TEST_F(DiskStoreTest, TakesATornWriteAwayBeforeTheNextOne) {
  open();
  append(1, 100);
  files_.set_space(80);
  files_.fail_truncates = true;
  ASSERT_FALSE(try_append(1, 1000));
  files_.set_no_limit();
  ASSERT_FALSE(try_append(1, 10)) << "what is there must go first";
  files_.fail_truncates = false;
  append(1, 10);
  EXPECT_EQ(files_.find(name(0, ".log"))->bytes.size(), store_->size_bytes());
  EXPECT_EQ(read_all(), (std::vector<int64_t>{0, 1}));
}

TEST_F(DiskStoreTest, TellsOfReadsThatFailAndOfBytesThatAreNoBatch) {
  open();
  append(1);
  std::vector<Slice> slices;
  files_.fail_reads = true;
  EXPECT_EQ(store_->read({0, 1000, true, 1}, slices).error().code(), Errc::kIo);
  files_.fail_reads = false;
  files_.find(name(0, ".log"))->bytes[16] = 7;
  EXPECT_EQ(store_->read({0, 1000, true, 1}, slices).error().code(), Errc::kMalformed);
  files_.find(name(0, ".log"))->bytes.resize(30);
  EXPECT_EQ(store_->read({0, 1000, true, 1}, slices).error().code(), Errc::kMalformed);
}

TEST_F(DiskStoreTest, RemovesDroppedSegmentsAfterTheDelay) {
  options_.file_delete_delay_ms = 1000;
  open();
  append(1);
  ASSERT_TRUE(store_->roll(5000));
  append(1);
  store_->drop_before(1);
  EXPECT_EQ(files_.find(name(0, ".log")), nullptr);
  EXPECT_NE(files_.find(name(0, ".log.deleted")), nullptr);
  store_->tidy(6000);
  store_->tidy(6999);
  EXPECT_NE(files_.find(name(0, ".log.deleted")), nullptr);
  store_->tidy(7000);
  EXPECT_EQ(files_.find(name(0, ".log.deleted")), nullptr);
}

TEST_F(DiskStoreTest, KeepsTheEndWhenEverythingIsDropped) {
  open();
  append(7);
  store_->drop_before(7);
  close();
  open();
  EXPECT_EQ(store_->end_offset(), 7);
  EXPECT_EQ(store_->first_offset(), 7);
}

TEST_F(DiskStoreTest, BeginsANewSegmentWhenTheIndexIsFull) {
  options_.index = {.interval_bytes = 200, .bytes_max = 80};
  open();
  for (int i = 0; i < 100; ++i) append(1, 100);
  EXPECT_GT(store_->segments().size(), 3U);
  EXPECT_EQ(read_all().size(), 100U);
}

TEST_F(DiskStoreTest, CompletesACompactionThatWasInterrupted) {
  const auto prepare = [&] {
    files_.remove_directory("t-0").value();
    open();
    for (int i = 0; i < 3; ++i) {
      append(2);
      ASSERT_TRUE(store_->roll(5000));
    }
    std::vector<Slice> kept;
    ASSERT_TRUE(store_->read({2, 1, true, 6}, kept));
    auto writer = store_->replace(0, 2);
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->append(kept[0].bytes()));
    ASSERT_TRUE((*(*writer)->sync_work())());
    for (const std::string_view suffix : {".index", ".timeindex", ".log"}) {
      const std::string path = name(0, suffix);
      files_.put(path + ".kept", files_.find(path + ".cleaned")->bytes);
    }
    close();
  };
  const auto rename = [&](const std::string& suffix) {
    for (const std::string each : {".index", ".timeindex", ".log"}) {
      ASSERT_TRUE(files_.rename(name(0, each + ".kept"), name(0, each + suffix)));
    }
  };
  prepare();
  rename(".cleaned");
  open({.clean = false});
  EXPECT_EQ(read_all(), (std::vector<int64_t>{0, 2, 4})) << "it was not whole";
  prepare();
  rename(".swap");
  open({.clean = false});
  EXPECT_EQ(read_all(), (std::vector<int64_t>{2, 4}));
  prepare();
  rename(".swap");
  ASSERT_TRUE(files_.rename(name(0, ".log"), name(0, ".log.deleted")));
  open({.clean = false});
  EXPECT_EQ(read_all(), (std::vector<int64_t>{2, 4}));
}

// Random work and crashes against what must be there: everything flushed, in order, nothing torn.
TEST_F(DiskStoreTest, LosesNothingFlushedInAnyCrash) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    ASSERT_TRUE(files_.remove_directory("t-0"));
    options_.index = {.interval_bytes = 300, .bytes_max = 1000};
    std::vector<int64_t> bases;  // of all batches that may be there
    int64_t safe = 0;
    open();
    for (int step = 0; step < 200; ++step) {
      switch (random() % 12) {
        case 0: ASSERT_TRUE(store_->roll(5000)); break;
        case 1:
          ASSERT_TRUE(flush());
          safe = store_->end_offset();
          break;
        case 2: {
          store_.reset();
          files_.crash(random);
          open({.clean = false, .recovery_point = safe});
          ASSERT_GE(store_->end_offset(), safe) << "seed " << seed;
          std::erase_if(bases, [&](int64_t base) { return base >= store_->end_offset(); });
          break;
        }
        case 3: {
          const int64_t offset = store_->first_offset() + static_cast<int64_t>(random() % 10);
          const int64_t first = store_->drop_before(std::min(offset, store_->end_offset()));
          std::erase_if(bases, [&](int64_t base) { return base < first; });
          break;
        }
        case 4:
          files_.set_space(random() % 100);
          ASSERT_FALSE(try_append(1, 200));
          files_.set_no_limit();
          break;
        default:
          bases.push_back(store_->end_offset());
          append(1 + static_cast<int32_t>(random() % 5), random() % 400);
      }
      ASSERT_EQ(read_all(), bases) << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace odradek::log
