#include "proxy/tail/tail_ring.h"

#include <gtest/gtest.h>

#include "wire/batch_builder.h"

namespace odradek::proxy {
namespace {

using Aborted = proto::FetchResponse::AbortedTransaction;

Slice batch(int64_t offset, int records, wire::BatchOptions options = {}) {
  options.base_offset = offset;
  options.leader_epoch = 3;
  wire::BatchBuilder builder(options);
  for (int i = 0; i < records; ++i) {
    EXPECT_TRUE(builder.append({.timestamp_ms = 1, .key = {}, .value = as_bytes("value")}));
  }
  wire::Compressor compressor;
  return *builder.finish(compressor);
}

Slice joined(const std::vector<Slice>& batches) {
  Buffer all;
  for (const Slice& one : batches) all.append(one.bytes());
  return Slice::copy_of(all.bytes());
}

TEST(TailRing, CoversWhatWasReadFromItsStartToItsEnd) {
  TailRing ring(100);
  EXPECT_TRUE(ring.covers(100));
  EXPECT_FALSE(ring.covers(99));
  EXPECT_TRUE(ring.append(joined({batch(100, 5), batch(105, 5)}), {}));
  EXPECT_TRUE(ring.append(batch(110, 1), {}));
  EXPECT_EQ(ring.end(), 111);
  EXPECT_EQ(ring.last_epoch(), 3);
  EXPECT_TRUE(ring.covers(100));
  EXPECT_TRUE(ring.covers(111));
  EXPECT_FALSE(ring.covers(112));
  EXPECT_EQ(ring.at(107).begin, 100);
  EXPECT_EQ(ring.at(110).begin, 110);
  EXPECT_GT(ring.drop_oldest(), 0U);
  EXPECT_FALSE(ring.covers(107));
  EXPECT_TRUE(ring.covers(110));
}

TEST(TailRing, LeavesOutABatchThatIsCut) {
  const Slice whole = batch(0, 3);
  const Slice two = joined({whole, batch(3, 3)});
  TailRing ring(0);
  EXPECT_TRUE(ring.append(two.share(two.bytes().first(two.size() - 1)), {}));
  EXPECT_EQ(ring.end(), 3);
  EXPECT_EQ(ring.bytes(), whole.size());
  EXPECT_FALSE(ring.append(whole.share(whole.bytes().first(20)), {}));
  EXPECT_EQ(ring.end(), 3);
}

TEST(TailRing, TellsAbortedTransactionsThatHaveNotEndedBeforeTheReader) {
  wire::BatchOptions marker;
  marker.transactional = true;
  marker.control = true;
  marker.producer_id = 7;
  marker.producer_epoch = 0;
  const std::vector<Aborted> aborted = {{.producer_id = 7, .first_offset = 0},
                                        {.producer_id = 8, .first_offset = 1}};
  TailRing ring(0);
  ASSERT_TRUE(ring.append(joined({batch(0, 2), batch(2, 1, marker), batch(3, 2)}), aborted));
  EXPECT_EQ(TailRing::aborted_from(ring.at(0), 0).size(), 2U);
  EXPECT_EQ(TailRing::aborted_from(ring.at(2), 2).size(), 2U);
  const auto behind = TailRing::aborted_from(ring.at(3), 3);
  ASSERT_EQ(behind.size(), 1U);
  EXPECT_EQ(behind[0].producer_id, 8);
}

}  // namespace
}  // namespace odradek::proxy
