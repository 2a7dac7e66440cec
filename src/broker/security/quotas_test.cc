#include "broker/security/quotas.h"

#include <gtest/gtest.h>

#include "rpc/request.h"

namespace odradek::broker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class QuotasTest : public ::testing::Test {
 protected:
  static rpc::Request client(const std::string& principal, std::string_view id) {
    rpc::Request request;
    request.connection = std::make_shared<rpc::ConnectionInfo>();
    request.connection->principal = principal;
    request.client_id = id;
    return request;
  }
  void limit(QuotaEntity entity, QuotaKey key, double value) {
    quotas_.store().set(entity, key, value);
  }
  Duration record(const rpc::Request& request, double bytes) {
    return quotas_.record(QuotaKey::kProducerByteRate, request, bytes, now_);
  }

  Quotas quotas_{QuotaWindow{}};
  MonotonicTime now_ = MonotonicTime{} + seconds(1000);
  rpc::Request alice_ = client("User:alice", "app");
};

TEST_F(QuotasTest, LetsEverythingPassWithoutAny) {
  EXPECT_EQ(record(alice_, 1e12), Duration(0));
  limit({{"user", "bob"}}, QuotaKey::kProducerByteRate, 1);
  EXPECT_EQ(record(alice_, 1e12), Duration(0));
}

TEST_F(QuotasTest, ThrottlesUntilTheRateIsTheLimitAgain) {
  limit({{"user", "alice"}}, QuotaKey::kProducerByteRate, 100);
  // Ten full windows are assumed at first: 1000 bytes are free.
  EXPECT_EQ(record(alice_, 1000), Duration(0));
  EXPECT_EQ(record(alice_, 1000), seconds(10));
  now_ += seconds(11);
  EXPECT_EQ(record(alice_, 100), Duration(0));
}

TEST_F(QuotasTest, PrefersTheNarrowestEntity) {
  limit({{"client-id", "app"}}, QuotaKey::kProducerByteRate, 1);
  limit({{"user", std::nullopt}}, QuotaKey::kProducerByteRate, 1);
  limit({{"user", "alice"}, {"client-id", "app"}}, QuotaKey::kProducerByteRate, 1e9);
  EXPECT_EQ(record(alice_, 1e6), Duration(0));
  EXPECT_GT(record(client("User:alice", "other"), 1e6), Duration(0));
  EXPECT_GT(record(client("User:bob", "app"), 1e6), Duration(0));
}

TEST_F(QuotasTest, SharesAUsersQuotaBetweenItsClients) {
  limit({{"user", "alice"}}, QuotaKey::kProducerByteRate, 100);
  EXPECT_EQ(record(client("User:alice", "a"), 1000), Duration(0));
  EXPECT_GT(record(client("User:alice", "b"), 1000), Duration(0));
}

TEST_F(QuotasTest, RefusesMutationsOfThoseInDebt) {
  limit({{"user", "alice"}}, QuotaKey::kControllerMutationRate, 1);
  Duration throttle(0);
  EXPECT_TRUE(quotas_.mutate(alice_, 20, true, now_, throttle));
  EXPECT_EQ(throttle, Duration(0));
  EXPECT_FALSE(quotas_.mutate(alice_, 1, true, now_, throttle));
  EXPECT_EQ(throttle, seconds(9));
  EXPECT_TRUE(quotas_.mutate(alice_, 1, false, now_, throttle));
  EXPECT_EQ(throttle, seconds(10));
  now_ += seconds(11);
  EXPECT_TRUE(quotas_.mutate(alice_, 1, true, now_, throttle));
}

TEST_F(QuotasTest, HoldsRequestTimeForOneWindowAtMost) {
  limit({{"user", "alice"}}, QuotaKey::kRequestPercentage, 1);
  EXPECT_EQ(quotas_.record(QuotaKey::kRequestPercentage, alice_, 5000, now_), seconds(1));
}

TEST_F(QuotasTest, KnowsHowFastAnAddressMayConnect) {
  EXPECT_EQ(quotas_.connection_rate_of("10.0.0.1"), 0);
  limit({{"ip", std::nullopt}}, QuotaKey::kConnectionCreationRate, 10);
  limit({{"ip", "10.0.0.1"}}, QuotaKey::kConnectionCreationRate, 5);
  EXPECT_EQ(quotas_.connection_rate_of("10.0.0.1"), 5);
  EXPECT_EQ(quotas_.connection_rate_of("10.0.0.2"), 10);
}

TEST(QuotaChanges, AreChecked) {
  const auto code = [](const QuotaEntity& entity, std::vector<QuotaChange> changes) {
    return check_quota_change(entity, changes).code;
  };
  using proto::ErrorCode;
  const QuotaEntity user{{"user", "a"}};
  EXPECT_EQ(code(user, {{"producer_byte_rate", 1.0}}), ErrorCode::kNone);
  EXPECT_EQ(code(user, {{"producer_byte_rate", 1.5}}), ErrorCode::kInvalidRequest);
  EXPECT_EQ(code(user, {{"producer_byte_rate", 0.0}}), ErrorCode::kInvalidRequest);
  EXPECT_EQ(code(user, {{"request_percentage", 1.5}}), ErrorCode::kNone);
  EXPECT_EQ(code(user, {{"connection_creation_rate", 1.0}}), ErrorCode::kInvalidRequest);
  EXPECT_EQ(code({{"ip", "1.1.1.1"}}, {{"connection_creation_rate", 1.0}}), ErrorCode::kNone);
  EXPECT_EQ(code({{"ip", "1.1.1.1"}, {"user", "a"}}, {}), ErrorCode::kInvalidRequest);
  EXPECT_EQ(code({}, {}), ErrorCode::kInvalidRequest);
  EXPECT_EQ(code(user, {{"x", 1.0}, {"x", 1.0}}), ErrorCode::kInvalidRequest);
}

}  // namespace
}  // namespace odradek::broker
