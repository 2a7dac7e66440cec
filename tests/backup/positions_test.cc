#include <numeric>

#include "restore_fixture.h"

namespace odradek::backup {
namespace {

constexpr const char* kTopic = "orders";
constexpr const char* kGroup = "billing";

class Positions : public RestoreFixture {
 protected:
  // 100 records on each of two partitions, the first 10 of partition 0 deleted; the group stands at
  // 40 and 100.
  void make_source() {
    create_topic(source_, kTopic, 2);
    produce_many(source_, kTopic, 2, 100, "r");
    const kafka::Client client({.bootstrap = source_.bootstrap()});
    ASSERT_TRUE(kafka::all(kafka::Admin(client).delete_records({{{kTopic, 0}, 10}}).get()));
    commit(source_, kGroup, kTopic, {{0, 40}, {1, 100}});
    ASSERT_TRUE(back_up());
  }
  // The value of the record the group reads next.
  std::string next_value(int32_t partition) {
    const int64_t at = committed(target_, kGroup).at(partition);
    for (const SeenRecord& record : read(target_, kTopic, partition)) {
      if (record.offset >= at) return value_of(record);
    }
    return "(end)";
  }
};

TEST_F(Positions, GroupGoesOnWithTheFirstRecordItHadNotProcessed) {
  make_source();
  ASSERT_TRUE(restore());
  const Result<PositionPlan> plan = plan_positions();
  ASSERT_TRUE(plan) << plan.error().to_string();
  ASSERT_EQ(plan->position_count(), 2U);
  for (const PlannedPosition& position : plan->groups[0].positions) {
    EXPECT_EQ(position.found_by, PositionStrategy::kMap);
    EXPECT_TRUE(position.is_exact);
  }
  const Result<ExecutionReport> report = execute(*plan);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_TRUE(report->is_complete());
  EXPECT_EQ(committed(target_, kGroup), (std::map<int32_t, int64_t>{{0, 30}, {1, 100}}));
  EXPECT_EQ(next_value(0), "r 0 40");
  EXPECT_EQ(next_value(1), "(end)");
}

// Nothing is skipped or repeated: what the group read before and after is every record, once.
TEST_F(Positions, ReadingBeforeAndAfterGivesEveryRecordOnce) {
  create_topic(source_, kTopic, 2);
  produce_many(source_, kTopic, 2, 100, "r");
  std::map<std::string, int> seen;
  const auto consume = [&seen](broker::Broker& broker, size_t at_least) {
    const kafka::Client client({.bootstrap = broker.bootstrap()});
    kafka::Consumer consumer(
        client, {.group = kGroup, .start = kafka::Start::earliest, .auto_commit = false});
    ASSERT_TRUE(consumer.subscribe({kTopic}));
    size_t count = 0;
    while (count < at_least) {  // empty batches come while the group forms
      const auto batch = consumer.next(std::chrono::seconds(10)).get();
      ASSERT_TRUE(batch);
      for (const kafka::RecordView& record : *batch) {
        ++seen[std::string(record.value())];
        ++count;
      }
      if (!batch->empty()) ASSERT_TRUE(consumer.commit(*batch).get());
    }
    ASSERT_TRUE(consumer.close(std::chrono::seconds(10)).get());
  };
  consume(source_, 70);
  const size_t before = seen.size();
  ASSERT_GE(before, 70U);
  ASSERT_TRUE(back_up());
  ASSERT_TRUE(restore());
  const Result<ExecutionReport> report = execute(*plan_positions());
  ASSERT_TRUE(report) << report.error().to_string();
  consume(target_, 200 - before);
  EXPECT_EQ(seen.size(), 200U);
  for (const auto& [value, count] : seen) EXPECT_EQ(count, 1) << value;
}

// Without a position the group would begin with what comes after it, not with the first record.
TEST_F(Positions, OfPartitionsWithoutRecordsAreKeptToo) {
  create_topic(source_, kTopic, 2);
  produce_many(source_, kTopic, 1, 10, "r");
  commit(source_, kGroup, kTopic, {{0, 4}, {1, 0}});
  ASSERT_TRUE(back_up());
  ASSERT_TRUE(restore());
  const Result<ExecutionReport> report = execute(*plan_positions());
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(committed(target_, kGroup), (std::map<int32_t, int64_t>{{0, 4}, {1, 0}}));
}

TEST_F(Positions, HeadersFindThePlaceWithoutAMap) {
  make_source();
  RestoreOptions options;
  options.adds_offset_headers = true;
  ASSERT_TRUE(restore(options));
  PositionOptions scan;
  scan.strategy = PositionStrategy::kScan;
  const Result<PositionPlan> plan = plan_positions(scan);
  ASSERT_TRUE(plan) << plan.error().to_string();
  ASSERT_EQ(plan->position_count(), 2U);
  EXPECT_EQ(plan->groups[0].positions[0].target_offset, 30);
  EXPECT_EQ(plan->groups[0].positions[1].target_offset, 100);
  EXPECT_EQ(plan->groups[0].positions[0].found_by, PositionStrategy::kScan);
}

TEST_F(Positions, TimesFindAPlaceThatSkipsNothing) {
  make_source();
  ASSERT_TRUE(restore());
  PositionOptions by_time;
  by_time.strategy = PositionStrategy::kTimestamp;
  const Result<PositionPlan> plan = plan_positions(by_time);
  ASSERT_TRUE(plan) << plan.error().to_string();
  ASSERT_EQ(plan->position_count(), 2U);
  EXPECT_EQ(plan->groups[0].positions[0].target_offset, 30);
  EXPECT_FALSE(plan->groups[0].positions[0].is_exact);
  EXPECT_EQ(plan->groups[0].positions[1].target_offset, 100);
}

TEST_F(Positions, AutoTakesWhatThereIs) {
  make_source();
  create_topic(target_, kTopic, 2);
  produce_many(target_, kTopic, 2, 100, "r");  // mirrored by something else
  const Result<PositionPlan> plan = plan_positions();
  ASSERT_TRUE(plan) << plan.error().to_string();
  ASSERT_EQ(plan->position_count(), 2U);
  EXPECT_EQ(plan->groups[0].positions[0].found_by, PositionStrategy::kTimestamp);
  EXPECT_EQ(plan->groups[0].positions[0].target_offset, 40);
}

TEST_F(Positions, MayComeFromASourceThatStillRuns) {
  make_source();
  ASSERT_TRUE(restore());
  PositionOptions live;
  live.live_groups.emplace();
  live.live_groups->groups = {{.id = kGroup, .offsets = {{kTopic, 0, 90, -1, ""}}}};
  const Result<PositionPlan> plan = plan_positions(live);
  ASSERT_TRUE(plan) << plan.error().to_string();
  ASSERT_EQ(plan->position_count(), 1U);
  EXPECT_EQ(plan->groups[0].positions[0].target_offset, 80);
}

TEST_F(Positions, RecordsOfJoinedPartitionsAreRepeatedNotSkipped) {
  make_source();
  RestoreOptions options;
  options.partition_mapping = {{1, 0}};
  ASSERT_TRUE(restore(options));
  const Result<PositionPlan> plan = plan_positions();
  ASSERT_TRUE(plan) << plan.error().to_string();
  ASSERT_EQ(plan->position_count(), 1U);
  EXPECT_EQ(plan->groups[0].positions[0].target_offset, 30);
  EXPECT_FALSE(plan->groups[0].positions[0].is_exact);
}

TEST_F(Positions, MembersStopIt) {
  make_source();
  ASSERT_TRUE(restore());
  const kafka::Client client({.bootstrap = target_.bootstrap(), .client_id = "the-biller"});
  kafka::Consumer consumer(client, {.group = kGroup, .start = kafka::Start::earliest});
  ASSERT_TRUE(consumer.subscribe({kTopic}));
  ASSERT_TRUE(consumer.next(std::chrono::seconds(10)).get());
  const Result<ExecutionReport> report = execute(*plan_positions());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Errc::kPrecondition);
  EXPECT_NE(report.error().message().find("the-biller"), std::string_view::npos);
  ASSERT_TRUE(consumer.close(std::chrono::seconds(10)).get());
}

// I12.
TEST_F(Positions, RollingBackUndoesEverything) {
  make_source();
  ASSERT_TRUE(restore());
  commit(target_, kGroup, kTopic, {{0, 7}});
  const Result<ExecutionReport> report = execute(*plan_positions());
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(committed(target_, kGroup), (std::map<int32_t, int64_t>{{0, 30}, {1, 100}}));
  const Result<ExecutionReport> undone = roll_back(report->snapshot_id);
  ASSERT_TRUE(undone) << undone.error().to_string();
  EXPECT_TRUE(undone->is_complete());
  EXPECT_EQ(committed(target_, kGroup), (std::map<int32_t, int64_t>{{0, 7}}));
}

TEST_F(Positions, AGroupThatFailsGetsItsOldPositionsBackAndOthersGoOn) {
  make_source();
  ASSERT_TRUE(restore());
  commit(target_, kGroup, kTopic, {{0, 7}});
  PositionPlan plan = *plan_positions();
  PlannedGroup other{.id = "shipping", .positions = plan.groups[0].positions};
  plan.groups.push_back(other);
  plan.groups[0].positions[1].target_topic = "gone";
  const Result<ExecutionReport> report = execute(plan, std::chrono::seconds(1));
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_FALSE(report->is_complete());
  ASSERT_EQ(report->groups.size(), 2U);
  EXPECT_FALSE(report->groups[0].is_done);
  EXPECT_TRUE(report->groups[0].was_rolled_back);
  EXPECT_TRUE(report->groups[1].is_done);
  EXPECT_EQ(committed(target_, kGroup), (std::map<int32_t, int64_t>{{0, 7}}));
  EXPECT_EQ(committed(target_, "shipping"), (std::map<int32_t, int64_t>{{0, 30}, {1, 100}}));
}

TEST_F(Positions, RollingBackDeletesAGroupThatDidNotExist) {
  make_source();
  ASSERT_TRUE(restore());
  const Result<ExecutionReport> report = execute(*plan_positions());
  ASSERT_TRUE(report) << report.error().to_string();
  ASSERT_TRUE(roll_back(report->snapshot_id));
  EXPECT_TRUE(committed(target_, kGroup).empty());
}

TEST_F(Positions, OfAnotherClusterAreNotRolledBack) {
  make_source();
  ASSERT_TRUE(restore());
  const PositionSnapshot foreign{.id = "x", .cluster_id = "another", .groups = {{.id = kGroup}}};
  ASSERT_TRUE(write_snapshot(store_, ArchiveKeys("set"), foreign));
  const Result<ExecutionReport> undone = roll_back("x");
  ASSERT_FALSE(undone);
  EXPECT_EQ(undone.error().code(), Errc::kPrecondition);
}

TEST_F(Positions, AScriptDoesItWithKafkasTool) {
  make_source();
  ASSERT_TRUE(restore());
  const PositionPlan plan = *plan_positions();
  const std::string script = position_plan_script(plan, "localhost:9092");
  EXPECT_NE(script.find("reset 'billing' 'orders:0' 30\n"), std::string::npos) << script;
  EXPECT_NE(position_plan_csv(plan).find("billing,orders,0,40,orders,0,30,header-based,true\n"),
            std::string::npos);
}

}  // namespace
}  // namespace odradek::backup
