#include "client/consumer/fetch_session.h"

#include <gtest/gtest.h>

namespace odradek::client {
namespace {

using Ids = std::vector<kafka::TopicPartition>;

const kafka::TopicPartition kA{"a", 0};
const kafka::TopicPartition kB{"b", 0};

TEST(FetchSession, BeginsWithEverything) {
  FetchSession session;
  const auto request = session.next({{kA, {.offset = 1}}, {kB, {.offset = 2}}});
  EXPECT_EQ(request.session_id, 0);
  EXPECT_EQ(request.session_epoch, 0);
  EXPECT_EQ(request.named, (Ids{kA, kB}));
  EXPECT_TRUE(request.forgotten.empty());
}

TEST(FetchSession, NamesOnlyWhatChanged) {
  FetchSession session;
  (void)session.next({{kA, {.offset = 1}}, {kB, {.offset = 2}}});
  session.on_answer(77);
  const auto request = session.next({{kA, {.offset = 5}}, {kB, {.offset = 2}}});
  EXPECT_EQ(request.session_id, 77);
  EXPECT_EQ(request.session_epoch, 1);
  EXPECT_EQ(request.named, Ids{kA});
}

TEST(FetchSession, NamesAPartitionWhoseLeaderEpochChanged) {
  FetchSession session;
  (void)session.next({{kA, {.offset = 1, .leader_epoch = 3}}});
  session.on_answer(77);
  EXPECT_EQ(session.next({{kA, {.offset = 1, .leader_epoch = 4}}}).named, Ids{kA});
}

TEST(FetchSession, BeginsAgainWithATopicThatWasCreatedAnew) {
  FetchSession session;
  (void)session.next({{kA, {.offset = 1, .topic_id = Uuid::random()}}, {kB, {.offset = 2}}});
  session.on_answer(77);
  const auto request =
      session.next({{kA, {.offset = 0, .topic_id = Uuid::random()}}, {kB, {.offset = 2}}});
  EXPECT_EQ(request.session_epoch, 0);
  EXPECT_EQ(request.named, (Ids{kA, kB}));
}

TEST(FetchSession, ForgetsWhatIsNotWantedNow) {
  FetchSession session;
  (void)session.next({{kA, {.offset = 1}}, {kB, {.offset = 2}}});
  session.on_answer(77);
  const auto request = session.next({{kB, {.offset = 2}}});
  EXPECT_TRUE(request.named.empty());
  EXPECT_EQ(request.forgotten, Ids{kA});
  session.on_answer(77);
  EXPECT_EQ(session.next({{kA, {.offset = 1}}, {kB, {.offset = 2}}}).named, Ids{kA});
}

TEST(FetchSession, NamesEverythingWhereTheBrokerKeepsNone) {
  FetchSession session;
  (void)session.next({{kA, {.offset = 1}}});
  session.on_answer(0);
  const auto request = session.next({{kA, {.offset = 1}}});
  EXPECT_EQ(request.session_epoch, 0);
  EXPECT_EQ(request.named, Ids{kA});
}

TEST(FetchSession, BeginsAgainWhenTheBrokerForgotIt) {
  FetchSession session;
  (void)session.next({{kA, {.offset = 1}}});
  session.on_answer(77);
  (void)session.next({{kA, {.offset = 1}}});
  EXPECT_TRUE(session.on_error(proto::ErrorCode::kFetchSessionIdNotFound));
  const auto request = session.next({{kA, {.offset = 1}}});
  EXPECT_EQ(request.session_id, 0);
  EXPECT_EQ(request.session_epoch, 0);
  EXPECT_EQ(request.named, Ids{kA});
}

TEST(FetchSession, EndsTheOldSessionAfterALostAnswer) {
  FetchSession session;
  (void)session.next({{kA, {.offset = 1}}});
  session.on_answer(77);
  (void)session.next({{kA, {.offset = 9}}});
  session.on_loss();
  const auto request = session.next({{kA, {.offset = 9}}});
  EXPECT_EQ(request.session_id, 77);
  EXPECT_EQ(request.session_epoch, 0);
  EXPECT_EQ(request.named, Ids{kA});
}

}  // namespace
}  // namespace odradek::client
