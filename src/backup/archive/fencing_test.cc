#include <gtest/gtest.h>

#include "backup/archive/archive.h"
#include "backup/archive/archive_json.h"
#include "store/careless_store_for_tests.h"

namespace odradek::backup {
namespace {

const ArchiveKeys kKeys("set");

Commit topic_commit(const std::string& name) {
  Commit commit;
  commit.at = 1000;
  commit.topics = {{.name = name, .topic_id = Uuid::random(), .partition_count = 1}};
  return commit;
}

std::unique_ptr<CommitLog> open_log(store::ObjectStore& store, uint32_t epoch, Fencing fencing) {
  Result<std::unique_ptr<CommitLog>> log = CommitLog::open(store, kKeys, epoch);
  EXPECT_TRUE(log) << log.error().to_string();
  (*log)->set_fencing(fencing);
  return *std::move(log);
}

TEST(Fencing, WeakIsRememberedForEver) {
  store::CarelessStore store;
  auto weak = open_log(store, 1, Fencing::kWeak);
  ASSERT_TRUE(weak->append(topic_commit("a")));
  EXPECT_EQ(read_archive(store, kKeys)->fencing, Fencing::kWeak);
  ASSERT_TRUE(weak->write_manifest());
  auto strong = open_log(store, 2, Fencing::kStrong);
  ASSERT_TRUE(strong->append(topic_commit("b")));
  ASSERT_TRUE(strong->write_manifest());
  EXPECT_EQ(read_archive(store, kKeys)->fencing, Fencing::kWeak);
  EXPECT_NE(store.get(kKeys.manifest())->text().find("\"fencing\": \"weak\""), std::string::npos);
}

TEST(Fencing, IsStrongUnlessSaid) {
  store::MemoryStore store;
  ASSERT_TRUE(open_log(store, 1, Fencing::kStrong)->append(topic_commit("a")));
  EXPECT_EQ(read_archive(store, kKeys)->fencing, Fencing::kStrong);
  EXPECT_EQ(store.get(kKeys.commit(1))->text().find("fencing"), std::string::npos);
}

TEST(Fencing, ASecondWriterIsFencedOnACarelessStoreToo) {
  store::CarelessStore store;
  auto first = open_log(store, 1, Fencing::kWeak);
  ASSERT_TRUE(first->append(topic_commit("a")));
  auto second = open_log(store, 2, Fencing::kWeak);
  ASSERT_TRUE(second->append(topic_commit("b")));
  const ArchiveState before = second->state();
  const Result<void> late = first->append(topic_commit("c"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Errc::kFenced);
  EXPECT_EQ(*read_archive(store, kKeys), before);
}

TEST(Fencing, WhatItDoesNotKnowIsMalformed) {
  EXPECT_EQ(fencing_of("weak"), Fencing::kWeak);
  EXPECT_EQ(fencing_of("perhaps"), std::nullopt);
  Commit commit = topic_commit("a");
  commit.fencing = Fencing::kWeak;
  std::string text = to_json(commit);
  EXPECT_EQ(parse_commit(text)->fencing, Fencing::kWeak);
  text.replace(text.find("\"weak\""), 6, "\"what\"");
  EXPECT_EQ(parse_commit(text).error().code(), Errc::kMalformed);
}

}  // namespace
}  // namespace odradek::backup
