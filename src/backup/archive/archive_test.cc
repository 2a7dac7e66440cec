#include "backup/archive/archive.h"

#include <gtest/gtest.h>

#include "backup/archive/archive_json.h"
#include "backup/archive/lease.h"
#include "backup/archive/manifest_parts.h"
#include "backup/archive/process_identity.h"
#include "backup/archive/seal.h"
#include "store/memory_store.h"

namespace odradek::backup {
namespace {

SegmentRef segment(int64_t from, int64_t through) {
  return {.key = "set/segment-" + std::to_string(from),
          .stored_bytes = 10,
          .raw_bytes = 20,
          .first_offset = from,
          .last_offset = through,
          .covered_start = from,
          .covered_end = through,
          .record_count = static_cast<uint64_t>(through - from + 1),
          .batch_count = 1};
}

Commit topic_commit() {
  Commit commit;
  commit.at = 1000;
  commit.topics = {{.name = "orders",
                    .topic_id = Uuid::random(),
                    .partition_count = 1,
                    .configs = {{"cleanup.policy", "compact"}}}};
  return commit;
}

Commit segment_commit(int64_t from, int64_t through) {
  Commit commit;
  commit.at = 2000;
  commit.partitions = {{.topic = "orders",
                        .id = 0,
                        .covered_through = through,
                        .segments = {segment(from, through)}}};
  return commit;
}

const ArchiveKeys kKeys("set");

std::unique_ptr<CommitLog> open_log(store::ObjectStore& store, uint32_t epoch = 1) {
  Result<std::unique_ptr<CommitLog>> log = CommitLog::open(store, kKeys, epoch);
  EXPECT_TRUE(log) << log.error().to_string();
  return *std::move(log);
}

std::string put_snapshot(store::ObjectStore& store, std::string_view json) {
  const Slice packed = *pack_snapshot(json);
  const std::string key = kKeys.groups(1, sha256_of(packed.bytes()));
  EXPECT_TRUE(store.put(key, packed.bytes()));
  return key;
}

TEST(Seal, FindsEveryFlippedByte) {
  const std::string sealed = seal("{\n \"a\": 1\n}");
  EXPECT_EQ(*unseal(sealed), "{\n \"a\": 1\n}");
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string damaged = sealed;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    EXPECT_FALSE(unseal(damaged)) << i;
    EXPECT_FALSE(unseal(sealed.substr(0, i))) << i;
  }
}

TEST(CommitLog, StateIsWhatTheCommitsSay) {
  store::MemoryStore store;
  auto log = open_log(store);
  ASSERT_TRUE(log->append(topic_commit()));
  ASSERT_TRUE(log->append(segment_commit(0, 99)));
  Commit gap;
  gap.partitions = {{.topic = "orders",
                     .id = 0,
                     .covered_through = 199,
                     .segments = {segment(150, 199)},
                     .gaps = {{100, 149, GapReason::kRetention, 5}},
                     .aborted = {{160, 170}}}};
  gap.restore_point = "nightly";
  gap.groups_key = kKeys.groups(3, {});
  ASSERT_TRUE(log->append(gap));

  const Result<ArchiveState> read = read_archive(store, kKeys);
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(*read, log->state());
  const PartitionState& partition = read->topics.at({"orders", 1}).partitions.at(0);
  EXPECT_EQ(partition.covered_through, 199);
  EXPECT_EQ(partition.segments.size(), 2U);
  EXPECT_EQ(partition.gaps.front().reason, GapReason::kRetention);
  EXPECT_EQ(read->restore_points.front().label, "nightly");
}

TEST(CommitLog, ManifestAndLaterCommitsGiveTheSameState) {
  store::MemoryStore store;
  auto log = open_log(store);
  ASSERT_TRUE(log->append(topic_commit()));
  for (int64_t i = 0; i < 250; ++i) {
    ASSERT_TRUE(log->append(segment_commit(i * 10, i * 10 + 9)));
    ASSERT_TRUE(log->write_manifest_if_due());
  }
  const Result<ArchiveState> read = read_archive(store, kKeys);
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(*read, log->state());
  EXPECT_LE(store.list(kKeys.commits_prefix())->size(),
            CommitLog::kCommitsKept + CommitLog::kCommitsPerManifest);
}

TEST(CommitLog, CoverWithAHoleIsRefusedAndNotWritten) {
  store::MemoryStore store;
  auto log = open_log(store);
  ASSERT_TRUE(log->append(topic_commit()));
  const ArchiveState before = log->state();
  EXPECT_FALSE(log->append(segment_commit(5, 9)));
  EXPECT_EQ(log->state(), before);
  EXPECT_EQ(*read_archive(store, kKeys), before);
}

TEST(CommitLog, SecondWriterIsFenced) {
  store::MemoryStore store;
  auto first = open_log(store, 1);
  ASSERT_TRUE(first->append(topic_commit()));
  auto second = open_log(store, 2);
  ASSERT_TRUE(second->append(segment_commit(0, 9)));
  const Result<void> late = first->append(segment_commit(0, 19));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Errc::kFenced);
}

TEST(CommitLog, ChangedCommitBreaksTheChain) {
  store::MemoryStore store;
  auto log = open_log(store);
  ASSERT_TRUE(log->append(topic_commit()));
  ASSERT_TRUE(log->append(segment_commit(0, 9)));
  std::string text(store.get(kKeys.commit(1))->text());
  text.replace(text.find("compact"), 7, "deleted");
  ASSERT_TRUE(store.put(kKeys.commit(1), as_bytes(text)));
  const Result<ArchiveState> read = read_archive(store, kKeys);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Errc::kChecksum);
}

TEST(CommitLog, MissingCommitInTheMiddleIsFound) {
  store::MemoryStore store;
  auto log = open_log(store);
  ASSERT_TRUE(log->append(topic_commit()));
  ASSERT_TRUE(log->append(segment_commit(0, 9)));
  ASSERT_TRUE(log->append(segment_commit(10, 19)));
  ASSERT_TRUE(store.remove(kKeys.commit(2)));
  const Result<ArchiveState> read = read_archive(store, kKeys);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message().find("is missing"), std::string_view::npos);
}

TEST(Manifest, KeepsFieldsItDoesNotKnow) {
  store::MemoryStore store;
  auto log = open_log(store);
  ASSERT_TRUE(log->append(topic_commit()));
  ASSERT_TRUE(log->append(segment_commit(0, 9)));
  ASSERT_TRUE(log->write_manifest());
  std::string text(store.get(kKeys.manifest())->text());
  text = *unseal(text);
  text.replace(text.find("\"created_at\""), 0, "\"later\": {\"x\": 1}, ");
  text.replace(text.find("\"raw_len\""), 0, "\"cipher\": \"none\", ");
  text = seal(text);
  ASSERT_TRUE(store.put(kKeys.manifest(), as_bytes(text)));

  auto again = open_log(store);
  ASSERT_TRUE(again->append(segment_commit(10, 19)));
  ASSERT_TRUE(again->write_manifest());
  const std::string rewritten(store.get(kKeys.manifest())->text());
  EXPECT_NE(rewritten.find("\"later\""), std::string::npos);
  EXPECT_NE(rewritten.find("\"cipher\""), std::string::npos);
}

TEST(Manifest, OfAHigherSchemaIsRefused) {
  store::MemoryStore store;
  auto log = open_log(store);
  ASSERT_TRUE(log->append(topic_commit()));
  ASSERT_TRUE(log->write_manifest());
  std::string text(store.get(kKeys.manifest())->text());
  text = *unseal(text);
  text.replace(text.find("\"schema\": 1"), 11, "\"schema\": 9");
  text = seal(text);
  ASSERT_TRUE(store.put(kKeys.manifest(), as_bytes(text)));
  EXPECT_EQ(read_archive(store, kKeys).error().code(), Errc::kUnsupported);
}

TEST(Manifest, GarbageIsAnErrorThatNamesTheObject) {
  store::MemoryStore store;
  for (const std::string& text : {std::string(), std::string("{"), std::string("[]"), seal("{}"),
                                  seal("{\"format\":\"odradek-backup\"}"), seal("{]}")}) {
    ASSERT_TRUE(store.put(kKeys.manifest(), as_bytes(text)));
    const Result<ArchiveState> read = read_archive(store, kKeys);
    ASSERT_FALSE(read) << text;
    EXPECT_NE(read.error().message().find("manifest.json"), std::string_view::npos);
  }
}

TEST(Manifest, KeepsLargeTopicsInPartsOfTheirOwn) {
  store::MemoryStore store;
  auto log = open_log(store);
  constexpr size_t kSmall = 64 * 1024;
  log->set_manifest_bytes_max(kSmall);
  ASSERT_TRUE(log->append(topic_commit()));
  Commit many = topic_commit();
  for (int i = 0; i < 40; ++i) {
    // Configurations that make the manifest larger than one object may be.
    many.topics.push_back({.name = "wide" + std::to_string(i),
                           .partition_count = 1,
                           .configs = {{"x", std::string(kSmall / 32, 'x')}}});
  }
  ASSERT_TRUE(log->append(many));
  ASSERT_TRUE(log->write_manifest());
  EXPECT_LT(store.get(kKeys.manifest())->size(), kSmall);
  EXPECT_EQ(store.list(kKeys.manifest_parts_prefix())->size(), 41U);
  const Result<ArchiveState> read = read_archive(store, kKeys);
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(*read, log->state());

  // What changed is written anew; parts nobody names any more go with the rewrite after.
  ASSERT_TRUE(log->append(segment_commit(0, 9)));
  ASSERT_TRUE(log->write_manifest());
  EXPECT_EQ(store.list(kKeys.manifest_parts_prefix())->size(), 42U);
  ASSERT_TRUE(log->append(segment_commit(10, 19)));
  ASSERT_TRUE(log->write_manifest());
  EXPECT_EQ(store.list(kKeys.manifest_parts_prefix())->size(), 42U);
  EXPECT_EQ(*read_archive(store, kKeys), log->state());
}

TEST(Manifest, ADamagedOrMissingPartIsNamed) {
  store::MemoryStore store;
  ArchiveState state;
  state.topics[{"orders", 1}].facts.name = "orders";
  const Result<SplitManifest> split = split_manifest(to_json(state, ""), kKeys, 0);
  ASSERT_EQ(split->parts.size(), 1U);
  ASSERT_TRUE(store.put(kKeys.manifest(), as_bytes(seal(split->text))));
  const std::string& part = split->parts[0].key;
  Result<ArchiveState> read = read_archive(store, kKeys);
  EXPECT_EQ(read.error().code(), Errc::kMalformed);
  EXPECT_NE(read.error().message().find(part), std::string_view::npos);
  ASSERT_TRUE(store.put(part, as_bytes("other bytes")));
  read = read_archive(store, kKeys);
  EXPECT_EQ(read.error().code(), Errc::kChecksum);
  EXPECT_NE(read.error().message().find(part), std::string_view::npos);
  ASSERT_TRUE(store.put(part, split->parts[0].content.bytes()));
  EXPECT_EQ(*read_archive(store, kKeys), state);
}

TEST(Manifest, IsNotReplacedBehindTheBackOfAnotherWriter) {
  store::MemoryStore store;
  auto first = open_log(store, 1);
  ASSERT_TRUE(first->append(topic_commit()));
  auto second = open_log(store, 2);
  ASSERT_TRUE(second->append(segment_commit(0, 9)));
  ASSERT_TRUE(second->write_manifest());
  EXPECT_EQ(read_archive(store, kKeys)->through_commit, 2U);
  EXPECT_EQ(first->append(segment_commit(0, 9)).error().code(), Errc::kFenced);
}

TEST(Archive, KeepsToOneIsolationLevel) {
  store::MemoryStore store;
  auto log = open_log(store);
  Commit first = topic_commit();
  first.isolation_level = kReadUncommittedName;
  ASSERT_TRUE(log->append(first));
  ASSERT_TRUE(log->append(segment_commit(0, 9)));
  EXPECT_EQ(read_archive(store, kKeys)->isolation_level, kReadUncommittedName);
  Commit other;
  other.isolation_level = kReadCommittedName;
  EXPECT_EQ(log->append(other).error().code(), Errc::kPrecondition);
}

TEST(Archive, RemembersTransactionsThatAreStillOpen) {
  store::MemoryStore store;
  auto log = open_log(store);
  ASSERT_TRUE(log->append(topic_commit()));
  Commit open = segment_commit(0, 9);
  open.partitions[0].open = {{7, 3, 5}};
  open.partitions[0].last_batch = {9, 4};
  ASSERT_TRUE(log->append(open));
  const PartitionState& partition = log->state().topics.at({"orders", 1}).partitions.at(0);
  EXPECT_EQ(partition.open, (std::vector<OpenRange>{{7, 3, 5}}));
  EXPECT_EQ(partition.last_batch, (LastBatch{9, 4}));
  ASSERT_TRUE(log->write_manifest());
  EXPECT_EQ(*read_archive(store, kKeys), log->state());

  // The marker came: nothing is open any more, also behind the next manifest.
  Commit closed = segment_commit(10, 19);
  closed.partitions[0].aborted = {{3, 5}};
  ASSERT_TRUE(log->append(closed));
  ASSERT_TRUE(log->write_manifest());
  EXPECT_TRUE(read_archive(store, kKeys)->topics.at({"orders", 1}).partitions.at(0).open.empty());
}

TEST(Archive, ARestorePointNamesItsSnapshots) {
  store::MemoryStore store;
  auto log = open_log(store);
  Commit point = topic_commit();
  point.groups_key = kKeys.groups(1, {});
  point.cluster_key = kKeys.cluster(1, {});
  point.restore_point = "nightly";
  ASSERT_TRUE(log->append(point));
  ASSERT_TRUE(log->write_manifest());
  const Result<ArchiveState> read = read_archive(store, kKeys);
  EXPECT_EQ(
      read->restore_points,
      (std::vector<RestorePoint>{{1, 1000, "nightly", kKeys.groups(1, {}), kKeys.cluster(1, {})}}));
}

TEST(GroupsSnapshot, ReadsBackWhatWasWritten) {
  store::MemoryStore store;
  const GroupsSnapshot groups{
      77,
      {{"billing", "Empty", "consumer", {{"orders", 2, 41, 3, "note"}}},
       {"new", "Stable", "", {{"orders", 0, 1, -1, std::string("\xff\0x", 3)}}, "consumer"},
       {"queue", "Stable", "share", {{"orders", 2, 41, -1, ""}}, "share"}}};
  const std::string key = put_snapshot(store, to_json(groups));
  const Result<GroupsSnapshot> back = read_groups(store, key);
  ASSERT_TRUE(back) << back.error().to_string();
  EXPECT_EQ(*back, groups);
}

TEST(ClusterSnapshot, ReadsBackWhatWasWritten) {
  store::MemoryStore store;
  ClusterSnapshot cluster{.at = 5, .cluster_id = "c", .broker_count = 3};
  cluster.topics = {{{.name = "orders", .partition_count = 2, .configs = {{"a", "b"}}}, {10, 20}}};
  cluster.acls = {{2, "orders", 3, "User:x", "*", 3, 3}, {99, "later", 4, "User:y", "*", 2, 2}};
  cluster.quotas = {{{{"user", "x"}, {"client-id", std::nullopt}}, {{"producer_byte_rate", 1e6}}}};
  cluster.not_captured = {{"quotas", "not authorised"}};
  const std::string key = put_snapshot(store, to_json(cluster));
  const Result<ClusterSnapshot> back = read_cluster(store, key);
  ASSERT_TRUE(back) << back.error().to_string();
  EXPECT_EQ(*back, cluster);
}

TEST(Snapshots, DamageAndHigherSchemasAreRefusedByName) {
  store::MemoryStore store;
  EXPECT_EQ(read_groups(store, "gone").error().code(), Errc::kNotFound);
  ASSERT_TRUE(store.put("bad", as_bytes("not zstd")));
  EXPECT_NE(read_groups(store, "bad").error().message().find("object bad"), std::string_view::npos);
  const char* later = R"({"format":"odradek-backup-groups","schema":2,"at":1,"groups":[]})";
  const std::string key = put_snapshot(store, later);
  EXPECT_EQ(read_groups(store, key).error().code(), Errc::kUnsupported);
  ASSERT_TRUE(store.put(key, pack_snapshot("{}")->bytes()));
  EXPECT_EQ(read_groups(store, key).error().code(), Errc::kChecksum);
}

TEST(LeaseOfAnArchive, OfAProcessThatEndedIsFree) {
  store::MemoryStore store;
  ManualClock clock;
  const std::string us = process_identity();
  EXPECT_FALSE(is_ended_process(us));
  EXPECT_FALSE(is_ended_process("elsewhere:1:2:boot:ns"));
  EXPECT_FALSE(is_ended_process("a test"));
  // The same process id, begun at another time, is another process.
  std::string ended = us;
  const size_t start = ended.find(':', ended.find(':') + 1) + 1;
  ended.insert(start, "9");
  EXPECT_TRUE(is_ended_process(ended));
  ASSERT_TRUE(Lease::acquire(store, kKeys, clock, ended));
  auto next = Lease::acquire(store, kKeys, clock, us);
  ASSERT_TRUE(next) << next.error().to_string();
  EXPECT_EQ((*next)->epoch(), 2U);
  EXPECT_FALSE(Lease::acquire(store, kKeys, clock, us));
}

TEST(LeaseOfAnArchive, IsHeldByOneUntilReleasedOrExpired) {
  store::MemoryStore store;
  ManualClock clock;
  auto first = Lease::acquire(store, kKeys, clock, "first");
  ASSERT_TRUE(first);
  EXPECT_EQ((*first)->epoch(), 1U);
  const auto refused = Lease::acquire(store, kKeys, clock, "second");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("first"), std::string_view::npos);

  ASSERT_TRUE((*first)->release());
  auto second = Lease::acquire(store, kKeys, clock, "second");
  ASSERT_TRUE(second);
  EXPECT_EQ((*second)->epoch(), 2U);

  clock.advance(Lease::kExpiry + std::chrono::seconds(1));
  auto third = Lease::acquire(store, kKeys, clock, "third");
  ASSERT_TRUE(third);
  EXPECT_EQ((*third)->epoch(), 3U);
  EXPECT_EQ((*second)->renew().error().code(), Errc::kFenced);
}

}  // namespace
}  // namespace odradek::backup
