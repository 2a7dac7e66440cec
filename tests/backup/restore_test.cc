#include <algorithm>

#include "restore_fixture.h"

namespace odradek::backup {
namespace {

constexpr const char* kTopic = "orders";

class Restoring : public RestoreFixture {};

TEST_F(Restoring, PlanSaysWhatWouldHappenAndChangesNothing) {
  create_topic(source_, kTopic, 2, {{"cleanup.policy", "compact"}});
  produce_many(source_, kTopic, 2, 50, "r");
  ASSERT_TRUE(back_up());
  const Result<RestorePlan> planned = plan();
  ASSERT_TRUE(planned) << planned.error().to_string();
  ASSERT_EQ(planned->topics.size(), 1U);
  const TopicPlan& topic = planned->topics[0];
  EXPECT_EQ(topic.action, TopicAction::kCreate);
  EXPECT_EQ(topic.content.records, 100U);
  EXPECT_EQ(topic.partitions, 2);
  EXPECT_EQ(topic.during_load.at("cleanup.policy"), "delete");
  EXPECT_EQ(topic.put_back.at("cleanup.policy"), "compact");
  EXPECT_EQ(topic.put_back.at("retention.ms"), std::nullopt);
  EXPECT_FALSE(planned->has_conflicts());
  EXPECT_NE(plan_text(*planned).find("100 records"), std::string::npos);
  EXPECT_NE(plan_json(*planned).find("\"action\": \"create\""), std::string::npos);
  const kafka::Client client({.bootstrap = target_.bootstrap()});
  EXPECT_TRUE(kafka::Admin(client).list_topics().get().value().empty());
}

TEST_F(Restoring, PlanNamesEveryConflict) {
  create_topic(source_, kTopic, 2, {{"min.insync.replicas", "3"}, {"retention.ms", "3600000"}});
  produce_many(source_, kTopic, 2, 10, "r");
  create_topic(source_, "other", 1);
  produce_many(source_, "other", 1, 10, "r");
  ASSERT_TRUE(back_up());
  create_topic(target_, "other", 1);
  produce_many(target_, "other", 1, 1, "there");
  const Result<RestorePlan> planned = plan();
  ASSERT_TRUE(planned) << planned.error().to_string();
  const std::string text = plan_text(*planned);
  EXPECT_NE(text.find("CONFLICT  orders: min.insync.replicas is 3"), std::string::npos) << text;
  EXPECT_NE(text.find("CONFLICT  orders: retention.ms is 3600000"), std::string::npos) << text;
  EXPECT_NE(text.find("CONFLICT  other: has records"), std::string::npos) << text;
  const Result<RestoreReport> restored = restore_exactly({});
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code(), Errc::kPrecondition);
}

TEST_F(Restoring, AppendsBehindWhatIsThere) {
  create_topic(source_, kTopic, 1);
  produce_many(source_, kTopic, 1, 3, "restored");
  ASSERT_TRUE(back_up());
  create_topic(target_, kTopic, 1, {{"retention.ms", "-1"}});
  produce_many(target_, kTopic, 1, 2, "there");
  RestoreOptions options;
  options.if_exists = IfExists::kAppend;
  const Result<RestoreReport> restored = restore(options);
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(values(target_, kTopic, 0),
            (std::vector<std::string>{"there 0 0", "there 0 1", "restored 0 0", "restored 0 1",
                                      "restored 0 2"}));
  EXPECT_EQ(own_configs(target_, kTopic),
            (std::map<std::string, std::string>{{"retention.ms", "-1"}}));
}

TEST_F(Restoring, PurgesWhatIsThere) {
  create_topic(source_, kTopic, 1);
  produce_many(source_, kTopic, 1, 3, "restored");
  ASSERT_TRUE(back_up());
  create_topic(target_, kTopic, 1);
  produce_many(target_, kTopic, 1, 2, "there");
  RestoreOptions options;
  options.if_exists = IfExists::kPurge;
  const Result<RestoreReport> restored = restore(options);
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(values(target_, kTopic, 0),
            (std::vector<std::string>{"restored 0 0", "restored 0 1", "restored 0 2"}));
}

// The silent loss (d): retention of an hour, records of last year.
TEST_F(Restoring, RecordsThatRetentionWouldDeleteAreNeverLostSilently) {
  create_topic(source_, kTopic, 1, {{"retention.ms", "3600000"}});
  produce_many(source_, kTopic, 1, 5, "old");
  const auto now = SystemClock().wall_ms();
  produce(source_, kTopic, {{0, "new", now}});
  ASSERT_TRUE(back_up());
  const Result<RestoreReport> refused = restore_exactly({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kPrecondition);

  RestoreOptions drop;
  drop.expired_data = ExpiredData::kDrop;
  drop.topic_mapping = {{kTopic, "dropped"}};
  const Result<RestoreReport> dropped = restore(drop);
  ASSERT_TRUE(dropped) << dropped.error().to_string();
  EXPECT_EQ(values(target_, "dropped", 0), (std::vector<std::string>{"new"}));
  EXPECT_EQ(own_configs(target_, "dropped").at("retention.ms"), "3600000");

  RestoreOptions hold;
  hold.expired_data = ExpiredData::kHold;
  hold.topic_mapping = {{kTopic, "held"}};
  const Result<RestoreReport> held = restore(hold);
  ASSERT_TRUE(held) << held.error().to_string();
  EXPECT_EQ(values(target_, "held", 0).size(), 6U);
  EXPECT_EQ(own_configs(target_, "held").at("retention.ms"), "-1");
  ASSERT_EQ(held->held_configs.size(), 1U);
  EXPECT_NE(held->held_configs[0].find("should be 3600000"), std::string::npos);
}

// The silent loss (a): a segment's first and last record say nothing about those between.
TEST_F(Restoring, OutOfOrderTimesLoseNothingAtAPointInTime) {
  create_topic(source_, kTopic, 1);
  std::vector<Produced> records;
  std::vector<std::string> expected;
  for (int i = 0; i < 500; ++i) {
    const bool is_wanted = i > 0 && i < 499;
    records.push_back({0, std::to_string(i), is_wanted ? kTime + (i * 37) % 500 : kTime + 100'000});
    if (is_wanted) expected.push_back(std::to_string(i));
  }
  produce(source_, kTopic, records);
  ASSERT_TRUE(back_up());
  RestoreOptions options;
  options.window = {kTime, kTime + 500};
  const Result<RestoreReport> restored = restore(options);
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(values(target_, kTopic, 0), expected);
}

// The silent loss (b): what counts is when the log got the record, before and after.
TEST_F(Restoring, AppendTimesAreKeptAndAreWhatAPointInTimeGoesBy) {
  create_topic(source_, kTopic, 1, {{"message.timestamp.type", "LogAppendTime"}});
  std::vector<Produced> records;
  for (int i = 0; i < 20; ++i) records.push_back({0, std::to_string(i), kTime + i});
  const TimestampMs before = SystemClock().wall_ms();
  produce(source_, kTopic, records);
  const TimestampMs after = SystemClock().wall_ms();
  ASSERT_TRUE(back_up());
  RestoreOptions options;
  options.window = {before, after};
  const Result<RestoreReport> restored = restore(options);
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(read(target_, kTopic, 0), read(source_, kTopic, 0));
  EXPECT_EQ(read(target_, kTopic, 0).size(), 20U);
  EXPECT_EQ(own_configs(target_, kTopic).at("message.timestamp.type"), "LogAppendTime");
}

// Makes where the archive stands now a restore point.
void mark_restore_point(store::ObjectStore& store, const std::string& label) {
  const auto log = *CommitLog::open(store, ArchiveKeys("set"), 1);
  ClusterSnapshot snapshot;
  for (const auto& [key, topic] : log->state().topics) {
    TopicSnapshot there;
    there.facts = topic.facts;
    for (const auto& [id, partition] : topic.partitions) {
      there.ends.push_back(partition.covered_through + 1);
    }
    snapshot.topics.push_back(std::move(there));
  }
  const Slice packed = *pack_snapshot(to_json(snapshot));
  const uint64_t number = log->state().through_commit + 1;
  const std::string key = ArchiveKeys("set").cluster(number, sha256_of(packed.bytes()));
  ASSERT_TRUE(store.put(key, packed.bytes()));
  Commit commit;
  commit.at = SystemClock().wall_ms();
  commit.cluster_key = key;
  commit.restore_point = label;
  ASSERT_TRUE(log->append(std::move(commit)));
}

TEST_F(Restoring, ARestorePointIsAllThatWasThereThen) {
  create_topic(source_, kTopic, 1);
  produce_many(source_, kTopic, 1, 10, "first");
  ASSERT_TRUE(back_up());
  mark_restore_point(store_, "monday");
  produce_many(source_, kTopic, 1, 10, "second");
  create_topic(source_, "later", 1);
  produce_many(source_, "later", 1, 10, "second");
  ASSERT_TRUE(back_up());
  RestoreOptions options;
  options.restore_point = "monday";
  const Result<RestoreReport> restored = restore(options);
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(restored->topics, 1U);
  EXPECT_EQ(values(target_, kTopic, 0).size(), 10U);
  options.restore_point = "tuesday";
  const Result<RestoreReport> missing = restore(options);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Errc::kNotFound);
  EXPECT_NE(missing.error().message().find("monday"), std::string_view::npos);
}

TEST_F(Restoring, PartitionsMayBeChosenMappedAndJoined) {
  create_topic(source_, kTopic, 3);
  produce_many(source_, kTopic, 3, 4, "r");
  ASSERT_TRUE(back_up());
  RestoreOptions options;
  options.source_partitions = {0, 2};
  options.partition_mapping = {{0, 1}, {2, 1}};
  const Result<RestoreReport> restored = restore(options);
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_TRUE(values(target_, kTopic, 0).empty());
  EXPECT_EQ(values(target_, kTopic, 1),
            (std::vector<std::string>{"r 0 0", "r 0 1", "r 0 2", "r 0 3", "r 2 0", "r 2 1", "r 2 2",
                                      "r 2 3"}));
}

TEST_F(Restoring, KeysGoWhereAProducerWouldSendThem) {
  create_topic(source_, kTopic, 1);
  produce_many(source_, kTopic, 1, 40, "r");
  ASSERT_TRUE(back_up());
  RestoreOptions options;
  options.spread = Spread::kByKey;
  options.spread_topics = {{kTopic, 3}};
  options.coalesce = Coalesce::kAlways;
  const Result<RestoreReport> restored = restore(options);
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(restored->verified.records, 40U);
  std::vector<std::string> all;
  for (int32_t p = 0; p < 3; ++p) {
    for (const SeenRecord& record : read(target_, kTopic, p)) all.push_back(*record.key);
  }
  EXPECT_EQ(all.size(), 40U);
  // A producer of this library agrees on where keys belong.
  const kafka::Client client({.bootstrap = target_.bootstrap()});
  kafka::Producer producer(client, {});
  const auto sent = producer.send({.topic = kTopic, .key = "r 0 17", .value = "again"}).get();
  ASSERT_TRUE(sent);
  const std::vector<std::string> there = values(target_, kTopic, sent->partition);
  EXPECT_NE(std::ranges::find(there, "r 0 17"), there.end());
}

TEST_F(Restoring, SmallBatchesAreJoined) {
  create_topic(source_, kTopic, 1);
  for (int i = 0; i < 20; ++i) produce(source_, kTopic, {{0, std::to_string(i), kTime + i}});
  ASSERT_TRUE(back_up());
  RestoreOptions options;
  options.coalesce = Coalesce::kAlways;
  const Result<RestoreReport> restored = restore(options);
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(restored->loaded.paths[static_cast<size_t>(RestorePath::kCoalesce)], 20U);
  EXPECT_EQ(read(target_, kTopic, 0), read(source_, kTopic, 0));
}

TEST_F(Restoring, LargeRecordsFitWhateverTheTopicAllows) {
  create_topic(source_, kTopic, 1, {{"max.message.bytes", "3000000"}});
  produce(source_, kTopic, {{0, std::string(900 * 1024, 'x')}, {0, std::string(2'500'000, 'y')}},
          2'900'000);
  ASSERT_TRUE(back_up());
  const Result<RestoreReport> restored = restore();
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(read(target_, kTopic, 0), read(source_, kTopic, 0));
  EXPECT_EQ(own_configs(target_, kTopic).at("max.message.bytes"), "3000000");
}

TEST_F(Restoring, TimesFarAheadAreAccepted) {
  create_topic(source_, kTopic, 1, {{"message.timestamp.after.max.ms", "9223372036854775807"}});
  produce(source_, kTopic, {{0, "future", 9'000'000'000'000}, {0, "past", 0}});
  ASSERT_TRUE(back_up());
  const Result<RestoreReport> restored = restore();
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(read(target_, kTopic, 0), read(source_, kTopic, 0));
}

TEST_F(Restoring, VerifyFindsWhatOthersWroteAndChanged) {
  create_topic(source_, kTopic, 1);
  produce_many(source_, kTopic, 1, 20, "r");
  ASSERT_TRUE(back_up());
  ASSERT_TRUE(restore());
  Result<VerifyRestoreReport> report = verify({.allows_gone = true, .allows_more = true});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->counters.records, 20U);
  EXPECT_TRUE(report->differences.empty());

  produce_many(target_, kTopic, 1, 3, "more");
  const kafka::Client client({.bootstrap = target_.bootstrap()});
  ASSERT_TRUE(kafka::all(kafka::Admin(client).delete_records({{{kTopic, 0}, 5}}).get()));
  report = verify({.allows_gone = true, .allows_more = true});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->counters.records, 15U);
  EXPECT_EQ(report->counters.gone, 5U);
  EXPECT_EQ(report->counters.more, 3U);
  report = verify({});
  ASSERT_TRUE(report) << report.error().to_string();
  ASSERT_EQ(report->differences.size(), 1U);
}

TEST_F(Restoring, ASampleReadsAPart) {
  create_topic(source_, kTopic, 1);
  produce_many(source_, kTopic, 1, 400, "r");
  BackupOptions small;
  small.copy.segment.frame_bytes = 1024;
  ASSERT_TRUE(back_up(small));
  RestoreOptions options;
  options.verify = VerifyAfter::kSample;
  const Result<RestoreReport> restored = restore(options);
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_GT(restored->verified.records, 0U);
  EXPECT_LT(restored->verified.records, 400U);
}

}  // namespace
}  // namespace odradek::backup
