#include "proxy/fetch_assembly.h"

#include <gtest/gtest.h>

#include "proxy/remap/batch_mark.h"
#include "wire/batch_builder.h"

namespace odradek::proxy {
namespace {

using proto::FetchRequest;
using proto::FetchResponse;

// Memory that says when it is given back.
class WatchedBlock final : public SharedBlock {
 public:
  WatchedBlock(Bytes bytes, int& alive) : bytes_(bytes.begin(), bytes.end()), alive_(&alive) {
    ++alive;
  }
  ~WatchedBlock() override { --*alive_; }
  Bytes bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
  int* alive_;
};

// One consumer of virtual partition 0 of 4 over 1.
class FetchAssemblyTest : public ::testing::Test {
 protected:
  FetchAssemblyTest() {
    topic_.name = "events";
    topic_.partitions.resize(1);
    topic_.partitions[0].id = 0;
    topic_.partitions[0].leader = 1;
    resolved_ = {.physical = &topic_, .remapper = &remapper_};
    partition_.partition = 0;
    partition_.partition_max_bytes = 1 << 30;
    asked_.topic = "events";
    asked_.partitions = {&partition_, 1};
    request_.topics = {&asked_, 1};
    request_.min_bytes = 1 << 30;
    request_.max_bytes = 1 << 30;
  }

  // A batch as the broker has it, at the end of what is there.
  void append(int32_t partition, size_t bytes, Buffer& into) {
    wire::BatchBuilder builder({.base_offset = end_++, .leader_epoch = 0});
    const std::string value(bytes, 'v');
    ASSERT_TRUE(builder.append({.timestamp_ms = 1, .key = {}, .value = as_bytes(value)}));
    const Slice made = *builder.finish(compressor_);
    const wire::BatchView batch = *wire::BatchView::parse(made.bytes());
    const auto edit = *mark_edit(batch, remapper_, VirtualPartitionId(partition));
    const wire::HeaderBytes header = wire::edited_header(batch, edit.value_or(wire::HeaderEdit{}));
    into.append(Bytes(header));
    into.append(batch.stored_records());
  }

  // What the broker gives for the next read.
  void answer(FetchAssembly& assembly, const Buffer& records) {
    const auto reads = assembly.wanted(1);
    ASSERT_EQ(reads.size(), 1U);
    auto block = std::make_unique<WatchedBlock>(records.bytes(), frames_alive_);
    const Bytes bytes = block->bytes();
    const Slice frame(block.release(), bytes);
    FetchResponse::PartitionData data;
    data.high_watermark = end_;
    data.records.bytes = frame.bytes();
    assembly.apply(reads[0], data, frame);
    assembly.keep(frame.size());
  }

  PartitionRemapper remapper_ =
      *PartitionRemapper::create({.virtual_partitions = 4, .physical_partitions = 1});
  cluster::Topic topic_;
  ResolvedTopic resolved_;
  FetchRequest::FetchPartition partition_;
  FetchRequest::FetchTopic asked_;
  FetchRequest request_;
  wire::Compressor compressor_;
  int64_t end_ = 0;
  int frames_alive_ = 0;
};

// The next read is where this client stopped, as long as there is more.
TEST_F(FetchAssemblyTest, ReadsAheadUpToTheEnd) {
  request_.min_bytes = 1;
  FetchAssembly assembly(request_, {&resolved_, 1});
  EXPECT_TRUE(assembly.reads_ahead(1).empty());  // nothing is known yet
  Buffer records;
  append(0, 1000, records);
  append(1, 1000, records);
  end_ += 5;  // more than what is given
  answer(assembly, records);
  const std::vector<FetchAssembly::Read> expected = {{.part = 0, .offset = Offset(2)}};
  EXPECT_EQ(assembly.reads_ahead(1), expected);
  EXPECT_TRUE(assembly.reads_ahead(2).empty());  // leads nothing of this

  FetchAssembly last(request_, {&resolved_, 1});
  end_ -= 5;
  answer(last, records);
  EXPECT_TRUE(last.reads_ahead(1).empty());
}

TEST_F(FetchAssemblyTest, DoesNotReadAheadOfAnError) {
  FetchAssembly assembly(request_, {&resolved_, 1});
  Buffer records;
  append(0, 1000, records);
  end_ += 5;
  answer(assembly, records);
  assembly.fail({.part = 0, .offset = Offset(1)}, proto::ErrorCode::kNotLeaderOrFollower);
  EXPECT_TRUE(assembly.reads_ahead(1).empty());
}

// However much a client asks to wait for, an answer has a size.
TEST_F(FetchAssemblyTest, EndsAnAnswerWhereABrokerWould) {
  FetchAssembly assembly(request_, {&resolved_, 1});
  constexpr int64_t kMebibyte = 1 << 20;
  for (int reads = 0; reads < 100 && !assembly.wanted(1).empty(); ++reads) {
    Buffer records;
    append(0, kMebibyte, records);
    answer(assembly, records);
  }
  EXPECT_GT(assembly.stats().taken_bytes, 53 * kMebibyte);
  EXPECT_LE(assembly.stats().taken_bytes, 55 * kMebibyte);
}

// A few own bytes of each read must not keep all that came with them.
TEST_F(FetchAssemblyTest, HoldsNotMoreThanItTakes) {
  FetchAssembly assembly(request_, {&resolved_, 1});
  for (int read = 0; read < 20; ++read) {
    Buffer records;
    append(0, 2000, records);
    append(1, 100'000, records);
    answer(assembly, records);
  }
  EXPECT_EQ(frames_alive_, 0);
  EXPECT_EQ(assembly.stats().taken_bytes / 2000, 20);
  // What is mostly its own stays where it is.
  Buffer records;
  append(0, 100'000, records);
  append(1, 2000, records);
  answer(assembly, records);
  EXPECT_EQ(frames_alive_, 1);
  Arena arena;
  const FetchResponse response = assembly.response(arena);
  size_t bytes = 0;
  int64_t next = -1;
  for (const Slice& slice : response.responses[0].partitions[0].records.slices) {
    bytes += slice.size();
    wire::BatchCursor batches(slice.bytes());
    while (const auto batch = *batches.next()) {
      EXPECT_TRUE(batch->verify_crc());
      EXPECT_GT(batch->base_offset(), next);
      next = batch->base_offset();
    }
  }
  EXPECT_GT(bytes, 140'000U);
  EXPECT_LT(bytes, 160'000U);
}

}  // namespace
}  // namespace odradek::proxy
