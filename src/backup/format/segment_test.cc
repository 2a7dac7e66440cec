#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "backup/format/segment_reader.h"
#include "backup/format/segment_writer.h"
#include "store/memory_store.h"
#include "wire/batch_builder.h"

namespace odradek::backup {
namespace {

constexpr const char* kKey = "set/topics/t/partition=0/segment-0.zst";

Slice make_batch(int64_t base_offset, int records, size_t value_bytes = 40) {
  wire::BatchBuilder builder({.base_offset = base_offset, .leader_epoch = 5});
  for (int i = 0; i < records; ++i) {
    const std::string value(value_bytes, static_cast<char>('a' + i % 26));
    const Result<void> appended =
        builder.append({.timestamp_ms = 1000 + base_offset + i, .value = as_bytes(value)});
    EXPECT_TRUE(appended);
  }
  wire::Compressor compressor;
  return *builder.finish(compressor);
}

BatchEntry facts_of(const Slice& bytes) {
  const wire::BatchView batch = *wire::BatchView::parse(bytes.bytes());
  return {.base_offset = batch.base_offset(),
          .last_offset = batch.last_offset(),
          .record_count = batch.record_count(),
          .min_timestamp = batch.base_timestamp(),
          .max_timestamp = batch.max_timestamp(),
          .leader_epoch = batch.leader_epoch()};
}

SegmentHeader test_header() {
  return {.topic = "orders",
          .topic_id = Uuid::random(),
          .partition = 3,
          .first_offset = 100,
          .incarnation = 2,
          .writer_epoch = 7,
          .backup_set = Uuid::random(),
          .created_ms = 1'700'000'000'000};
}

class Segment : public testing::Test {
 protected:
  // Three batches, offsets 100-109, 110-119, 130-139, in frames of about one batch.
  void write(SegmentWriterOptions options) {
    header_ = test_header();
    Result<std::unique_ptr<SegmentWriter>> writer =
        SegmentWriter::begin(*store_.open_writer(kKey), header_, options);
    ASSERT_TRUE(writer);
    for (const int64_t offset : {100, 110, 130}) {
      batches_.push_back(make_batch(offset, 10));
      ASSERT_TRUE((*writer)->add(batches_.back().bytes(), facts_of(batches_.back())));
    }
    const Result<FinishedSegment> finished = (*writer)->finish(100, 149);
    ASSERT_TRUE(finished) << finished.error().to_string();
    footer_ = finished->footer;
  }

  std::string raw() const {
    std::string bytes;
    for (const Slice& batch : batches_) bytes += batch.text();
    return bytes;
  }

  store::MemoryStore store_;
  SegmentHeader header_;
  SegmentFooter footer_;
  std::vector<Slice> batches_;
};

TEST_F(Segment, ReadsBackHeaderFooterIndexAndBatches) {
  write({.frame_bytes = 600});
  Result<std::unique_ptr<SegmentReader>> opened = SegmentReader::open(store_, kKey);
  ASSERT_TRUE(opened) << opened.error().to_string();
  SegmentReader& reader = **opened;
  EXPECT_EQ(reader.header(), header_);
  EXPECT_EQ(reader.footer(), footer_);
  EXPECT_EQ(footer_.record_count, 30U);
  EXPECT_EQ(footer_.first_offset, 100);
  EXPECT_EQ(footer_.last_offset, 139);
  EXPECT_EQ(footer_.covered_end, 149);
  EXPECT_EQ(footer_.min_timestamp, 1100);
  EXPECT_EQ(footer_.max_timestamp, 1139);
  ASSERT_EQ(reader.index().batches.size(), 3U);
  ASSERT_GT(reader.index().frames.size(), 1U);
  for (size_t i = 0; i < 3; ++i) {
    const Result<Slice> frame = reader.read_frame(reader.index().batches[i].frame);
    ASSERT_TRUE(frame);
    const Result<Slice> batch = reader.batch(*frame, i);
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch->text(), batches_[i].text());
  }
  EXPECT_TRUE(reader.verify());
}

TEST_F(Segment, EmptySegmentSpeaksForItsRange) {
  Result<std::unique_ptr<SegmentWriter>> writer =
      SegmentWriter::begin(*store_.open_writer(kKey), test_header(), {});
  ASSERT_TRUE((*writer)->finish(100, 250));
  Result<std::unique_ptr<SegmentReader>> opened = SegmentReader::open(store_, kKey);
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_EQ((*opened)->footer().covered_start, 100);
  EXPECT_EQ((*opened)->footer().covered_end, 250);
  EXPECT_EQ((*opened)->footer().last_offset, 99);
  EXPECT_TRUE((*opened)->verify());
}

TEST_F(Segment, AnyZstdToolGivesTheLog) {
  for (const int level : {0, 3}) {
    ASSERT_TRUE(store_.remove(kKey));
    batches_.clear();
    write({.frame_bytes = 600, .zstd_level = level});
    const std::string path = testing::TempDir() + "/segment.zst";
    std::ofstream(path, std::ios::binary) << store_.get(kKey)->text();
    const std::string log = testing::TempDir() + "/segment.log";
    ASSERT_EQ(std::system(("zstd -q -d -f -o " + log + " " + path).c_str()), 0);
    std::ifstream in(log, std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(content, raw());
  }
}

TEST_F(Segment, CutAnywhereIsRefused) {
  write({.frame_bytes = 600});
  const Slice whole = *store_.get(kKey);
  for (size_t size = 0; size < whole.size(); ++size) {
    ASSERT_TRUE(store_.put("cut", whole.bytes().first(size)));
    const Result<std::unique_ptr<SegmentReader>> opened = SegmentReader::open(store_, "cut");
    ASSERT_FALSE(opened) << "cut to " << size;
    EXPECT_NE(opened.error().message().find("cut"), std::string_view::npos);
  }
}

TEST_F(Segment, EveryFlippedBitIsFound) {
  write({.frame_bytes = 600});
  const Slice whole = *store_.get(kKey);
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged(whole.text());
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    ASSERT_TRUE(store_.put("damaged", as_bytes(damaged)));
    Result<std::unique_ptr<SegmentReader>> opened = SegmentReader::open(store_, "damaged");
    EXPECT_FALSE(opened && (*opened)->verify()) << "byte " << at;
  }
}

TEST_F(Segment, WriterThatIsDroppedLeavesNothing) {
  {
    Result<std::unique_ptr<SegmentWriter>> writer =
        SegmentWriter::begin(*store_.open_writer(kKey), test_header(), {});
    ASSERT_TRUE((*writer)->add(make_batch(100, 5).bytes(), facts_of(make_batch(100, 5))));
  }
  EXPECT_TRUE(store_.list("")->empty());
}

TEST(SegmentIndex, KeepsExtremeValues) {
  SegmentIndex index;
  index.frames = {{100, 200, 300}, {300, 1, UINT32_MAX}};
  index.batches = {
      {0, 0, 0, 5, 6, INT64_MIN, INT64_MAX, -1, 0xFFFF},
      {1, UINT32_MAX, INT64_MAX - 1, INT64_MAX, INT32_MAX, INT64_MAX, INT64_MIN, INT32_MAX, 0}};
  const Result<Slice> bytes = encode_index(index);
  ASSERT_TRUE(bytes);
  const Result<SegmentIndex> decoded = decode_index(bytes->bytes());
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  EXPECT_EQ(*decoded, index);
}

TEST(ZstdFrame, MayBeMadeOfAnythingOneAfterTheOther) {
  ZstdFrameReader reader;
  std::string noise(300'000, '\0');
  uint32_t state = 1;
  for (char& c : noise) c = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24U);
  for (const int level : {0, 3}) {
    ZstdFrameWriter writer(level);
    for (const std::string& content : {std::string(300'000, 'x'), noise, std::string("short")}) {
      writer.append(as_bytes(content).first(3));
      writer.append(as_bytes(content).subspan(3));
      EXPECT_EQ(writer.raw_bytes(), content.size());
      const Result<Bytes> frame = writer.finish();
      ASSERT_TRUE(frame);
      EXPECT_LT(frame->size(), content.size() + 100);
      EXPECT_EQ(reader.decompress(*frame, content.size())->text(), content);
      EXPECT_TRUE(writer.empty());
    }
  }
}

TEST(RawZstdFrame, HoldsContentsOfEveryKindOfLength) {
  ZstdFrameReader reader;
  RawFrameBuilder builder;
  for (const size_t size : {0UL, 1UL, 131071UL, 131072UL, 131073UL, 1000000UL}) {
    const std::string content(size, 'x');
    for (const size_t piece : {size + 1, 1000UL, 131072UL}) {
      for (size_t at = 0; at < size; at += piece) {
        builder.append(as_bytes(content).subspan(at, std::min(piece, size - at)));
      }
      EXPECT_EQ(builder.raw_bytes(), size);
      const Result<Slice> back = reader.decompress(builder.finish(), size);
      ASSERT_TRUE(back) << size << ": " << back.error().to_string();
      EXPECT_EQ(back->text(), content);
    }
  }
}

}  // namespace
}  // namespace odradek::backup
