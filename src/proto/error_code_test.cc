#include "proto/error_code.h"

#include <gtest/gtest.h>

#include <set>

namespace odradek::proto {
namespace {

TEST(ErrorCodes, HaveNumbersAndNamesWithoutGaps) {
  std::set<std::string_view> names;
  for (int16_t number = -1; number <= 136; ++number) {
    const ErrorCodeInfo* info = find_error(error_code(number));
    ASSERT_NE(info, nullptr) << number;
    EXPECT_EQ(to_number(info->code), number);
    EXPECT_FALSE(info->text.empty());
    EXPECT_TRUE(names.insert(info->name).second) << info->name;
  }
  EXPECT_EQ(find_error(error_code(137)), nullptr);
}

TEST(ErrorCodes, NameThemselves) {
  EXPECT_EQ(error_name(ErrorCode::kNotLeaderOrFollower), "NOT_LEADER_OR_FOLLOWER");
  EXPECT_EQ(to_number(ErrorCode::kThrottlingQuotaExceeded), 89);
  EXPECT_EQ(error_name(error_code(9999)), "UNKNOWN_ERROR_CODE");
}

TEST(ErrorCodes, TellWhatIsWorthRetrying) {
  EXPECT_TRUE(is_retriable(ErrorCode::kNotLeaderOrFollower));
  EXPECT_TRUE(is_retriable(ErrorCode::kCoordinatorLoadInProgress));
  EXPECT_FALSE(is_retriable(ErrorCode::kTopicAuthorizationFailed));
  EXPECT_FALSE(is_retriable(ErrorCode::kNone));
  EXPECT_FALSE(is_retriable(error_code(9999)));
}

TEST(ErrorCodes, BecomeErrorsThatSayWhatWasAttempted) {
  const Error error = to_error(ErrorCode::kNotCoordinator, "commit of group g");
  EXPECT_EQ(error.code(), Errc::kServer);
  EXPECT_EQ(error.server_code(), 16);
  EXPECT_EQ(error.message(),
            "commit of group g: NOT_COORDINATOR (16): the broker is not the coordinator asked for");
  EXPECT_EQ(to_error(ErrorCode::kPolicyViolation, "create t", "too many").message(),
            "create t: POLICY_VIOLATION (44): too many");
}

}  // namespace
}  // namespace odradek::proto
