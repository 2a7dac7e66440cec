#include "backup/restore/restore_point.h"

#include <gtest/gtest.h>

#include "store/memory_store.h"

namespace odradek::backup {
namespace {

class FindingAPoint : public testing::Test {
 protected:
  void SetUp() override {
    ClusterSnapshot snapshot;
    TopicSnapshot topic;
    topic.facts.name = "orders";
    topic.ends = {10, 20};
    snapshot.topics = {topic};
    const Slice packed = *pack_snapshot(to_json(snapshot));
    const std::string cluster = ArchiveKeys("set").cluster(3, sha256_of(packed.bytes()));
    ASSERT_TRUE(store_.put(cluster, packed.bytes()));
    archive_.backup_id = "set";
    archive_.restore_points = {{3, 1'763'715'600'000, "nightly", "groups3", cluster},
                               {7, 1'763'802'000'000, "nightly", "groups7", cluster},
                               {9, 1'763'888'400'000, "", "", ""}};
  }
  uint64_t found(const std::string& wanted) {
    const auto point = find_restore_point(store_, archive_, wanted);
    return point && *point ? (*point)->point.seq : 0;
  }

  store::MemoryStore store_;
  ArchiveState archive_;
};

TEST_F(FindingAPoint, TakesNumbersLabelsAndTimes) {
  EXPECT_EQ(found("3"), 3U);
  EXPECT_EQ(found("nightly"), 7U);               // the newest with this label
  EXPECT_EQ(found("2025-11-21T09:00:00Z"), 3U);  // the very time
  EXPECT_EQ(found("2025-11-22T08:59:59Z"), 3U);
  EXPECT_EQ(found("1763802000001"), 7U);
  EXPECT_EQ(find_restore_point(store_, archive_, "7").value()->topics.at("orders").ends,
            (std::vector<int64_t>{10, 20}));
}

TEST_F(FindingAPoint, LatestIsAllThereIs) {
  EXPECT_FALSE(find_restore_point(store_, archive_, "").value());
  EXPECT_FALSE(find_restore_point(store_, archive_, "latest").value());
}

TEST_F(FindingAPoint, WhatIsNoneIsAnErrorThatNamesThoseThereAre) {
  const auto missing = find_restore_point(store_, archive_, "weekly");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Errc::kNotFound);
  EXPECT_NE(missing.error().message().find("7 (nightly), 9"), std::string_view::npos);
  EXPECT_EQ(find_restore_point(store_, archive_, "2020-01-01T00:00:00Z").error().code(),
            Errc::kNotFound);
  EXPECT_EQ(find_restore_point(store_, archive_, "9").error().code(), Errc::kUnsupported);
}

}  // namespace
}  // namespace odradek::backup
