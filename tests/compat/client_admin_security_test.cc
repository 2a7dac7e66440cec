// Access control, SCRAM users, quotas and delegation tokens. The cluster under test has Kafka's
// authorizer, and super.users with the tests' user (User:ANONYMOUS, when they have none).
#include <gmock/gmock.h>

#include <algorithm>

#include "client_fixture.h"

namespace odradek::compat {
namespace {

class AdminSecurityTest : public ClientTest {};

TEST_F(AdminSecurityTest, AccessIsGrantedListedAndTakenAway) {
  const std::string topic = fresh_name("acl");
  const ok::Acl read{.name = topic, .principal = "User:alice", .operation = ok::AclOperation::read};
  const ok::Acl write{.name = topic,
                      .pattern = ok::AclPattern::prefixed,
                      .principal = "User:bob",
                      .operation = ok::AclOperation::write,
                      .permission = ok::AclPermission::deny};
  const ok::Acl wrong{.name = topic, .principal = "no colon"};
  const auto created = admin_.create_acls({read, write, wrong}).get();
  ASSERT_TRUE(created) << created.error().to_string();
  ASSERT_EQ(created->size(), 3U);
  EXPECT_TRUE((*created)[0].result) << (*created)[0].result.error().to_string();
  EXPECT_TRUE((*created)[1].result) << (*created)[1].result.error().to_string();
  EXPECT_FALSE((*created)[2].result);

  ok::AclFilter filter;
  filter.resource = ok::AclResource::topic;
  filter.name = topic;
  std::vector<ok::Acl> found;
  const auto end = std::chrono::steady_clock::now() + seconds(10);
  while (found.size() < 2 && std::chrono::steady_clock::now() < end) {
    const auto listed = admin_.describe_acls(filter).get();
    ASSERT_TRUE(listed) << listed.error().to_string();
    found = *listed;
  }
  std::ranges::sort(found);
  std::vector<ok::Acl> expected = {read, write};
  std::ranges::sort(expected);
  EXPECT_EQ(found, expected);

  ok::AclFilter of_bob = filter;
  of_bob.principal = "User:bob";
  ok::AclFilter of_nobody = filter;
  of_nobody.principal = "User:nobody";
  const auto deleted = admin_.delete_acls({of_bob, of_nobody, filter}).get();
  ASSERT_TRUE(deleted) << deleted.error().to_string();
  ASSERT_EQ(deleted->size(), 3U);
  ASSERT_TRUE((*deleted)[0].result);
  ASSERT_EQ((*deleted)[0].result->size(), 1U);
  EXPECT_EQ((*deleted)[0].result->front().acl, write);
  EXPECT_TRUE((*deleted)[1].result->empty());
  EXPECT_GE((*deleted)[2].result->size(), 1U);
}

TEST_F(AdminSecurityTest, ScramUsersComeAndGo) {
  const std::string user = fresh_name("user");
  const ok::ScramUpsert sha256{.user = user, .password = ok::Secret("one")};
  const ok::ScramUpsert sha512{.user = user,
                               .password = ok::Secret("two"),
                               .mechanism = ok::ScramMechanism::sha512,
                               .iterations = 4096};
  // Kafka takes one change of a user at a time.
  const auto twice = admin_.alter_scram_users({.upserts = {sha256, sha512}}).get();
  ASSERT_TRUE(twice) << twice.error().to_string();
  ASSERT_EQ(twice->size(), 1U);
  EXPECT_EQ(twice->front().result.error().code_name(), "DUPLICATE_RESOURCE");
  for (const ok::ScramUpsert& upsert : {sha256, sha512}) {
    const auto added = ok::all(admin_.alter_scram_users({.upserts = {upsert}}).get());
    ASSERT_TRUE(added) << added.error().to_string();
  }
  std::vector<ok::ScramInfo> infos;
  const auto end = std::chrono::steady_clock::now() + seconds(10);
  while (infos.size() < 2 && std::chrono::steady_clock::now() < end) {
    const auto described = admin_.describe_scram_users({user}).get();
    ASSERT_TRUE(described) << described.error().to_string();
    if (described->front().result) infos = *described->front().result;
  }
  ASSERT_EQ(infos.size(), 2U);
  std::ranges::sort(infos, {}, &ok::ScramInfo::mechanism);
  EXPECT_EQ(infos[0].iterations, 8192);
  EXPECT_EQ(infos[1].iterations, 4096);
  const auto everybody = admin_.describe_scram_users({}).get();
  ASSERT_TRUE(everybody) << everybody.error().to_string();
  EXPECT_TRUE(std::ranges::any_of(*everybody, [&](const auto& u) { return u.name == user; }));

  const auto removed =
      admin_
          .alter_scram_users({.deletions = {{user, ok::ScramMechanism::sha256}, {"no-such-user"}}})
          .get();
  ASSERT_TRUE(removed) << removed.error().to_string();
  ASSERT_EQ(removed->size(), 2U);
  EXPECT_EQ((*removed)[0].name, "no-such-user");
  EXPECT_EQ((*removed)[0].result.error().code_name(), "RESOURCE_NOT_FOUND");
  EXPECT_TRUE((*removed)[1].result) << (*removed)[1].result.error().to_string();
  const auto weak =
      admin_.alter_scram_users({.upserts = {{.user = user, .iterations = 100}}}).get();
  ASSERT_FALSE(weak);
  EXPECT_EQ(weak.error().kind(), ok::ErrorKind::invalid_argument);
}

TEST_F(AdminSecurityTest, QuotasAreSetAndRemoved) {
  const std::string user = fresh_name("user");
  const ok::QuotaEntity entity{{"user", user}, {"client-id", std::nullopt}};
  const auto set = admin_
                       .alter_client_quotas({{entity, {{"producer_byte_rate", 1024.0}}},
                                             {{{"user", user}}, {{"no_such_quota", 1.0}}}})
                       .get();
  ASSERT_TRUE(set) << set.error().to_string();
  ASSERT_EQ(set->size(), 2U);
  EXPECT_TRUE((*set)[0].result) << (*set)[0].result.error().to_string();
  EXPECT_EQ((*set)[0].entity, entity);
  EXPECT_FALSE((*set)[1].result);
  const auto quotas = [&]() -> std::vector<ok::ClientQuota> {
    const auto described =
        admin_
            .describe_client_quotas(
                {{.entity_type = "user", .match = ok::QuotaMatch::exact, .name = user}})
            .get();
    EXPECT_TRUE(described) << described.error().to_string();
    return *described;
  };
  const auto end = std::chrono::steady_clock::now() + seconds(10);
  while (quotas().empty() && std::chrono::steady_clock::now() < end) continue;
  const auto found = quotas();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].entity, entity);
  EXPECT_EQ(found[0].values.at("producer_byte_rate"), 1024.0);
  const auto strict =
      admin_
          .describe_client_quotas(
              {{.entity_type = "user", .match = ok::QuotaMatch::exact, .name = user}}, true)
          .get();
  ASSERT_TRUE(strict);
  EXPECT_TRUE(strict->empty());
  const auto unset =
      admin_.alter_client_quotas({{entity, {{"producer_byte_rate", std::nullopt}}}}).get();
  ASSERT_TRUE(ok::all(unset)) << ok::all(unset).error().to_string();
  while (!quotas().empty() && std::chrono::steady_clock::now() < end) continue;
  EXPECT_TRUE(quotas().empty());
}

// Kafka gives tokens only to those who proved who they are, and where it has a key for them;
// odradek-broker gives none at all.
TEST_F(AdminSecurityTest, TokensAreRefusedToTheAnonymousAndWithoutAKey) {
  const auto created = admin_.create_delegation_token({"User:alice"}, std::chrono::hours(1)).get();
  ASSERT_FALSE(created);
  const auto renewed = admin_.renew_delegation_token("no token", milliseconds(-1)).get();
  ASSERT_FALSE(renewed);
  const auto expired = admin_.expire_delegation_token("no token", milliseconds(-1)).get();
  ASSERT_FALSE(expired);
  const auto listed = admin_.describe_delegation_tokens({}).get();
  ASSERT_FALSE(listed);
  for (const ok::KafkaError& error :
       {created.error(), renewed.error(), expired.error(), listed.error()}) {
    if (error.kind() == ok::ErrorKind::unsupported) continue;
    EXPECT_THAT(error.code_name(), testing::AnyOf("DELEGATION_TOKEN_REQUEST_NOT_ALLOWED",
                                                  "DELEGATION_TOKEN_AUTH_DISABLED"))
        << error.to_string();
  }
}

}  // namespace
}  // namespace odradek::compat
