#include "backup/restore/offset_map.h"

#include <gtest/gtest.h>

#include <random>

#include "store/memory_store.h"

namespace odradek::backup {
namespace {

TEST(OffsetMap, FindsTheFirstRecordAtOrBehindAnOffset) {
  store::MemoryStore store;
  MapChunk first{10, 25, {}};
  append_run(first.runs, {10, 0, 5, 0});
  append_run(first.runs, {15, 5, 5, 0});  // follows: one run with the one before
  MapChunk second{26, 40, {}};
  append_run(second.runs, {30, 10, 2, 0});
  append_run(second.runs, {32, 20, 1, 0});  // the target has a hole
  EXPECT_EQ(first.runs.size(), 1U);
  ASSERT_TRUE(OffsetMap::add(store, "map/", second));
  ASSERT_TRUE(OffsetMap::add(store, "map/", first));
  OffsetMap map = *OffsetMap::open(store, "map/");
  EXPECT_EQ(map.through().value(), 40);
  EXPECT_TRUE(OffsetMap::add(store, "map/", first));  // an answer that was lost
  MapChunk another = first;
  another.through = 24;
  EXPECT_EQ(OffsetMap::add(store, "map/", another).error().code(), Errc::kPrecondition);
  const auto target = [&map](int64_t source) {
    const std::optional<OffsetMap::Position> found = map.target_of(source).value();
    return found ? found->offset : -1;
  };
  EXPECT_EQ(target(0), 0);
  EXPECT_EQ(target(10), 0);
  EXPECT_EQ(target(19), 9);
  EXPECT_EQ(target(20), 10);
  EXPECT_EQ(target(29), 10);
  EXPECT_EQ(target(31), 11);
  EXPECT_EQ(target(32), 20);
  EXPECT_EQ(target(33), -1);
  EXPECT_FALSE(map.target_of(25).value()->is_exact);
  EXPECT_TRUE(map.target_of(19).value()->is_exact);
}

TEST(OffsetMap, OfAnEmptyPartitionHasNothing) {
  store::MemoryStore store;
  OffsetMap map = *OffsetMap::open(store, "map/");
  EXPECT_TRUE(map.empty());
  EXPECT_FALSE(map.target_of(5).value());
  EXPECT_FALSE(map.through().value());
}

TEST(OffsetMap, TellsPartitionsApartWhereRecordsWereSpread) {
  store::MemoryStore store;
  MapChunk chunk{0, 9, {}};
  for (int64_t i = 0; i < 10; ++i) {
    append_run(chunk.runs, {i, i / 2, 1, static_cast<int32_t>(i % 2)});
  }
  ASSERT_TRUE(OffsetMap::add(store, "map/", chunk));
  OffsetMap map = *OffsetMap::open(store, "map/");
  EXPECT_EQ(map.target_of(4, 0).value()->offset, 2);
  EXPECT_EQ(map.target_of(4, 1).value()->offset, 2);
  EXPECT_FALSE(map.target_of(4, 1).value()->is_exact);
  EXPECT_FALSE(map.target_of(9, 0).value());
}

// I8: for every source offset, also beyond the ends, the map gives the first restored record at or
// behind it, so it is monotone.
TEST(OffsetMap, IsMonotoneAndRightForEveryOffset) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    store::MemoryStore store;
    std::map<int64_t, int64_t> restored;  // source -> target
    int64_t source = static_cast<int64_t>(random() % 5);
    int64_t target = static_cast<int64_t>(random() % 3);
    for (int c = 0; c < 4; ++c) {
      MapChunk chunk{source, source, {}};
      for (int i = 0; i < 20; ++i, ++source) {
        if (random() % 3 == 0) continue;  // not restored
        if (random() % 8 == 0) ++target;  // a hole of the target
        append_run(chunk.runs, {source, target, 1, 0});
        restored[source] = target++;
      }
      chunk.through = source - 1;
      ASSERT_TRUE(OffsetMap::add(store, "map/", chunk));
    }
    OffsetMap map = *OffsetMap::open(store, "map/");
    for (int64_t offset = -2; offset < source + 3; ++offset) {
      const auto expected = restored.lower_bound(offset);
      const std::optional<OffsetMap::Position> found = map.target_of(offset).value();
      ASSERT_EQ(found.has_value(), expected != restored.end()) << offset;
      if (found) {
        EXPECT_EQ(found->offset, expected->second) << offset;
        EXPECT_EQ(found->is_exact, expected->first == offset) << offset;
      }
    }
  }
}

TEST(MapChunk, ReadsBackWhatWasWritten) {
  const MapChunk chunk{5, 99, {{5, 0, 10, 0}, {20, 10, 80, 3}}};
  EXPECT_EQ(decode_chunk(encode_chunk(chunk).bytes()).value(), chunk);
  EXPECT_EQ(decode_chunk(encode_chunk({0, 9, {}}).bytes()).value(), (MapChunk{0, 9, {}}));
}

TEST(MapChunk, EveryDamageIsAnError) {
  const Slice bytes = encode_chunk({5, 99, {{5, 0, 10, 0}, {20, 10, 80, 3}}});
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged(bytes.text());
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    EXPECT_FALSE(decode_chunk(as_bytes(damaged))) << i;
    EXPECT_FALSE(decode_chunk(as_bytes(damaged).first(i))) << i;
  }
  EXPECT_FALSE(decode_chunk(encode_chunk({5, 9, {{5, 0, 10, 0}}}).bytes()));  // beyond its end
  EXPECT_FALSE(decode_chunk(encode_chunk({5, 9, {{6, 0, 1, 0}, {5, 1, 1, 0}}}).bytes()));
}

}  // namespace
}  // namespace odradek::backup
