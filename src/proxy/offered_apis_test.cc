#include "proxy/offered_apis.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace odradek::proxy {
namespace {

using proto::ApiKey;
using rpc::ApiRange;

const ApiRange* find(const std::vector<ApiRange>& apis, ApiKey key) {
  const auto found = std::ranges::find(apis, key, &ApiRange::key);
  return found == apis.end() ? nullptr : &*found;
}

TEST(OfferedApis, AreWhatTheProxyAndEveryBrokerKnow) {
  const std::vector<Handler> handlers = {
      {.key = ApiKey::kFetch, .min_version = 4, .max_version = 18, .needs_broker = true},
      {.key = ApiKey::kHeartbeat, .min_version = 0, .max_version = 4, .needs_broker = true},
      {.key = ApiKey::kFindCoordinator, .min_version = 0, .max_version = 6, .needs_broker = false}};
  const std::vector<std::vector<ApiRange>> brokers = {
      {{ApiKey::kFetch, 4, 17}, {ApiKey::kHeartbeat, 0, 4}},
      {{ApiKey::kFetch, 6, 30}, {ApiKey::kShareFetch, 0, 9}}};
  const std::vector<ApiRange> offered = offered_apis(handlers, brokers);
  ASSERT_NE(find(offered, ApiKey::kFetch), nullptr);
  EXPECT_EQ(find(offered, ApiKey::kFetch)->min_version, 6);
  EXPECT_EQ(find(offered, ApiKey::kFetch)->max_version, 17);
  EXPECT_EQ(find(offered, ApiKey::kHeartbeat), nullptr);  // one broker lacks it
  EXPECT_NE(find(offered, ApiKey::kFindCoordinator), nullptr);
  EXPECT_EQ(find(offered, ApiKey::kShareFetch), nullptr);
}

TEST(OfferedApis, HandlersAreInOrderAndWithinTheSchema) {
  const std::vector<Handler> handlers = all_handlers();
  EXPECT_TRUE(std::ranges::is_sorted(handlers, {}, &Handler::key));
  for (const Handler& handler : handlers) {
    EXPECT_NE(handler.run, nullptr);
    EXPECT_LE(handler.min_version, handler.max_version);
  }
  // Topic ids in commits and what is between brokers are not served.
  const std::vector<ApiRange> offered = offered_apis(handlers, {});
  EXPECT_EQ(find(offered, ApiKey::kOffsetCommit)->max_version, 9);
  EXPECT_EQ(find(offered, ApiKey::kOffsetFetch)->max_version, 9);
  EXPECT_EQ(find(offered, ApiKey::kTxnOffsetCommit)->max_version, 5);
  EXPECT_EQ(find(offered, ApiKey::kAddPartitionsToTxn)->max_version, 3);
  EXPECT_NE(find(offered, ApiKey::kConsumerGroupHeartbeat), nullptr);
  const std::vector<ApiRange> hiding = offered_apis(handlers, {}, Kip848Mode::kHide);
  EXPECT_EQ(find(hiding, ApiKey::kConsumerGroupHeartbeat), nullptr);
  EXPECT_EQ(find(hiding, ApiKey::kConsumerGroupDescribe), nullptr);
}

TEST(OfferedApis, HideFeaturesThatAreNotServed) {
  rpc::Features features;
  features.supported = {{"group.version", 0, 1}, {"metadata.version", 7, 27}};
  features.finalized = {{"transaction.version", 2, 2}, {"metadata.version", 27, 27}};
  EXPECT_EQ(offered_features(features).supported.size(), 2U);
  const rpc::Features offered = offered_features(features, Kip848Mode::kHide);
  ASSERT_EQ(offered.supported.size(), 1U);
  EXPECT_EQ(offered.supported[0].name, "metadata.version");
  ASSERT_EQ(offered.finalized.size(), 2U);
  EXPECT_EQ(offered.finalized[0].name, "transaction.version");
}

}  // namespace
}  // namespace odradek::proxy
