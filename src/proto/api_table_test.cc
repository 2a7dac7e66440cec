#include "proto/api_table.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "proto/message_base.h"
#include "proto/messages/fetch_request.h"
#include "proto/messages/fetch_response.h"

namespace odradek::proto {
namespace {

static_assert(std::is_same_v<ResponseOf<FetchRequest>, FetchResponse>);

TEST(ApiTable, KnowsTheApisOfKafka44) {
  EXPECT_EQ(all_apis().size(), 91U);
  const ApiInfo* fetch = find_api(1);
  ASSERT_NE(fetch, nullptr);
  EXPECT_EQ(fetch->name, "Fetch");
  EXPECT_EQ(fetch->min_version, 4);
  EXPECT_EQ(fetch->max_version, 18);
  EXPECT_EQ(fetch->first_flexible_request, 12);
  EXPECT_TRUE(fetch->on_broker);
}

TEST(ApiTable, HasNoApiWithoutAValidVersion) {
  EXPECT_EQ(find_api(ApiKey::kLeaderAndIsr), nullptr);
  EXPECT_EQ(find_api(-1), nullptr);
  EXPECT_EQ(find_api(12345), nullptr);
  EXPECT_EQ(api_name(ApiKey{12345}), "unknown API");
}

TEST(ApiTable, StopsAtTheLastStableVersion) {
  EXPECT_EQ(find_api(ApiKey::kInitProducerId)->max_version, 5);
}

TEST(HeaderVersions, FollowTheFlexibleVersions) {
  EXPECT_EQ(request_header_version(ApiKey::kFetch, 11), 1);
  EXPECT_EQ(request_header_version(ApiKey::kFetch, 12), 2);
  EXPECT_EQ(response_header_version(ApiKey::kFetch, 11), 0);
  EXPECT_EQ(response_header_version(ApiKey::kFetch, 12), 1);
}

TEST(HeaderVersions, KeepApiVersionsReadableForEveryone) {
  EXPECT_EQ(request_header_version(ApiKey::kApiVersions, 4), 2);
  EXPECT_EQ(response_header_version(ApiKey::kApiVersions, 4), 0);
}

TEST(HeaderVersions, OfOddRequests) {
  EXPECT_EQ(request_header_version(ApiKey::kControlledShutdown, 0), 0);
  EXPECT_EQ(request_header_version(ApiKey::kControlledShutdown, 1), 1);
  EXPECT_EQ(request_header_version(ApiKey::kSaslHandshake, 1), 1);  // never flexible
  EXPECT_EQ(request_header_version(ApiKey{12345}, 9), 1);
}

}  // namespace
}  // namespace odradek::proto
