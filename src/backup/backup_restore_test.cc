#include <gtest/gtest.h>

#include <map>

#include "backup/archive/archive_json.h"
#include "backup/engine/backup_job.h"
#include "backup/inspect/validate.h"
#include "backup/positions/position_executor.h"
#include "backup/positions/position_planner.h"
#include "backup/restore/restore_job.h"
#include "broker/broker.h"
#include "odradek/kafka.h"
#include "store/memory_store.h"

namespace odradek::backup {
namespace {

constexpr const char* kTopic = "orders";
constexpr int kPartitions = 3;

// A record as a consumer sees it.
struct SeenRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  int64_t timestamp_ms = 0;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;

  bool operator==(const SeenRecord&) const = default;
};

template <class T>
std::optional<T> text_or_null(bool is_there, std::string_view text) {
  return is_there ? std::optional<T>(text) : std::nullopt;
}

class BackupAndRestore : public testing::Test {
 protected:
  void SetUp() override { start(source_); }

  static void start(broker::Broker& broker) {
    const Result<void> started = broker.start();
    ASSERT_TRUE(started) << started.error().to_string();
  }

  static void create_topic(broker::Broker& broker, const std::string& name,
                           std::map<std::string, std::string> configs = {}) {
    broker::TopicSpec spec{.name = name, .partitions = kPartitions, .configs = {}};
    for (auto& [key, value] : configs) spec.configs.emplace_back(key, value);
    ASSERT_TRUE(broker.create_topic(spec));
  }

  // `count` records on each partition, in batches of the given codec.
  void produce(int count, kafka::Compression compression, const std::string& tag) {
    const kafka::Client client({.bootstrap = source_.bootstrap()});
    kafka::Producer producer(client, {.compression = compression});
    for (int i = 0; i < count; ++i) {
      for (int32_t p = 0; p < kPartitions; ++p) {
        const std::string key = tag + std::to_string(i);
        const std::string value = key + std::string(50, '.');
        const kafka::Header headers[] = {{"n", std::nullopt}, {"e", ""}, {"n", "twice"}};
        kafka::Record record{.topic = kTopic};
        record.partition = p;
        record.timestamp_ms = 1'700'000'000'000 + (i * 7919) % 1000;
        if (i % 5 != 1) record.key = key;
        if (i % 7 != 2) record.value = value;
        if (i % 3 == 0) record.headers = headers;
        ASSERT_TRUE(producer.send(record, [](const auto& report) { ASSERT_TRUE(report); }));
      }
    }
    ASSERT_TRUE(producer.flush(std::chrono::seconds(30)).get());
  }

  static std::vector<SeenRecord> read(broker::Broker& broker, const std::string& topic,
                                      int32_t partition) {
    const kafka::Client client({.bootstrap = broker.bootstrap()});
    kafka::Admin admin(client);
    kafka::Consumer consumer(client, {.start = kafka::Start::earliest, .auto_commit = false});
    const kafka::TopicPartition which{topic, partition};
    const int64_t end =
        admin.list_offsets({which}, kafka::OffsetSpec::latest).get().value().at(0).result->offset;
    EXPECT_TRUE(consumer.assign({which}));
    std::vector<SeenRecord> seen;
    while (consumer.position(which).get().value() < end) {
      const kafka::RecordBatch batch = consumer.next(std::chrono::seconds(5)).get().value();
      for (const kafka::RecordView& record : batch) {
        SeenRecord copy{text_or_null<std::string>(record.has_key(), record.key()),
                        text_or_null<std::string>(!record.is_tombstone(), record.value()),
                        record.timestamp_ms(),
                        {}};
        for (const kafka::Header& header : record.headers()) {
          copy.headers.emplace_back(header.key, header.value);
        }
        seen.push_back(std::move(copy));
      }
    }
    return seen;
  }

  static kafka::CommittedOffset position(int32_t partition, int64_t offset) {
    return {{kTopic, partition}, kafka::OffsetAndMetadata{offset, "note", -1}};
  }

  // Carries the groups of the archive over to the target.
  Result<ExecutionReport> restore_positions() {
    SystemClock clock;
    io::Loop loop(clock);
    io::WorkerPool workers(loop, 2);
    cluster::ClusterOptions cluster_options;
    cluster_options.bootstrap = *io::parse_host_ports(target_.bootstrap());
    cluster::Cluster cluster(loop, cluster_options);
    PositionPlanner planner(cluster, store_, workers, {.backup_id = "set"});
    Result<PositionPlan> plan = loop.block_on(planner.plan());
    EXPECT_TRUE(plan) << plan.error().to_string();
    PositionExecutor executor(cluster, store_, workers, clock, ArchiveKeys("set"));
    Result<ExecutionReport> report = loop.block_on(executor.execute(*plan));
    loop.block_on(cluster.stop());
    return report;
  }

  // Runs a job on its own loop against a broker.
  template <class Job, class Options>
  auto run(broker::Broker& broker, Options options) {
    SystemClock clock;
    io::Loop loop(clock);
    io::WorkerPool workers(loop, 2);
    cluster::ClusterOptions cluster_options;
    cluster_options.bootstrap = *io::parse_host_ports(broker.bootstrap());
    cluster::Cluster cluster(loop, cluster_options);
    Job job(cluster, store_, workers, clock, std::move(options));
    auto report = loop.block_on(job.run());
    loop.block_on(cluster.stop());
    return report;
  }

  Result<BackupReport> back_up(BackupOptions options = {}) {
    options.backup_id = "set";
    return run<BackupJob>(source_, std::move(options));
  }
  Result<RestoreReport> restore(RestoreOptions options = {}) {
    options.backup_id = "set";
    options.expired_data = ExpiredData::kHold;
    if (options.coalesce == Coalesce::kAuto) options.coalesce = Coalesce::kNever;
    return run<RestoreJob>(target_, std::move(options));
  }

  void expect_equal_topics(const std::string& restored_name = kTopic) {
    for (int32_t p = 0; p < kPartitions; ++p) {
      EXPECT_EQ(read(source_, kTopic, p), read(target_, restored_name, p)) << "partition " << p;
    }
  }

  store::MemoryStore store_;
  broker::Broker source_;
  broker::Broker target_;
};

TEST_F(BackupAndRestore, GivesBackEveryRecordWhateverItsCodec) {
  create_topic(source_, kTopic);
  produce(200, {}, "none");
  produce(200, kafka::Gzip(), "gzip");
  produce(200, kafka::Snappy(), "snappy");
  produce(200, kafka::Lz4(), "lz4");
  produce(200, kafka::Zstd(), "zstd");
  const Result<BackupReport> backed_up = back_up();
  ASSERT_TRUE(backed_up) << backed_up.error().to_string();
  EXPECT_EQ(backed_up->copied.records, 3000U);
  EXPECT_TRUE(validate(store_, ArchiveKeys("set"), ValidateDepth::kDeep)->findings.empty());

  start(target_);
  const Result<RestoreReport> restored = restore();
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(restored->loaded.records, 3000U);
  EXPECT_EQ(restored->verified.records, 3000U);
  const auto batches = [&restored](RestorePath path) {
    return restored->loaded.paths[static_cast<size_t>(path)];
  };
  EXPECT_GT(batches(RestorePath::kRaw), 0U);
  EXPECT_GT(batches(RestorePath::kRecompress), 0U);
  expect_equal_topics();
}

TEST_F(BackupAndRestore, GivesBackEveryRecordHoweverItWasStored) {
  create_topic(source_, kTopic);
  produce(50, {}, "none");
  produce(50, kafka::Lz4(), "lz4");
  produce(50, kafka::Zstd(), "zstd");
  start(target_);
  const std::vector<BatchCoding> codings = {{Transcode::kAll, wire::Codec::kNone, true},
                                            {Transcode::kAll, wire::Codec::kLz4, false},
                                            {Transcode::kAuto, wire::Codec::kGzip, false},
                                            {Transcode::kAuto, wire::Codec::kSnappy, false},
                                            {Transcode::kNever, wire::Codec::kNone, false}};
  for (size_t i = 0; i < codings.size(); ++i) {
    for (const store::ObjectInfo& object : *store_.list("")) ASSERT_TRUE(store_.remove(object.key));
    BackupOptions stored;
    stored.copy.coding = codings[i];
    stored.copy.segment.zstd_level = codings[i].frames_are_compressed ? 3 : 0;
    ASSERT_TRUE(back_up(std::move(stored)));
    const std::string name = "restored" + std::to_string(i);
    RestoreOptions options;
    options.topic_mapping = {{kTopic, name}};
    const Result<RestoreReport> restored = restore(std::move(options));
    ASSERT_TRUE(restored) << restored.error().to_string();
    EXPECT_EQ(restored->loaded.records, 450U);
    expect_equal_topics(name);
  }
}

TEST_F(BackupAndRestore, SecondRunCopiesOnlyWhatIsNew) {
  create_topic(source_, kTopic);
  produce(100, {}, "first");
  ASSERT_TRUE(back_up());
  EXPECT_EQ(back_up()->copied.records, 0U);
  produce(50, {}, "second");
  EXPECT_EQ(back_up()->copied.records, 150U);
  start(target_);
  const Result<RestoreReport> restored = restore();
  ASSERT_TRUE(restored) << restored.error().to_string();
  expect_equal_topics();
}

TEST_F(BackupAndRestore, SmallSegmentsAndFramesGiveTheSame) {
  create_topic(source_, kTopic);
  for (int i = 0; i < 20; ++i) produce(30, {}, "part" + std::to_string(i));
  BackupOptions options;
  options.copy.segment_bytes = 8 * 1024;
  options.copy.segment.frame_bytes = 2 * 1024;
  options.copy.fetch.max_bytes = 4 * 1024;
  const Result<BackupReport> backed_up = back_up(std::move(options));
  ASSERT_TRUE(backed_up) << backed_up.error().to_string();
  EXPECT_GT(backed_up->copied.segments, 3U * kPartitions);
  start(target_);
  ASSERT_TRUE(restore());
  expect_equal_topics();
}

TEST_F(BackupAndRestore, GroupsGoOnWhereTheyStood) {
  create_topic(source_, kTopic);
  produce(100, {}, "r");
  const kafka::Client client({.bootstrap = source_.bootstrap()});
  kafka::Admin admin(client);
  ASSERT_TRUE(kafka::all(admin.delete_records({{{kTopic, 0}, 40}}).get()));
  ASSERT_TRUE(kafka::all(
      admin.alter_group_offsets("billing", {position(0, 70), position(1, 0), position(2, 100)})
          .get()));
  const Result<BackupReport> backed_up = back_up();
  ASSERT_TRUE(backed_up) << backed_up.error().to_string();
  EXPECT_EQ(backed_up->groups, 1U);
  EXPECT_TRUE(backed_up->gaps.empty());  // gone before the first backup: nothing was lost by us
  start(target_);
  const Result<RestoreReport> restored = restore();
  ASSERT_TRUE(restored) << restored.error().to_string();
  const Result<ExecutionReport> positions = restore_positions();
  ASSERT_TRUE(positions) << positions.error().to_string();
  EXPECT_TRUE(positions->is_complete());

  const kafka::Client target_client({.bootstrap = target_.bootstrap()});
  kafka::Admin target_admin(target_client);
  std::map<int32_t, int64_t> offsets;
  for (const auto& offset : target_admin.group_offsets("billing").get().value()) {
    offsets[offset.partition.partition] = offset.committed->offset;
    EXPECT_EQ(offset.committed->metadata, "note");
  }
  // Partition 0 begins at source offset 40, which is now 0.
  EXPECT_EQ(offsets, (std::map<int32_t, int64_t>{{0, 30}, {1, 0}, {2, 100}}));
}

TEST_F(BackupAndRestore, RecordsLostToRetentionBetweenRunsAreAGap) {
  create_topic(source_, kTopic);
  produce(100, {}, "first");
  ASSERT_TRUE(back_up());
  produce(100, {}, "second");
  const kafka::Client client({.bootstrap = source_.bootstrap()});
  ASSERT_TRUE(kafka::all(kafka::Admin(client).delete_records({{{kTopic, 1}, 150}}).get()));
  const Result<BackupReport> backed_up = back_up();
  ASSERT_TRUE(backed_up) << backed_up.error().to_string();
  ASSERT_EQ(backed_up->gaps.size(), 1U);
  EXPECT_EQ(backed_up->gaps[0], "orders-1 offsets 100..149: retention");
  EXPECT_TRUE(validate(store_, ArchiveKeys("set"), ValidateDepth::kDeep)->findings.empty());
}

TEST_F(BackupAndRestore, TopicCreatedAgainIsAnotherIncarnation) {
  create_topic(source_, kTopic);
  produce(100, {}, "old");
  ASSERT_TRUE(back_up());
  source_.reset();
  create_topic(source_, kTopic);
  produce(20, {}, "new");
  const Result<BackupReport> backed_up = back_up();
  ASSERT_TRUE(backed_up) << backed_up.error().to_string();
  EXPECT_EQ(backed_up->copied.records, 60U);
  const ArchiveState state = *read_archive(store_, ArchiveKeys("set"));
  EXPECT_EQ(state.topics.size(), 2U);
  start(target_);
  ASSERT_TRUE(restore());
  expect_equal_topics();
}

TEST_F(BackupAndRestore, RestoresUnderAnotherName) {
  create_topic(source_, kTopic);
  produce(50, {}, "r");
  ASSERT_TRUE(back_up());
  start(target_);
  RestoreOptions options;
  options.topic_mapping = {{kTopic, "orders-restored"}};
  ASSERT_TRUE(restore(std::move(options)));
  expect_equal_topics("orders-restored");
}

TEST_F(BackupAndRestore, RefusesATargetThatHasRecords) {
  create_topic(source_, kTopic);
  produce(10, {}, "r");
  ASSERT_TRUE(back_up());
  start(target_);
  ASSERT_TRUE(restore());
  const Result<RestoreReport> again = restore();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Errc::kPrecondition);
}

TEST_F(BackupAndRestore, KeepsTheTopicsConfiguration) {
  create_topic(source_, kTopic, {{"cleanup.policy", "compact"}, {"max.message.bytes", "500000"}});
  {
    const kafka::Client client({.bootstrap = source_.bootstrap()});
    kafka::Producer producer(client, {});
    ASSERT_TRUE(producer.send({.topic = kTopic, .key = "k", .value = "v"}).get());
  }
  ASSERT_TRUE(back_up());
  start(target_);
  const Result<RestoreReport> restored = restore();
  ASSERT_TRUE(restored) << restored.error().to_string();
  const kafka::Client client({.bootstrap = target_.bootstrap()});
  std::map<std::string, std::string> configs;
  for (const auto& entry : kafka::Admin(client).describe_configs({.name = kTopic}).get().value()) {
    if (!entry.is_default) configs[entry.name] = entry.value.value_or("");
  }
  EXPECT_EQ(configs, (std::map<std::string, std::string>{{"cleanup.policy", "compact"},
                                                         {"max.message.bytes", "500000"}}));
}

TEST_F(BackupAndRestore, RefusesADamagedArchiveBeforeItTouchesTheTarget) {
  create_topic(source_, kTopic);
  produce(100, {}, "r");
  ASSERT_TRUE(back_up());
  const std::string key = store_.list("set/topics/")->front().key;
  std::string bytes(store_.get(key)->text());
  ASSERT_TRUE(store_.put(key, as_bytes(bytes.substr(0, bytes.size() / 2))));
  const Result<ValidationReport> report =
      validate(store_, ArchiveKeys("set"), ValidateDepth::kShallow);
  ASSERT_EQ(report->findings.size(), 1U);
  EXPECT_NE(report->findings[0].find(key), std::string::npos);
  start(target_);
  EXPECT_FALSE(restore());
  const kafka::Client client({.bootstrap = target_.bootstrap()});
  EXPECT_TRUE(kafka::Admin(client).list_topics().get().value().empty());
}

TEST_F(BackupAndRestore, ANamedTopicMustExist) {
  BackupOptions options;
  options.topics = *NameFilter::make({"missing"}, {});
  const Result<BackupReport> report = back_up(std::move(options));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Errc::kNotFound);
}

TEST_F(BackupAndRestore, TwoWritersOfOneArchiveAreTold) {
  SystemClock clock;
  const auto held = Lease::acquire(store_, ArchiveKeys("set"), clock, "the other");
  ASSERT_TRUE(held);
  const Result<BackupReport> report = back_up();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Errc::kAlreadyExists);
  EXPECT_NE(report.error().message().find("the other"), std::string_view::npos);
}

}  // namespace
}  // namespace odradek::backup
