#include "client/admin/replies.h"

#include <gtest/gtest.h>

#include "client/admin/route.h"

namespace odradek::client {
namespace {

using kafka::ErrorKind;
using kafka::ServerCode;
using proto::ErrorCode;

using Numbers = Replies<std::string, int>;

Numbers about(std::vector<std::string> keys) {
  return {std::move(keys), "count", is_worth_repeating};
}

Error server(ErrorCode code) { return proto::to_error(code, "somewhere"); }

TEST(Replies, AnswerEachKeyInTheOrderAsked) {
  Numbers replies = about({"b", "a", "b"});
  EXPECT_EQ(replies.open(), (std::vector<std::string>{"a", "b"}));
  replies.set("a", 1);
  replies.fail("b", proto::to_number(ErrorCode::kInvalidTopicException), "bad name");
  EXPECT_TRUE(replies.open().empty());
  const auto items = std::move(replies).items();
  ASSERT_TRUE(items);
  ASSERT_EQ(items->size(), 3U);
  EXPECT_EQ((*items)[0].name, "b");
  EXPECT_EQ((*items)[0].result.error().code(), ServerCode::invalid_topic);
  EXPECT_NE((*items)[0].result.error().message().find("count: b: "), std::string::npos);
  EXPECT_NE((*items)[0].result.error().message().find("bad name"), std::string::npos);
  EXPECT_EQ(*(*items)[1].result, 1);
  EXPECT_FALSE((*items)[2].result);
}

TEST(Replies, LeaveAKeyOpenWhileRepeatingMayHelp) {
  Numbers replies = about({"a"});
  replies.fail("a", server(ErrorCode::kNotController));
  EXPECT_EQ(replies.open().size(), 1U);
  replies.fail_all({"a"}, Error(Errc::kNetwork));
  EXPECT_EQ(replies.open().size(), 1U);
  replies.set("a", 7);
  replies.set("a", 8);  // a late second answer changes nothing
  EXPECT_TRUE(replies.open().empty());
  EXPECT_EQ(*std::move(replies).items()->front().result, 7);
}

TEST(Replies, KeepTheLastReasonWhenTheTimeIsUp) {
  Numbers replies = about({"a", "b"});
  replies.set("b", 1);
  replies.fail("a", server(ErrorCode::kCoordinatorLoadInProgress));
  replies.fail_all({"a"}, Error(Errc::kTimedOut));
  replies.give_up(Error(Errc::kTimedOut));
  EXPECT_TRUE(replies.open().empty());
  const auto items = std::move(replies).items();
  ASSERT_TRUE(items);
  EXPECT_EQ(items->front().result.error().kind(), ErrorKind::server);
}

TEST(Replies, AreOneErrorWhenNobodyAnswered) {
  Numbers replies = about({"a", "b"});
  replies.fail_all({"a", "b"}, Error(Errc::kUnsupported, "too old"));
  EXPECT_TRUE(replies.open().empty());
  const auto items = std::move(replies).items();
  ASSERT_FALSE(items);
  EXPECT_EQ(items.error().code(), Errc::kUnsupported);
}

TEST(Replies, DoNotTakeSilenceForSuccess) {
  Numbers replies = about({"a", "b", "c"});
  replies.begin({"a", "b", "c"});
  replies.set("a", 1);
  replies.set("nobody asked", 2);
  replies.fail("b", server(ErrorCode::kNotCoordinator));
  replies.expect({"a", "b", "c"});
  EXPECT_EQ(replies.open(), (std::vector<std::string>{"b"}));
  replies.give_up(Error(Errc::kTimedOut));
  const auto items = std::move(replies).items();
  ASSERT_TRUE(items);
  EXPECT_EQ((*items)[2].result.error().kind(), ErrorKind::protocol);
}

TEST(Replies, OfNoKeysAreAnEmptyList) {
  const auto items = about({}).items();
  ASSERT_TRUE(items);
  EXPECT_TRUE(items->empty());
}

TEST(WorthRepeating, IsWhatKafkasAdminClientRepeats) {
  for (const ErrorCode code :
       {ErrorCode::kNotController, ErrorCode::kThrottlingQuotaExceeded, ErrorCode::kNotCoordinator,
        ErrorCode::kCoordinatorLoadInProgress, ErrorCode::kConcurrentTransactions}) {
    EXPECT_TRUE(is_worth_repeating(server(code))) << proto::error_name(code);
  }
  for (const ErrorCode code :
       {ErrorCode::kUnknownTopicOrPartition, ErrorCode::kRequestTimedOut,
        ErrorCode::kTopicAlreadyExists, ErrorCode::kClusterAuthorizationFailed}) {
    EXPECT_FALSE(is_worth_repeating(server(code))) << proto::error_name(code);
  }
  EXPECT_TRUE(is_worth_repeating(Error(Errc::kTimedOut)));
  EXPECT_FALSE(is_worth_repeating(Error(Errc::kAuthentication)));
  EXPECT_TRUE(rule_of(Route::kLeader)(server(ErrorCode::kUnknownTopicOrPartition)));
}

TEST(BrokerOf, SendsWhatConcernsOneBrokerThere) {
  using kafka::ResourceType;
  EXPECT_EQ(broker_of(kafka::Resource{ResourceType::broker, "3"}), 3);
  EXPECT_EQ(broker_of(kafka::Resource{ResourceType::broker_logger, "3"}), 3);
  EXPECT_EQ(broker_of(kafka::Resource{ResourceType::broker, ""}), -1);
  EXPECT_EQ(broker_of(kafka::Resource{ResourceType::topic, "3"}), -1);
  EXPECT_EQ(broker_of(kafka::Resource{ResourceType::broker, "3x"}), -1);
}

}  // namespace
}  // namespace odradek::client
