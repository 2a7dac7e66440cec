#include "broker/security/authorizer.h"

#include <gtest/gtest.h>

namespace odradek::broker {
namespace {

using enum AclOperation;
constexpr ResourceType kTopic = ResourceType::kTopic;
constexpr ResourceType kGroup = ResourceType::kGroup;
constexpr ResourceType kCluster = ResourceType::kCluster;

class AuthorizerTest : public ::testing::Test {
 protected:
  void add(AclPermission permission, AclOperation operation, ResourceType type,
           const std::string& name, PatternType pattern = PatternType::kLiteral,
           const std::string& principal = "User:alice", const std::string& host = "*") {
    acls_.put(Uuid::random(), {type, name, pattern, principal, host, operation, permission});
  }
  void allow(AclOperation operation, const std::string& topic,
             PatternType pattern = PatternType::kLiteral,
             const std::string& principal = "User:alice", const std::string& host = "*") {
    add(AclPermission::kAllow, operation, kTopic, topic, pattern, principal, host);
  }
  void deny(AclOperation operation, const std::string& topic,
            PatternType pattern = PatternType::kLiteral) {
    add(AclPermission::kDeny, operation, kTopic, topic, pattern);
  }
  bool may(AclOperation operation, std::string_view topic) const {
    return rules_.allows(alice_, operation, kTopic, topic);
  }

  static constexpr PatternType kPrefixed = PatternType::kPrefixed;
  AclStore acls_;
  Authorizer rules_{acls_, {.enabled = true, .super_users = {"User:root"}}};
  Requester alice_{"User:alice", "10.0.0.1"};
};

TEST_F(AuthorizerTest, RefusesWhatNobodyAllowed) {
  EXPECT_FALSE(may(kRead, "t"));
  allow(kRead, "t");
  EXPECT_TRUE(may(kRead, "t"));
  EXPECT_FALSE(may(kWrite, "t"));
  EXPECT_FALSE(may(kRead, "t2"));
  EXPECT_FALSE(rules_.allows({"User:bob", "10.0.0.1"}, kRead, kTopic, "t"));
  EXPECT_FALSE(rules_.allows(alice_, kRead, kGroup, "t"));
}

TEST_F(AuthorizerTest, LetsTheProcessItselfDoEverything) {
  const Requester dashboard{"User:ANONYMOUS", "memory", true};
  EXPECT_TRUE(rules_.allows(dashboard, kDelete, kTopic, "t"));
  EXPECT_EQ(rules_.operations(dashboard, kTopic, "t"), supported_operations(kTopic));
}

TEST_F(AuthorizerTest, LetsADenialWin) {
  allow(kAll, "*");
  deny(kWrite, "secret-", kPrefixed);
  EXPECT_TRUE(may(kWrite, "open"));
  EXPECT_FALSE(may(kWrite, "secret-1"));
  EXPECT_TRUE(may(kRead, "secret-1"));
}

TEST_F(AuthorizerTest, MatchesPrefixesAndWildcards) {
  allow(kRead, "app-", kPrefixed);
  EXPECT_TRUE(may(kRead, "app-"));
  EXPECT_TRUE(may(kRead, "app-1"));
  EXPECT_FALSE(may(kRead, "app"));
  allow(kWrite, "*");
  EXPECT_TRUE(may(kWrite, "anything"));
}

TEST_F(AuthorizerTest, LooksAtPrincipalAndHost) {
  allow(kRead, "a", PatternType::kLiteral, "User:*");
  allow(kRead, "b", PatternType::kLiteral, "User:alice", "10.0.0.1");
  allow(kRead, "c", PatternType::kLiteral, "User:alice", "10.0.0.2");
  EXPECT_TRUE(rules_.allows({"User:bob", "1.1.1.1"}, kRead, kTopic, "a"));
  EXPECT_TRUE(may(kRead, "b"));
  EXPECT_FALSE(may(kRead, "c"));
}

TEST_F(AuthorizerTest, ImpliesDescribingButNotDenyingIt) {
  allow(kRead, "r");
  allow(kAlter, "a");
  allow(kAlterConfigs, "c");
  EXPECT_TRUE(may(kDescribe, "r"));
  EXPECT_TRUE(may(kDescribe, "a"));
  EXPECT_TRUE(may(kDescribeConfigs, "c"));
  EXPECT_FALSE(may(kDescribe, "c"));
  allow(kDescribe, "d");
  deny(kRead, "d");
  EXPECT_TRUE(may(kDescribe, "d"));
  EXPECT_FALSE(may(kRead, "d"));
}

TEST_F(AuthorizerTest, KnowsSuperUsersAndWhatHoldsWithoutEntries) {
  EXPECT_TRUE(rules_.allows({"User:root", "x"}, kAlter, kCluster, kClusterName));
  const Authorizer open(acls_, {.enabled = true, .super_users = {}, .allow_without_acls = true});
  EXPECT_TRUE(open.allows(alice_, kRead, kTopic, "t"));
  allow(kWrite, "t", PatternType::kLiteral, "User:bob");
  EXPECT_FALSE(open.allows(alice_, kRead, kTopic, "t"));
  EXPECT_TRUE(open.allows(alice_, kRead, kTopic, "other"));
}

TEST_F(AuthorizerTest, FindsWhetherAnyResourceIsAllowed) {
  EXPECT_FALSE(rules_.allows_any(alice_, kWrite, kTopic));
  allow(kWrite, "app-1");
  EXPECT_TRUE(rules_.allows_any(alice_, kWrite, kTopic));
  deny(kWrite, "app-", kPrefixed);
  EXPECT_FALSE(rules_.allows_any(alice_, kWrite, kTopic));
  allow(kWrite, "b", kPrefixed);
  EXPECT_TRUE(rules_.allows_any(alice_, kWrite, kTopic));
  deny(kAll, "*");
  EXPECT_FALSE(rules_.allows_any(alice_, kWrite, kTopic));
}

TEST_F(AuthorizerTest, TellsTheOperationsAsBits) {
  EXPECT_EQ(rules_.operations({"User:root", ""}, kTopic, "t"), 3576);
  EXPECT_EQ(rules_.operations({"User:root", ""}, kGroup, "g"), 3400);
  EXPECT_EQ(rules_.operations({"User:root", ""}, kCluster, kClusterName), 8096);
  allow(kRead, "t");
  EXPECT_EQ(rules_.operations(alice_, kTopic, "t"), (1 << 3) | (1 << 8));
}

TEST_F(AuthorizerTest, ForgetsRemovedEntries) {
  allow(kRead, "t");
  AclFilter filter;
  filter.pattern_type = PatternType::kMatch;
  filter.resource_name = "t";
  const std::vector<Uuid> found = acls_.find(filter);
  ASSERT_EQ(found.size(), 1U);
  acls_.erase(found[0]);
  EXPECT_FALSE(may(kRead, "t"));
  EXPECT_EQ(acls_.size(), 0U);
}

TEST(AclFilter, MatchesByPatternType) {
  const Acl prefixed{kTopic, "app", PatternType::kPrefixed, "User:a",
                     "*",    kRead, AclPermission::kAllow};
  const Acl every{kTopic, "*", PatternType::kLiteral, "User:a", "*", kRead, AclPermission::kAllow};
  AclFilter filter;
  filter.resource_name = "app-1";
  filter.pattern_type = PatternType::kMatch;
  EXPECT_TRUE(filter.matches(prefixed));
  EXPECT_TRUE(filter.matches(every));
  filter.pattern_type = PatternType::kAny;
  EXPECT_FALSE(filter.matches(prefixed));
  filter.resource_name = "app";
  EXPECT_TRUE(filter.matches(prefixed));
  filter.pattern_type = PatternType::kLiteral;
  EXPECT_FALSE(filter.matches(prefixed));
}

TEST(AclFault, NamesWhatIsWrong) {
  Acl acl{kTopic, "t", PatternType::kLiteral, "User:a", "*", kRead, AclPermission::kAllow};
  EXPECT_EQ(acl_fault(acl), "");
  acl.principal = "alice";
  EXPECT_NE(acl_fault(acl), "");
  acl.principal = "User:a";
  acl.resource_type = kCluster;
  EXPECT_NE(acl_fault(acl).find("kafka-cluster"), std::string::npos);
}

}  // namespace
}  // namespace odradek::broker
