#include <gmock/gmock.h>

#include "broker/dashboard/dashboard_for_tests.h"
#include "proto/messages/offset_commit_request.h"
#include "proto/messages/offset_commit_response.h"

namespace odradek::broker::dashboard {
namespace {

// A topic "t" of two partitions with ten messages each, and a group "g" that committed 4 in
// partition 0.
class DashboardGroups : public testing::DashboardTest {
 protected:
  void SetUp() override {
    DashboardTest::SetUp();
    create_topic("t", 2);
    post("/topics/t/messages", R"({"partition":0,"repeat":10})");
    post("/topics/t/messages", R"({"partition":1,"repeat":10})");
    commit("g", "t", 4);
  }

  void commit(std::string_view group, std::string_view topic_name, int64_t offset) {
    proto::OffsetCommitRequest::OffsetCommitRequestPartition partition;
    partition.committed_offset = offset;
    partition.committed_metadata = "note";
    proto::OffsetCommitRequest::OffsetCommitRequestTopic topic;
    topic.name = topic_name;
    topic.partitions = {&partition, 1};
    proto::OffsetCommitRequest request;
    request.group_id = group;
    request.member_id = "";
    request.group_instance_id = {};
    request.topics = {&topic, 1};
    const auto answer = call(request, 8);
    EXPECT_EQ(answer.message.topics[0].partitions[0].error_code, 0);
  }
  Json position(size_t index = 0) { return get("/groups/g")["partitions"][index]; }
};

TEST_F(DashboardGroups, ShowsStateAndLag) {
  const Json group = get("/groups")["groups"][0];
  EXPECT_EQ(group["id"], "g");
  EXPECT_EQ(group["state"], "Empty");
  EXPECT_EQ(group["type"], "classic");
  EXPECT_EQ(group["lag"], 6);
  EXPECT_EQ(group["topics"], Json::array({"t"}));
  EXPECT_EQ(get("/groups?topic=t")["groups"].size(), 1U);
  EXPECT_EQ(get("/groups?topic=other")["groups"].size(), 0U);
  const Json at = position();
  EXPECT_EQ(at["committed_offset"], 4);
  EXPECT_EQ(at["end_offset"], 10);
  EXPECT_EQ(at["lag"], 6);
  EXPECT_EQ(at["metadata"], "note");
}

TEST_F(DashboardGroups, ShowsWhatAResetWouldDoAndDoesIt) {
  const Json shown = post("/groups/g/offsets", R"({"to":"latest","preview":true})");
  EXPECT_EQ(shown["applied"], false);
  EXPECT_EQ(shown["changes"][0]["before"], 4);
  EXPECT_EQ(shown["changes"][0]["after"], 10);
  EXPECT_EQ(position()["committed_offset"], 4);
  EXPECT_EQ(post("/groups/g/offsets", R"({"to":"latest"})")["applied"], true);
  EXPECT_EQ(position()["committed_offset"], 10);
}

TEST_F(DashboardGroups, ResetsToOffsetsShiftsAndTimesWithinTheLog) {
  const auto after = [&](const std::string& body) {
    post("/groups/g/offsets", body);
    return position()["committed_offset"].get<int64_t>();
  };
  EXPECT_EQ(after(R"({"to":"offset","value":7})"), 7);
  EXPECT_EQ(after(R"({"to":"offset","value":999})"), 10);
  EXPECT_EQ(after(R"({"to":"shift","value":-3})"), 7);
  EXPECT_EQ(after(R"({"to":"shift","value":-2305843009213693952})"), 0);
  EXPECT_EQ(after(R"({"to":"earliest"})"), 0);
  EXPECT_EQ(after(R"({"to":"time","value":0})"), 0);
  EXPECT_EQ(after(R"({"to":"time","value":1900000000000})"), 10);
}

TEST_F(DashboardGroups, ResetsTopicsAndPartitionsThatWereNotReadYet) {
  post("/groups/g/offsets", R"({"to":"earliest","topics":[{"topic":"t","partitions":[1]}]})");
  EXPECT_EQ(position(0)["committed_offset"], 4);
  EXPECT_EQ(position(1)["committed_offset"], 0);
  EXPECT_EQ(ask("POST", "/groups/g/offsets",
                R"({"to":"earliest","topics":[{"topic":"t","partitions":[2]}]})")
                .status,
            400);
  EXPECT_EQ(
      ask("POST", "/groups/g/offsets", R"({"to":"earliest","topics":[{"topic":"x"}]})").status,
      404);
  EXPECT_EQ(ask("POST", "/groups/g/offsets", R"({"to":"somewhere"})").status, 400);
  EXPECT_EQ(ask("POST", "/groups/none/offsets", R"({"to":"earliest"})").status, 404);
}

TEST_F(DashboardGroups, ForgetsPositionsAndDeletesTheGroup) {
  EXPECT_EQ(ask("DELETE", "/groups/g/offsets/other").status, 404);
  EXPECT_EQ(ask("DELETE", "/groups/g/offsets/t").status, 200);
  commit("g", "t", 1);
  EXPECT_EQ(ask("DELETE", "/groups/g").status, 200);
  EXPECT_EQ(get("/groups")["groups"].size(), 0U);
  EXPECT_EQ(ask("DELETE", "/groups/g").code(), "GROUP_ID_NOT_FOUND");
}

}  // namespace
}  // namespace odradek::broker::dashboard
