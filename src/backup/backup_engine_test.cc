#include <gtest/gtest.h>

#include <map>

#include "backup/engine/backup_job.h"
#include "backup/inspect/validate.h"
#include "broker/broker.h"
#include "odradek/kafka.h"
#include "store/careless_store_for_tests.h"

// Whole runs of the backup against an embedded broker.
namespace odradek::backup {
namespace {

constexpr const char* kTopic = "orders";

class BackupEngine : public testing::Test {
 protected:
  BackupEngine() {
    const Result<void> started = broker_.start();
    EXPECT_TRUE(started) << started.error().to_string();
    cluster::ClusterOptions options;
    options.bootstrap = *io::parse_host_ports(broker_.bootstrap());
    cluster_.emplace(loop_, options);
    client_.emplace(kafka::ClientOptions{.bootstrap = broker_.bootstrap()});
    options_.backup_id = "set";
    options_.retry.deadline = std::chrono::seconds(20);
  }
  ~BackupEngine() override {
    client_.reset();
    loop_.block_on(cluster_->stop());
  }

  void create_topic(const std::string& name, std::map<std::string, std::string> configs = {},
                    int32_t partitions = 1) {
    broker::TopicSpec spec{.name = name, .partitions = partitions, .configs = {}};
    for (auto& [key, value] : configs) spec.configs.emplace_back(key, value);
    ASSERT_TRUE(broker_.create_topic(spec));
  }
  void delete_topic(const std::string& name) {
    ASSERT_TRUE(kafka::all(kafka::Admin(*client_).delete_topics({name}).get()));
  }

  void produce(const std::string& topic, const std::vector<int64_t>& timestamps,
               kafka::Compression compression = {}) {
    kafka::Producer producer(*client_, {.compression = compression});
    for (const int64_t timestamp : timestamps) {
      kafka::Record record{.topic = topic};
      const std::string value = "value" + std::string(100, '.');
      record.partition = 0;
      record.timestamp_ms = timestamp;
      record.value = value;
      ASSERT_TRUE(producer.send(record, [](const auto& report) { ASSERT_TRUE(report); }));
    }
    ASSERT_TRUE(producer.flush(std::chrono::seconds(30)).get());
  }

  Result<BackupReport> back_up() {
    BackupJob job(*cluster_, store_, workers_, clock_, options_);
    return loop_.block_on(job.run());
  }
  ArchiveState archive() {
    Result<ArchiveState> state = read_archive(store_, ArchiveKeys("set"));
    EXPECT_TRUE(state) << state.error().to_string();
    return *state;
  }
  PartitionState partition(const std::string& topic, uint32_t incarnation = 1) {
    return archive().topics.at({topic, incarnation}).partitions.at(0);
  }
  void expect_valid() {
    const Result<ValidationReport> report =
        validate(store_, ArchiveKeys("set"), ValidateDepth::kDeep);
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_TRUE(report->findings.empty()) << report->findings.front();
  }

  SystemClock clock_;
  io::Loop loop_{clock_};
  io::WorkerPool workers_{loop_, 2};
  broker::Broker broker_;
  store::MemoryStore store_;
  std::optional<cluster::Cluster> cluster_;
  std::optional<kafka::Client> client_;
  BackupOptions options_;
};

TEST_F(BackupEngine, AStoreThatReplacesWhatIsThereIsSpokenOf) {
  create_topic(kTopic);
  produce(kTopic, {5000});
  store::CarelessStore careless;
  BackupJob job(*cluster_, careless, workers_, clock_, options_);
  const Result<BackupReport> report = loop_.block_on(job.run());
  ASSERT_TRUE(report) << report.error().to_string();
  ASSERT_EQ(report->warnings.size(), 1U);
  EXPECT_NE(report->warnings.front().find("create-only"), std::string::npos);
  EXPECT_EQ(read_archive(careless, ArchiveKeys("set"))->fencing, Fencing::kWeak);
  EXPECT_TRUE(back_up()->warnings.empty());
  EXPECT_EQ(archive().fencing, Fencing::kStrong);
}

// Silent loss (a) of other tools: a segment's times taken from its first and last record.
TEST_F(BackupEngine, TimesOfASegmentCoverRecordsOutOfOrder) {
  create_topic(kTopic);
  produce(kTopic, {5000, 1000, 9000, 4000});
  produce(kTopic, {6000});
  ASSERT_TRUE(back_up());
  const SegmentRef segment = partition(kTopic).segments.at(0);
  EXPECT_EQ(segment.min_timestamp, 1000);
  EXPECT_EQ(segment.max_timestamp, 9000);
  expect_valid();
}

// Silent loss (b): the producer's time archived where the broker stamps its own.
TEST_F(BackupEngine, TimesOfLogAppendTimeTopicsAreThoseOfTheBroker) {
  create_topic(kTopic, {{"message.timestamp.type", "LogAppendTime"}});
  const TimestampMs before = clock_.wall_ms();
  produce(kTopic, {5000, 1000});
  ASSERT_TRUE(back_up());
  const SegmentRef segment = partition(kTopic).segments.at(0);
  EXPECT_GE(segment.min_timestamp, before);
  EXPECT_LE(segment.max_timestamp, clock_.wall_ms());
  expect_valid();
}

// Silent loss (c): a topic created again, shorter than the archive has it, ignored or spliced.
TEST_F(BackupEngine, AShorterTopicOfTheSameNameIsANewIncarnation) {
  create_topic(kTopic);
  produce(kTopic, {1, 2, 3, 4, 5});
  ASSERT_TRUE(back_up());
  delete_topic(kTopic);
  create_topic(kTopic);
  produce(kTopic, {6, 7});
  const Result<BackupReport> report = back_up();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->copied.records, 2U);
  ASSERT_EQ(report->warnings.size(), 1U);
  EXPECT_NE(report->warnings[0].find("created again"), std::string::npos);
  EXPECT_EQ(partition(kTopic, 1).covered_through, 4);
  EXPECT_EQ(partition(kTopic, 2).covered_through, 1);
  expect_valid();

  options_.on_topic_recreated = OnTopicRecreated::kFail;
  delete_topic(kTopic);
  create_topic(kTopic);
  EXPECT_EQ(back_up().error().code(), Errc::kPrecondition);
}

TEST_F(BackupEngine, ARestorePointNamesGroupsAndTheEndsItTook) {
  create_topic(kTopic, {{"retention.ms", "1000000"}});
  produce(kTopic, {1, 2, 3});
  kafka::Admin admin(*client_);
  ASSERT_TRUE(kafka::all(
      admin.alter_group_offsets("billing", {{{kTopic, 0}, kafka::OffsetAndMetadata{2, "m", -1}}})
          .get()));
  options_.restore_point_label = "before the release";
  ASSERT_TRUE(back_up());
  const ArchiveState state = archive();
  ASSERT_EQ(state.restore_points.size(), 1U);
  const RestorePoint& point = state.restore_points[0];
  EXPECT_EQ(point.label, "before the release");
  const Result<GroupsSnapshot> groups = read_groups(store_, point.groups_key);
  ASSERT_TRUE(groups) << groups.error().to_string();
  EXPECT_EQ(groups->groups.at(0).type, "classic");
  EXPECT_EQ(groups->groups.at(0).offsets.at(0).offset, 2);
  const Result<ClusterSnapshot> cluster = read_cluster(store_, point.cluster_key);
  ASSERT_TRUE(cluster) << cluster.error().to_string();
  EXPECT_EQ(cluster->topics.at(0).ends, (std::vector<int64_t>{3}));
  EXPECT_EQ(cluster->topics.at(0).facts.configs.at("retention.ms"), "1000000");
  EXPECT_EQ(cluster->broker_count, 1);
}

io::Task<Result<BackupReport>> run_and_watch(BackupJob& job, io::Loop& loop, io::TaskGroup& tasks,
                                             io::Task<void> watch) {
  tasks.spawn(std::move(watch));
  Result<BackupReport> report = co_await job.run();
  tasks.cancel();
  co_await tasks.join();
  (void)loop;
  co_return report;
}

// Waits until the archive has `offsets` of the topic, then does something.
io::Task<void> when_covered(io::Loop& loop, store::ObjectStore& store, std::string topic,
                            int64_t through, std::function<void()> then) {
  while (true) {
    const Result<ArchiveState> state = read_archive(store, ArchiveKeys("set"));
    const auto found = state->topics.find({topic, 1});
    if (found != state->topics.end() && found->second.partitions.contains(0) &&
        found->second.partitions.at(0).covered_through >= through &&
        !state->restore_points.empty()) {
      break;
    }
    const Result<void> slept = co_await io::sleep(loop, std::chrono::milliseconds(5));
    if (!slept) co_return;
  }
  then();
}

TEST_F(BackupEngine, ContinuousFindsNewRecordsTopicsAndPartitionsUntilStopped) {
  create_topic(kTopic);
  produce(kTopic, {1, 2, 3});
  options_.mode = BackupMode::kContinuous;
  options_.cycle_interval = std::chrono::milliseconds(10);
  BackupJob job(*cluster_, store_, workers_, clock_, options_);
  io::TaskGroup tasks(loop_);
  bool is_second = false;
  const auto stop_it = [&] { job.stop(); };
  const auto add_more = [&] {
    is_second = true;
    produce(kTopic, {4, 5});
    create_topic("later");
    produce("later", {6});
    tasks.spawn(when_covered(loop_, store_, "later", 0, stop_it));
  };
  const Result<BackupReport> report = loop_.block_on(
      run_and_watch(job, loop_, tasks, when_covered(loop_, store_, kTopic, 2, add_more)));
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_TRUE(is_second);
  EXPECT_TRUE(report->was_stopped);
  EXPECT_EQ(partition(kTopic).covered_through, 4);
  EXPECT_EQ(partition("later").covered_through, 0);
  EXPECT_GE(archive().restore_points.size(), 2U);
  expect_valid();
}

TEST_F(BackupEngine, AnIdleContinuousBackupDoesNotPileUpRestorePoints) {
  create_topic(kTopic);
  produce(kTopic, {1});
  options_.mode = BackupMode::kContinuous;
  options_.cycle_interval = std::chrono::milliseconds(1);
  std::optional<BackupJob> job;
  options_.on_progress = [&](const BackupStatus& status) {
    if (status.cycles >= 5) job->stop();
  };
  job.emplace(*cluster_, store_, workers_, clock_, options_);
  ASSERT_TRUE(loop_.block_on(job->run()));
  EXPECT_EQ(archive().restore_points.size(), 1U);
}

TEST_F(BackupEngine, CatchUpLooksAgainUntilNothingIsNew) {
  create_topic(kTopic);
  produce(kTopic, {1, 2});
  options_.mode = BackupMode::kCatchUp;
  const Result<BackupReport> report = back_up();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->cycles, 2U);
  EXPECT_EQ(report->copied.records, 2U);
}

TEST_F(BackupEngine, AMissingTopicIsAWarningWhereThatIsWanted) {
  create_topic(kTopic);
  produce(kTopic, {1});
  options_.topics = *NameFilter::make({kTopic, "gone"}, {});
  EXPECT_EQ(back_up().error().code(), Errc::kNotFound);
  options_.on_missing_topic = OnMissingTopic::kWarn;
  const Result<BackupReport> report = back_up();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->warnings.size(), 1U);
  EXPECT_EQ(report->copied.records, 1U);
}

TEST_F(BackupEngine, AnArchiveKeepsToItsIsolationLevel) {
  create_topic(kTopic);
  produce(kTopic, {1});
  ASSERT_TRUE(back_up());
  options_.copy.fetch.isolation = IsolationLevel::kReadUncommitted;
  EXPECT_EQ(back_up().error().code(), Errc::kPrecondition);
}

TEST_F(BackupEngine, AHangingTransactionIsNamed) {
  create_topic(kTopic);
  produce(kTopic, {1, 2});
  kafka::Producer producer(*client_, {.transactional_id = "forgotten"});
  kafka::Transaction transaction = producer.begin().get().value();
  kafka::Record record{.topic = kTopic};
  record.partition = 0;
  record.timestamp_ms = 1000;  // long ago
  record.value = "v";
  ASSERT_TRUE(transaction.send(record).get());
  produce(kTopic, {3});
  options_.hanging_transaction_timeout = std::chrono::milliseconds(0);
  const Result<BackupReport> report = back_up();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->copied.records, 2U);
  ASSERT_EQ(report->warnings.size(), 1U);
  EXPECT_NE(report->warnings[0].find("producer id"), std::string::npos);
  EXPECT_NE(report->warnings[0].find("since offset 2"), std::string::npos) << report->warnings[0];
  options_.on_hanging_transaction = OnHangingTransaction::kFail;
  EXPECT_EQ(back_up().error().code(), Errc::kPrecondition);
  ASSERT_TRUE(transaction.abort().get());
}

TEST_F(BackupEngine, EveryCompressionAndTranscodingKeepsTheRecords) {
  create_topic(kTopic);
  for (const auto& codec : {kafka::Compression{}, kafka::Compression(kafka::Lz4()),
                            kafka::Compression(kafka::Zstd())}) {
    produce(kTopic, std::vector<int64_t>(50, 1000), codec);
  }
  for (const wire::Codec codec :
       {wire::Codec::kNone, wire::Codec::kGzip, wire::Codec::kSnappy, wire::Codec::kLz4}) {
    for (const Transcode transcode : {Transcode::kNever, Transcode::kAuto, Transcode::kAll}) {
      for (const int level : {0, 3}) {
        for (const store::ObjectInfo& object : *store_.list("")) {
          ASSERT_TRUE(store_.remove(object.key));
        }
        options_.copy.coding = {transcode, codec, level != 0};
        options_.copy.segment.zstd_level = level;
        const Result<BackupReport> report = back_up();
        ASSERT_TRUE(report) << report.error().to_string();
        EXPECT_EQ(report->copied.records, 150U);
        expect_valid();
      }
    }
  }
}

}  // namespace
}  // namespace odradek::backup
