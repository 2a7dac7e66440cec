#include "proxy/security/access_rules.h"

#include <gtest/gtest.h>

namespace odradek::proxy {
namespace {

TEST(AccessRules, AllowEverythingWithoutRules) {
  const AccessRules rules;
  EXPECT_TRUE(rules.may_topic("User:a", Operation::kWrite, "orders"));
  EXPECT_TRUE(rules.may_group("User:ANONYMOUS", Operation::kDelete, "g"));
}

TEST(AccessRules, AllowWhatIsNamedAndNothingElse) {
  const AccessRules rules(
      {{.principal = "User:shop",
        .operations = {Operation::kRead, Operation::kWrite},
        .topic = "orders"},
       {.principal = "*", .operations = {Operation::kRead}, .group = "public-"}});
  EXPECT_TRUE(rules.may_topic("User:shop", Operation::kWrite, "orders.v1"));
  EXPECT_FALSE(rules.may_topic("User:shop", Operation::kDelete, "orders.v1"));
  EXPECT_FALSE(rules.may_topic("User:shop", Operation::kWrite, "order"));
  EXPECT_FALSE(rules.may_topic("User:other", Operation::kRead, "orders"));
  EXPECT_TRUE(rules.may_group("User:other", Operation::kRead, "public-1"));
  EXPECT_FALSE(rules.may_group("User:shop", Operation::kRead, "orders"));
  EXPECT_FALSE(rules.may_transactional_id("User:shop", Operation::kWrite, "orders"));
}

// As of Kafka's AclEntry: describing comes with reading, writing, deleting and altering.
TEST(AccessRules, AllowDescribingWhatMayBeUsed) {
  const AccessRules rules(
      {{.principal = "User:a", .operations = {Operation::kRead}, .topic = "*"},
       {.principal = "User:b", .operations = {Operation::kCreate}, .topic = ""}});
  EXPECT_TRUE(rules.may_topic("User:a", Operation::kDescribe, "t"));
  EXPECT_FALSE(rules.may_topic("User:a", Operation::kDescribeConfigs, "t"));
  EXPECT_FALSE(rules.may_topic("User:b", Operation::kDescribe, "t"));
  EXPECT_TRUE(rules.may_topic("User:b", Operation::kCreate, "t"));
}

}  // namespace
}  // namespace odradek::proxy
