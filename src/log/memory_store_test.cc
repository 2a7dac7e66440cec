#include "log/memory_store.h"

#include <gtest/gtest.h>

#include "log/batches_for_tests.h"

namespace odradek::log {
namespace {

using wire::BatchView;

class MemoryStoreTest : public testing::Test {
 protected:
  void append(size_t value_bytes) {
    const Slice batch = make_batch(1, 1000, value_bytes);
    wire::HeaderEdit edit;
    edit.base_offset = store_.end_offset();
    const BatchView view = *BatchView::parse(batch.bytes());
    ASSERT_TRUE(store_.append(wire::edited_header(view, edit), view.stored_records(), 5000));
  }

  std::shared_ptr<ChunkPool> pool_ = ChunkPool::create();
  MemoryStore store_{pool_};
};

TEST_F(MemoryStoreTest, FreesTheMemoryOfWhatIsDropped) {
  for (int i = 0; i < 40; ++i) append(20'000);
  EXPECT_EQ(pool_->used_bytes(), store_.size_bytes());
  store_.drop_before(store_.oldest_segment()->next_offset);
  EXPECT_GT(store_.first_offset(), 0);
  EXPECT_EQ(pool_->used_bytes(), store_.size_bytes());
}

TEST_F(MemoryStoreTest, SlicesOutliveWhatIsDropped) {
  append(1000);
  std::vector<Slice> slices;
  ASSERT_TRUE(store_.read({0, 1 << 20, true, 1}, slices));
  store_.drop_before(1);
  EXPECT_GT(pool_->used_bytes(), 0U);
  EXPECT_TRUE(BatchView::parse(slices[0].bytes())->verify_crc());
  slices.clear();
  EXPECT_EQ(pool_->used_bytes(), 0U);
}

}  // namespace
}  // namespace odradek::log
