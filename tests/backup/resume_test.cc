#include "backup/archive/archive_json.h"
#include "restore_fixture.h"

namespace odradek::backup {
namespace {

constexpr const char* kTopic = "orders";

class Resuming : public RestoreFixture {
 protected:
  void SetUp() override {
    RestoreFixture::SetUp();
    create_topic(source_, kTopic, 2);
    for (int i = 0; i < 4; ++i) {
      produce_many(source_, kTopic, 2, 50, "round " + std::to_string(i));
      ASSERT_TRUE(back_up());
    }
  }

  // Leaves the archive and the target as a restore that was killed would: the state says it is
  // loading, and of the offset maps and records only a part is there.
  void restore_and_forget(bool forgets_maps) {
    ASSERT_TRUE(restore());
    std::vector<RestoreState> restores = *read_restores(store_, ArchiveKeys("set"));
    ASSERT_EQ(restores.size(), 1U);
    restores[0].phase = RestorePhase::kLoading;
    restores[0].finished_at = 0;
    ASSERT_TRUE(write_restore_state(store_, ArchiveKeys("set"), restores[0]));
    if (!forgets_maps) return;
    const std::string prefix = "set/restores/" + restores[0].restore_id + "/map/";
    for (const auto& object : *store_.list(prefix)) ASSERT_TRUE(store_.remove(object.key));
  }

  void expect_equal() {
    for (int32_t p = 0; p < 2; ++p) {
      EXPECT_EQ(read(target_, kTopic, p), read(source_, kTopic, p)) << p;
    }
  }
};

TEST_F(Resuming, WhatIsThereIsComparedNotWrittenAgain) {
  restore_and_forget(/*forgets_maps=*/true);
  const Result<RestoreReport> again = restore();
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_TRUE(again->went_on);
  EXPECT_EQ(again->loaded.records_resumed, 400U);
  EXPECT_EQ(again->verified.records, 400U);
  expect_equal();
}

TEST_F(Resuming, WhatTheMapHasIsNotEvenRead) {
  restore_and_forget(/*forgets_maps=*/false);
  const Result<RestoreReport> again = restore();
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_TRUE(again->went_on);
  EXPECT_EQ(again->loaded.records, 0U);
  expect_equal();
}

// A target that has the first part of the records only.
TEST_F(Resuming, TheRestIsWrittenBehindWhatIsThere) {
  RestoreOptions options = with_defaults({});
  RestoreState state;
  {
    Session session(target_);
    RestoreJob job(session.cluster, store_, session.workers, session.clock, options);
    const Result<RestorePlan> planned = session.loop.block_on(job.plan());
    ASSERT_TRUE(planned) << planned.error().to_string();
    state.restore_id = "half";
    state.backup_id = "set";
    state.target_cluster_id = target_.cluster_id();
    state.options = fingerprint(options);
    Target target(session.cluster);
    state.producer = *session.loop.block_on(target.init_producer());
    RestoredTopic topic;
    topic.source = topic.target = kTopic;
    topic.prepare = planned->topics[0].prepare;
    topic.bases = planned->topics[0].bases;
    topic.put_back = planned->topics[0].put_back;
    for (const SourcePart& part : planned->topics[0].sources) {
      topic.ends[part.partition] = part.end_offset;
      topic.targets[part.partition] = part.target_partition;
    }
    state.topics = {topic};
    ASSERT_TRUE(write_restore_state(store_, ArchiveKeys("set"), state));
  }
  create_topic(target_, kTopic, 2, {{"retention.ms", "-1"}});
  produce_many(target_, kTopic, 2, 50, "round 0");
  const Result<RestoreReport> restored = restore();
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_TRUE(restored->went_on);
  EXPECT_EQ(restored->restore_id, "half");
  EXPECT_EQ(restored->loaded.records_resumed, 100U);
  expect_equal();
  EXPECT_TRUE(own_configs(target_, kTopic).empty());
}

TEST_F(Resuming, AnotherWritersRecordsStopIt) {
  restore_and_forget(/*forgets_maps=*/true);
  produce_many(target_, kTopic, 1, 1, "somebody else");
  const Result<RestoreReport> again = restore();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Errc::kPrecondition) << again.error().to_string();
  EXPECT_NE(again.error().message().find("orders-0"), std::string_view::npos);
}

TEST_F(Resuming, ATargetThatLostRecordsStopsIt) {
  restore_and_forget(/*forgets_maps=*/false);
  target_.reset();
  create_topic(target_, kTopic, 2);
  const Result<RestoreReport> again = restore();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Errc::kPrecondition) << again.error().to_string();
}

TEST_F(Resuming, AnotherRequestMustNotTakeItsPlace) {
  restore_and_forget(/*forgets_maps=*/true);
  RestoreOptions other;
  other.window.end = kTime;
  const Result<RestoreReport> refused = restore(other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kPrecondition);
  EXPECT_NE(refused.error().message().find("--abort"), std::string_view::npos);
}

TEST_F(Resuming, GivingUpPutsConfigurationsBack) {
  restore_and_forget(/*forgets_maps=*/true);
  const std::vector<RestoreState> restores = *read_restores(store_, ArchiveKeys("set"));
  const kafka::Client client({.bootstrap = target_.bootstrap()});
  {
    Session session(target_);
    Target target(session.cluster);
    const Target::ConfigChanges held = {{"retention.ms", "-1"}};
    ASSERT_TRUE(session.loop.block_on(target.alter_topic_configs(kTopic, held)));
  }
  const Result<std::vector<std::string>> aborted = abort();
  ASSERT_TRUE(aborted) << aborted.error().to_string();
  EXPECT_EQ(*aborted, (std::vector<std::string>{restores[0].restore_id}));
  EXPECT_TRUE(own_configs(target_, kTopic).empty());
  EXPECT_EQ(read_restores(store_, ArchiveKeys("set"))->at(0).phase, RestorePhase::kAborted);
}

// The archive grew after the restore began: that is not part of it.
TEST_F(Resuming, HoldsOnToTheEndItSaw) {
  restore_and_forget(/*forgets_maps=*/true);
  produce_many(source_, kTopic, 2, 10, "later");
  ASSERT_TRUE(back_up());
  const Result<RestoreReport> again = restore();
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(again->verified.records, 400U);
  EXPECT_EQ(read(target_, kTopic, 0).size(), 200U);
}

}  // namespace
}  // namespace odradek::backup
