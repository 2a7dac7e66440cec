// What clients altered of security is there after a restart.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "broker/handlers/security_for_tests.h"
#include "proto/messages/alter_client_quotas_request.h"
#include "proto/messages/alter_client_quotas_response.h"
#include "proto/messages/alter_user_scram_credentials_request.h"
#include "proto/messages/alter_user_scram_credentials_response.h"
#include "proto/messages/delete_acls_request.h"
#include "proto/messages/delete_acls_response.h"
#include "proto/messages/describe_acls_request.h"
#include "proto/messages/describe_acls_response.h"
#include "proto/messages/describe_client_quotas_request.h"
#include "proto/messages/describe_client_quotas_response.h"
#include "proto/messages/describe_user_scram_credentials_request.h"
#include "proto/messages/describe_user_scram_credentials_response.h"

namespace odradek::broker::testing {
namespace {

namespace fs = std::filesystem;

class SecurityOnDisk : public SecurityTest {
 protected:
  SecurityOnDisk() {
    std::string path = (fs::temp_directory_path() / "odradek-security-XXXXXX").string();
    directory_ = mkdtemp(path.data());
    options_.data_directory = (directory_ / "data").string();
  }
  ~SecurityOnDisk() override { fs::remove_all(directory_); }

  void restart() {
    by_user_.clear();
    clients_.clear();
    loop_.block_on(broker_->stop_async());
    start();
  }
  size_t acls() {
    proto::DescribeAclsRequest all;
    all.resource_type_filter = all.pattern_type_filter = all.operation = all.permission_type = 1;
    all.resource_name_filter = all.principal_filter = all.host_filter = {};
    size_t count = 0;
    const auto listed = call_as("admin", all);
    for (const auto& resource : listed->resources) count += resource.acls.size();
    return count;
  }

  fs::path directory_;
};

TEST_F(SecurityOnDisk, KeepsEntries) {
  add_acl("admin", kTopic, "t", kRead);
  add_acl("admin", kTopic, "t", kWrite);
  proto::DeleteAclsRequest::DeleteAclsFilter filter{1, {}, 1, {}, {}, kRead, 1, {}};
  proto::DeleteAclsRequest request;
  request.filters = {&filter, 1};
  EXPECT_EQ(call_as("admin", request)->filter_results[0].matching_acls.size(), 1U);
  restart();
  EXPECT_EQ(acls(), 1U);
  EXPECT_EQ(metadata("alice", {"t"})->topics[0].error_code, 0);
}

TEST_F(SecurityOnDisk, KeepsUsersAndForgetsThoseRemoved) {
  proto::AlterUserScramCredentialsRequest::ScramCredentialUpsertion bob;
  bob.name = "bob";
  bob.mechanism = 2;
  bob.iterations = 5000;
  bob.salt = bob.salted_password = as_bytes("x");
  proto::AlterUserScramCredentialsRequest::ScramCredentialDeletion alice{"alice", 1, {}};
  proto::AlterUserScramCredentialsRequest request;
  request.upsertions = {&bob, 1};
  request.deletions = {&alice, 1};
  for (const auto& result : call_as("admin", request)->results) EXPECT_EQ(result.error_code, 0);
  restart();
  proto::DescribeUserScramCredentialsRequest all;
  all.users = {};
  std::map<std::string, size_t> mechanisms;
  const auto told = call_as("admin", all);
  for (const auto& user : told->results) {
    mechanisms[std::string(user.user)] = user.credential_infos.size();
    if (user.user == "bob") EXPECT_EQ(user.credential_infos[0].iterations, 5000);
  }
  // Given at start, and altered since: what was altered counts.
  EXPECT_EQ(mechanisms, (std::map<std::string, size_t>{{"admin", 2}, {"alice", 1}, {"bob", 1}}));
}

TEST_F(SecurityOnDisk, KeepsQuotas) {
  proto::AlterClientQuotasRequest::EntityData entity{"user", {}, {}};
  proto::AlterClientQuotasRequest::OpData op{"request_percentage", 10.5, false, {}};
  proto::AlterClientQuotasRequest::EntryData entry{{&entity, 1}, {&op, 1}, {}};
  proto::AlterClientQuotasRequest request;
  request.entries = {&entry, 1};
  EXPECT_EQ(call_as("admin", request)->entries[0].error_code, 0);
  restart();
  proto::DescribeClientQuotasRequest all;
  all.components = proto::empty_array<proto::DescribeClientQuotasRequest::ComponentData>();
  const auto told = call_as("admin", all);
  ASSERT_EQ(told->entries.size(), 1U);
  EXPECT_EQ(told->entries[0].values[0].value, 10.5);
}

}  // namespace
}  // namespace odradek::broker::testing
