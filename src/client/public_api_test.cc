// The value types of the public headers.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <thread>

#include "client/promise.h"
#include "odradek/kafka.h"
#include "proto/error_code.h"

namespace odradek::kafka {
namespace {

using client::Promise;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(PublicResult, HoldsAValueOrAnError) {
  Result<std::unique_ptr<int>> value(std::make_unique<int>(3));
  ASSERT_TRUE(value);
  EXPECT_EQ(**value, 3);
  const std::unique_ptr<int> taken = *std::move(value);
  EXPECT_EQ(*taken, 3);
  const Result<int> failed(KafkaError(ServerCode::invalid_topic, "create"));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code_name(), "INVALID_TOPIC_EXCEPTION");
  EXPECT_EQ(failed.value_or(9), 9);
  EXPECT_THROW((void)*failed, BadResultAccess);
  EXPECT_TRUE(Result<void>{});
}

TEST(PublicError, TellsWhatCanBeTriedAgain) {
  EXPECT_TRUE(KafkaError(ErrorKind::timeout, "").is_retriable());
  EXPECT_TRUE(KafkaError(ServerCode::not_leader_or_follower, "").is_retriable());
  EXPECT_FALSE(KafkaError(ServerCode::topic_already_exists, "").is_retriable());
  EXPECT_TRUE(KafkaError(ErrorKind::authentication, "").is_fatal());
  EXPECT_EQ(KafkaError(ErrorKind::closed, "gone").to_string(), "closed: gone");
}

TEST(PublicError, HasTheNumbersOfTheProtocol) {
  using proto::ErrorCode;
  const std::pair<ServerCode, ErrorCode> pairs[] = {
      {ServerCode::offset_out_of_range, ErrorCode::kOffsetOutOfRange},
      {ServerCode::unknown_topic_or_partition, ErrorCode::kUnknownTopicOrPartition},
      {ServerCode::message_too_large, ErrorCode::kMessageTooLarge},
      {ServerCode::illegal_generation, ErrorCode::kIllegalGeneration},
      {ServerCode::unknown_member_id, ErrorCode::kUnknownMemberId},
      {ServerCode::rebalance_in_progress, ErrorCode::kRebalanceInProgress},
      {ServerCode::topic_already_exists, ErrorCode::kTopicAlreadyExists},
      {ServerCode::non_empty_group, ErrorCode::kNonEmptyGroup},
      {ServerCode::group_id_not_found, ErrorCode::kGroupIdNotFound},
      {ServerCode::fenced_instance_id, ErrorCode::kFencedInstanceId},
      {ServerCode::group_subscribed_to_topic, ErrorCode::kGroupSubscribedToTopic},
  };
  for (const auto& [code, expected] : pairs) {
    EXPECT_EQ(static_cast<int16_t>(code), proto::to_number(expected));
  }
}

TEST(UniqueFunction, KeepsSmallAndLargeCallables) {
  int calls = 0;
  UniqueFunction<int(int)> small = [&calls](int x) { return ++calls + x; };
  std::array<int, 50> many{};
  many[49] = 7;
  UniqueFunction<int(int)> large = [many](int x) { return many[49] + x; };
  UniqueFunction<int(int)> moved = std::move(large);
  EXPECT_FALSE(large);  // NOLINT(bugprone-use-after-move): moved from means empty here
  EXPECT_EQ(moved(1), 8);
  moved = std::move(small);
  EXPECT_EQ(moved(1), 2);
  auto owned = std::make_shared<int>(1);
  UniqueFunction<void()> holder = [owned] {};
  EXPECT_EQ(owned.use_count(), 2);
  holder = nullptr;
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(PublicOp, WakesABlockedThread) {
  Promise<int> promise;
  Op<int> op = promise.op();
  EXPECT_FALSE(op.is_done());
  EXPECT_EQ(op.get(milliseconds(5)).error().kind(), ErrorKind::timeout);
  std::jthread other([&promise] { promise.set(Result<int>(42)); });
  EXPECT_EQ(*op.get(seconds(10)), 42);
  EXPECT_EQ(op.get().error().kind(), ErrorKind::state);  // taken
}

TEST(PublicOp, CallsBackOnceWhetherDoneOrNot) {
  int sum = 0;
  Promise<int> promise;
  promise.op().then([&sum](const Result<int>& value) { sum += *value; });
  promise.set(Result<int>(3));
  Op<int>::ready(Result<int>(4)).then([&sum](const Result<int>& value) { sum += *value; });
  EXPECT_EQ(sum, 7);
  Op<int>::ready(Result<int>(5)).then([](const Result<int>&) { throw std::runtime_error("x"); });
}

TEST(PublicOp, EndsWhenNobodyWillAnswerAnyMore) {
  Op<int> op = Op<int>::ready(Result<int>(0));
  {
    Promise<int> promise;
    op = promise.op();
  }
  EXPECT_EQ(op.get().error().kind(), ErrorKind::closed);
}

TEST(RebalanceCallback, TakesPlainFunctionsAndOperations) {
  int calls = 0;
  const RebalanceCallback plain = [&calls](const std::vector<TopicPartition>&) { ++calls; };
  EXPECT_TRUE(plain({}).is_done());
  Promise<void> promise;
  const RebalanceCallback slow = [&promise](const std::vector<TopicPartition>&) {
    return promise.op();
  };
  Op<void> waiting = slow({});
  EXPECT_FALSE(waiting.is_done());
  promise.set(Result<void>{});
  EXPECT_TRUE(waiting.get());
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(RebalanceCallback());
}

TEST(PublicSecret, IsReadFromTheEnvironment) {
  EXPECT_THROW((void)Secret::from_env("ODRADEK_NO_SUCH_VARIABLE"), ConfigError);
  const Secret secret("pass");
  const Secret copy = secret;
  EXPECT_EQ(copy.reveal(), "pass");
}

}  // namespace
}  // namespace odradek::kafka
