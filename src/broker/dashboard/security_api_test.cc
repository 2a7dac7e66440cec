#include <gmock/gmock.h>

#include "broker/dashboard/dashboard_for_tests.h"

namespace odradek::broker::dashboard {
namespace {

class DashboardSecurity : public testing::DashboardTest {
 protected:
  void SetUp() override {
    options_.properties = {
        {"authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"}};
    DashboardTest::SetUp();
  }

  static constexpr const char* kEntry = R"({"resource_type":"TOPIC","resource_name":"t",)"
                                        R"("principal":"User:alice","operation":"READ"})";
};

TEST_F(DashboardSecurity, WorksForABrokerWithAccessControl) {
  post("/topics", R"({"name":"t","partitions":1})");
  EXPECT_EQ(get("/topics")["topics"].size(), 1U);
  post("/topics/t/messages", R"({"value":{"text":"x"}})");
  EXPECT_EQ(get("/topics/t/messages")["messages"].size(), 1U);
}

TEST_F(DashboardSecurity, AddsAndRemovesEntries) {
  EXPECT_EQ(get("/acls")["acls"].size(), 0U);
  post("/acls", kEntry);
  const Json acl = get("/acls")["acls"][0];
  EXPECT_EQ(acl["principal"], "User:alice");
  EXPECT_EQ(acl["operation"], "READ");
  EXPECT_EQ(acl["permission"], "ALLOW");
  EXPECT_EQ(acl["pattern"], "LITERAL");
  EXPECT_EQ(acl["host"], "*");
  post("/acls/delete", kEntry);
  EXPECT_EQ(get("/acls")["acls"].size(), 0U);
  EXPECT_EQ(ask("POST", "/acls/delete", kEntry).status, 404);
  EXPECT_EQ(ask("POST", "/acls", R"({"resource_type":"TABLE"})").status, 400);
}

TEST_F(DashboardSecurity, SaysWhenThereIsNoAccessControl) {
  close();
  restart_with({});
  open({});
  EXPECT_EQ(get("/acls")["enabled"], false);
  EXPECT_EQ(ask("POST", "/acls", kEntry).code(), "SECURITY_DISABLED");
}

TEST_F(DashboardSecurity, MakesUsersWithoutTellingTheirPasswords) {
  post("/users", R"({"name":"bob","password":"secret"})");
  post("/users", R"({"name":"eve","password":"s","mechanisms":["SCRAM-SHA-512"],)"
                 R"("iterations":8192})");
  const Json users = get("/users")["users"];
  ASSERT_EQ(users.size(), 2U);
  EXPECT_EQ(users[0]["mechanisms"].size(), 2U);
  EXPECT_EQ(users[1]["mechanisms"][0]["mechanism"], "SCRAM-SHA-512");
  EXPECT_EQ(users[1]["mechanisms"][0]["iterations"], 8192);
  EXPECT_EQ(users.dump().find("secret"), std::string::npos);
  EXPECT_EQ(ask("DELETE", "/users/bob").status, 200);
  EXPECT_EQ(ask("DELETE", "/users/bob").status, 404);
  EXPECT_EQ(get("/users")["users"].size(), 1U);
}

TEST_F(DashboardSecurity, RefusesBadUsers) {
  EXPECT_EQ(ask("POST", "/users", R"({"name":"bob","password":""})").status, 400);
  EXPECT_EQ(ask("POST", "/users", R"({"name":"","password":"x"})").status, 400);
  EXPECT_EQ(ask("POST", "/users", R"({"name":"b","password":"x","mechanisms":["PLAIN"]})").status,
            400);
  EXPECT_EQ(ask("POST", "/users", R"({"name":"b","password":"x","iterations":1})").status, 400);
}

TEST_F(DashboardSecurity, ChangesQuotas) {
  EXPECT_EQ(ask("PATCH", "/quotas",
                R"({"entity":{"user":"alice","client-id":null},"set":{"producer_byte_rate":1000}})")
                .status,
            200);
  const Json quota = get("/quotas")["quotas"][0];
  EXPECT_EQ(quota["entity"]["user"], "alice");
  EXPECT_EQ(quota["entity"]["client-id"], nullptr);
  EXPECT_EQ(quota["values"]["producer_byte_rate"], 1000);
  EXPECT_EQ(ask("PATCH", "/quotas",
                R"({"entity":{"user":"alice","client-id":null},"reset":["producer_byte_rate"]})")
                .status,
            200);
  EXPECT_EQ(get("/quotas")["quotas"].size(), 0U);
  EXPECT_EQ(ask("PATCH", "/quotas", R"({"set":{"producer_byte_rate":1}})").status, 400);
  EXPECT_EQ(ask("PATCH", "/quotas", R"({"entity":{"user":"a"},"set":{"colour":1}})").status, 400);
}

}  // namespace
}  // namespace odradek::broker::dashboard
