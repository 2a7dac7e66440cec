#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "backup/engine/backup_job.h"
#include "backup/format/segment_reader.h"
#include "backup/inspect/gc.h"
#include "backup/inspect/rebuild.h"
#include "backup/inspect/validate.h"
#include "store/memory_store.h"
#include "wire/batch_builder.h"

// What validation says of damaged archives, and what can be saved of them.
namespace odradek::backup {
namespace {

constexpr const char* kTopics[] = {"orders", "clicks"};

class Damage : public testing::Test {
 protected:
  Damage() { fill(); }

  // An archive of two topics with many small segments, commits, snapshots and restore points.
  void fill() {
    lease_ = *Lease::acquire(store_, keys_, clock_, "test");
    log_ = *CommitLog::open(store_, keys_, lease_->epoch());
    log_->set_manifest_bytes_max(2000);
    Commit first;
    first.at = clock_.wall_ms();
    first.isolation_level = kReadCommittedName;
    for (const char* topic : kTopics) first.topics.push_back({.name = topic, .partition_count = 2});
    ASSERT_TRUE(log_->append(first));
    for (int64_t round = 0; round < 5; ++round) {
      clock_.advance(std::chrono::minutes(1));
      Commit commit;
      commit.at = clock_.wall_ms();
      for (const char* topic : kTopics) {
        for (int32_t partition : {0, 1}) add_segment(commit, topic, partition, round);
      }
      ASSERT_TRUE(log_->append(with_snapshots(commit)));
    }
    ASSERT_TRUE(log_->write_manifest());
    ASSERT_TRUE(lease_->release());
  }

  void add_segment(Commit& commit, const char* topic, int32_t partition, int64_t round) {
    constexpr int64_t kOffsets = 30;
    const int64_t start = round * kOffsets;
    const std::string key = keys_.segment({.topic = topic,
                                           .partition = partition,
                                           .first_offset = start,
                                           .writer_epoch = log_->writer_epoch()});
    SegmentHeader header{.topic = topic,
                         .topic_id = {},
                         .partition = partition,
                         .first_offset = start,
                         .writer_epoch = log_->writer_epoch(),
                         .backup_set = log_->state().backup_set,
                         .created_ms = clock_.wall_ms()};
    auto writer = *SegmentWriter::begin(*store_.open_writer(key), header, {.frame_bytes = 600});
    BatchArchiver archiver{BatchCoding{}};
    for (int64_t offset = start; offset < start + kOffsets; offset += 3) {
      wire::BatchBuilder builder({.base_offset = offset});
      for (int i = 0; i < 3; ++i) {
        const std::string value = fmt::format("{} {} {}", topic, partition, offset + i);
        ASSERT_TRUE(builder.append({.timestamp_ms = 1000 + offset, .value = as_bytes(value)}));
      }
      wire::Compressor compressor;
      const Slice bytes = *builder.finish(compressor);
      const ArchivedBatch batch = *archiver.archive(bytes, *wire::BatchView::parse(bytes.bytes()));
      ASSERT_TRUE(writer->add(batch.bytes.bytes(), batch.facts));
    }
    const FinishedSegment done = *writer->finish(start, start + kOffsets - 1);
    commit.partitions.push_back(
        {.topic = topic,
         .id = partition,
         .covered_through = start + kOffsets - 1,
         .segments = {segment_ref(key, done.object.size_bytes, done.footer)}});
  }

  Commit with_snapshots(Commit commit) {
    const Slice groups = *pack_snapshot(to_json(GroupsSnapshot{commit.at, {}}));
    const Slice cluster = *pack_snapshot(to_json(ClusterSnapshot{.at = commit.at}));
    const uint64_t seq = log_->state().through_commit + 1;
    commit.groups_key = keys_.groups(seq, sha256_of(groups.bytes()));
    commit.cluster_key = keys_.cluster(seq, sha256_of(cluster.bytes()));
    EXPECT_TRUE(store_.put(commit.groups_key, groups.bytes()));
    EXPECT_TRUE(store_.put(commit.cluster_key, cluster.bytes()));
    commit.restore_point = "point";
    return commit;
  }

  std::vector<std::string> findings(ValidateDepth depth = ValidateDepth::kDeep) {
    const Result<ValidationReport> report = validate(store_, keys_, depth);
    EXPECT_TRUE(report) << report.error().to_string();
    return report->findings;
  }
  std::vector<std::string> objects() {
    std::vector<std::string> keys;
    for (const store::ObjectInfo& object : *store_.list("")) keys.push_back(object.key);
    return keys;
  }
  std::string bytes_of(const std::string& key) { return std::string(store_.get(key)->text()); }

  store::MemoryStore store_;
  ArchiveKeys keys_{"set"};
  ManualClock clock_;
  std::unique_ptr<Lease> lease_;
  std::unique_ptr<CommitLog> log_;
};

bool is_named(const std::vector<std::string>& findings, const std::string& key) {
  return std::ranges::any_of(
      findings, [&key](const std::string& f) { return f.find(key) != std::string::npos; });
}

TEST_F(Damage, OfAWholeArchiveIsNone) {
  EXPECT_TRUE(findings().empty()) << findings().front();
  const ValidationReport report = *validate(store_, keys_, ValidateDepth::kDeep);
  EXPECT_EQ(report.segments, 20U);
  EXPECT_EQ(report.segments_read, 20U);
  EXPECT_EQ(report.records, 600U);
  EXPECT_EQ(report.orphans, 0U);
}

uint64_t number_from(const char* variable, uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

// ODRADEK_DAMAGE_SEED repeats a run, ODRADEK_DAMAGE_ROUNDS makes a longer one.
TEST_F(Damage, AtRandomIsFoundAndTheObjectNamed) {
  const uint64_t seed = number_from("ODRADEK_DAMAGE_SEED", std::random_device()());
  const uint64_t rounds = number_from("ODRADEK_DAMAGE_ROUNDS", 500);
  SCOPED_TRACE(fmt::format("ODRADEK_DAMAGE_SEED={}", seed));
  std::mt19937_64 random(seed);
  const std::vector<std::string> keys = objects();
  for (uint64_t round = 0; round < rounds; ++round) {
    const std::string& key = keys[random() % keys.size()];
    const std::string& other = keys[random() % keys.size()];
    const std::string whole = bytes_of(key);
    const std::string others = bytes_of(other);
    std::string what;
    switch (random() % 5) {
      case 0: {
        ASSERT_TRUE(store_.remove(key));
        what = "missing";
        break;
      }
      case 1: {
        if (whole == others) continue;
        ASSERT_TRUE(store_.put(key, as_bytes(others)));
        ASSERT_TRUE(store_.put(other, as_bytes(whole)));
        what = "swapped with " + other;
        break;
      }
      case 2: {
        const size_t length = random() % whole.size();
        ASSERT_TRUE(store_.put(key, as_bytes(whole.substr(0, length))));
        what = fmt::format("cut to {}", length);
        break;
      }
      default: {
        std::string damaged = whole;
        const size_t at = random() % damaged.size();
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << (random() % 8)));
        ASSERT_TRUE(store_.put(key, as_bytes(damaged)));
        what = fmt::format("flipped at {}", at);
      }
    }
    const std::vector<std::string> found = findings();
    EXPECT_TRUE(is_named(found, key))
        << key << ' ' << what << ", found " << (found.empty() ? "nothing" : found.front());
    ASSERT_TRUE(store_.put(key, as_bytes(whole)));
    ASSERT_TRUE(store_.put(other, as_bytes(others)));
  }
  EXPECT_TRUE(findings().empty());
}

TEST_F(Damage, InsideASegmentNamesItsOffsets) {
  const std::string key = store_.list(keys_.topics_prefix())->front().key;
  std::string damaged = bytes_of(key);
  const FrameEntry frame = (*SegmentReader::open(store_, key))->index().frames.at(1);
  damaged[frame.position + frame.stored_bytes / 2] ^= 1;
  ASSERT_TRUE(store_.put(key, as_bytes(damaged)));
  const std::vector<std::string> found = findings();
  ASSERT_GE(found.size(), 2U);
  EXPECT_NE(found[1].find("offset"), std::string::npos) << found[1];
}

TEST_F(Damage, ASampleReadsAtLeastOneSegmentInFull) {
  const ValidationReport report =
      *validate(store_, keys_,
                ValidateOptions{.depth = ValidateDepth::kDeep, .sample = 0.0001, .threads = 3});
  EXPECT_GE(report.segments_read, 1U);
  EXPECT_LT(report.segments_read, report.segments);
}

TEST_F(Damage, OfTheManifestIsHealedFromTheSegmentsAlone) {
  const ArchiveState before = *read_archive(store_, keys_);
  std::string text = bytes_of(keys_.manifest());
  text[20] ^= 1;
  ASSERT_TRUE(store_.put(keys_.manifest(), as_bytes(text)));
  for (const store::ObjectInfo& commit : *store_.list(keys_.commits_prefix())) {
    ASSERT_TRUE(store_.put(commit.key, as_bytes("{")));
  }
  ASSERT_FALSE(read_archive(store_, keys_));

  const Result<RebuildReport> dry = rebuild_manifest(store_, keys_, clock_, /*dry_run=*/true);
  ASSERT_TRUE(dry) << dry.error().to_string();
  EXPECT_FALSE(dry->is_written);
  ASSERT_FALSE(read_archive(store_, keys_));
  const Result<RebuildReport> report = rebuild_manifest(store_, keys_, clock_, /*dry_run=*/false);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->records, 600U);
  EXPECT_TRUE(report->gaps.empty());
  const Result<ArchiveState> after = read_archive(store_, keys_);
  ASSERT_TRUE(after) << after.error().to_string();
  for (const auto& [key, topic] : before.topics) {
    for (const auto& [id, partition] : topic.partitions) {
      EXPECT_EQ(after->topics.at(key).partitions.at(id).segments, partition.segments);
    }
  }
  EXPECT_TRUE(findings().empty()) << findings().front();
  // And a backup goes on from there.
  auto log = *CommitLog::open(store_, keys_, 9);
  Commit next;
  next.restore_point = "again";
  ASSERT_TRUE(log->append(next));
  EXPECT_TRUE(read_archive(store_, keys_));
}

TEST_F(Damage, ALostSegmentIsAGapOfTheRebuiltManifest) {
  const std::string lost =
      keys_.segment({.topic = "orders", .partition = 1, .first_offset = 60, .writer_epoch = 1});
  ASSERT_TRUE(store_.remove(lost));
  const Result<RebuildReport> report = rebuild_manifest(store_, keys_, clock_, false);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->gaps, (std::vector<std::string>{"orders-1 offsets 60..89"}));
  EXPECT_EQ(
      read_archive(store_, keys_)->topics.at({"orders", 1}).partitions.at(1).gaps.at(0).reason,
      GapReason::kUnknown);
  EXPECT_TRUE(findings().empty());
}

TEST_F(Damage, GarbageCollectionTakesOnlyWhatNobodyNames) {
  Commit never;
  add_segment(never, "orders", 0, 5);
  const std::string orphan = never.partitions[0].segments[0].key;
  const std::vector<std::string> before = objects();
  clock_.advance(std::chrono::hours(1));
  const Result<GcReport> young = collect_garbage(store_, keys_, clock_, {.dry_run = false});
  ASSERT_TRUE(young) << young.error().to_string();
  EXPECT_EQ(young->kept_young, 1U);
  EXPECT_TRUE(young->keys.empty());
  clock_.advance(std::chrono::hours(24));
  EXPECT_EQ(collect_garbage(store_, keys_, clock_, {.dry_run = true})->keys,
            (std::vector<std::string>{orphan}));
  EXPECT_EQ(objects(), before);
  EXPECT_EQ(collect_garbage(store_, keys_, clock_, {.dry_run = false})->keys,
            (std::vector<std::string>{orphan}));
  EXPECT_EQ(objects().size(), before.size() - 1);
  EXPECT_TRUE(findings().empty());
}

TEST_F(Damage, GarbageIsNotCollectedBesideABackup) {
  const auto held = Lease::acquire(store_, keys_, clock_, "a backup");
  EXPECT_EQ(collect_garbage(store_, keys_, clock_, {}).error().code(), Errc::kAlreadyExists);
}

}  // namespace
}  // namespace odradek::backup
