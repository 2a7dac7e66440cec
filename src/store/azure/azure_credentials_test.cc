#include "store/azure/azure_credentials.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/ids.h"
#include "store/http_server_for_tests.h"

namespace odradek::store::azure {
namespace {

using Kind = AzureCredential::Kind;

class AzureCredentialChain : public testing::Test {
 protected:
  std::unique_ptr<AzureCredentialCache> chain(AzureChainOptions options = {}) {
    cloud::TokenContext context =
        cloud::make_token_context(clock_,
                                  [this](const std::string& name) -> std::optional<std::string> {
                                    const auto found = variables_.find(name);
                                    if (found == variables_.end()) return std::nullopt;
                                    return found->second;
                                  },
                                  {});
    return make_azure_credentials(std::move(options), std::move(context)).value();
  }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::map<std::string, std::string> variables_;
  AskedLog log_;
  HttpServerForTests server_{[this](const Asked& asked) {
    return log_.note(asked).value_or(
        Told{.body = "{\"access_token\":\"bearer\",\"expires_in\":\"3600\"}"});
  }};
};

TEST_F(AzureCredentialChain, TakesKeyAndSignatureAsTheyAre) {
  EXPECT_EQ(chain({.account_key = Secret("a2V5")})->get()->secret.reveal(), "key");
  EXPECT_EQ(chain({.sas_token = Secret("?sv=1&sig=2")})->get()->secret.reveal(), "sv=1&sig=2");
  variables_["AZURE_STORAGE_SAS_TOKEN"] = "sig=3";
  EXPECT_EQ(chain()->get()->kind, Kind::kSas);
}

TEST_F(AzureCredentialChain, BuysATokenWithTheSecretOfAnApplication) {
  variables_["AZURE_AUTHORITY_HOST"] = server_.url() + "/";
  const Result<AzureCredential> found =
      chain({.tenant_id = "tenant", .client_id = "app", .client_secret = Secret("s&s")})->get();
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(found->kind, Kind::kBearer);
  EXPECT_EQ(found->secret.reveal(), "bearer");
  const Asked asked = log_.asked().at(0);
  EXPECT_EQ(asked.path, "/tenant/oauth2/v2.0/token");
  EXPECT_TRUE(asked.body.contains("client_secret=s%26s"));
}

TEST_F(AzureCredentialChain, ExchangesTheTokenFileOfWorkloadIdentity) {
  const std::filesystem::path file =
      std::filesystem::path(testing::TempDir()) / Uuid::random().to_string();
  std::ofstream(file) << "federated\n";
  variables_ = {{"AZURE_AUTHORITY_HOST", server_.url()},
                {"AZURE_TENANT_ID", "tenant"},
                {"AZURE_CLIENT_ID", "app"},
                {"AZURE_FEDERATED_TOKEN_FILE", file.string()}};
  EXPECT_EQ(chain()->get()->secret.reveal(), "bearer");
  EXPECT_TRUE(log_.asked().at(0).body.contains("client_assertion=federated"));
  std::filesystem::remove(file);
}

TEST_F(AzureCredentialChain, AsksTheMachinesIdentity) {
  variables_["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = server_.url();
  EXPECT_EQ(chain({.client_id = "mine"})->get()->secret.reveal(), "bearer");
  const Asked asked = log_.asked().at(0);
  EXPECT_EQ(asked.header("metadata"), "true");
  EXPECT_EQ(asked.parameter("resource"), "https://storage.azure.com/");
  EXPECT_EQ(asked.parameter("client_id"), "mine");
}

TEST_F(AzureCredentialChain, AsksTheIdentityOfAnAppService) {
  variables_ = {{"IDENTITY_ENDPOINT", server_.url() + "/msi"}, {"IDENTITY_HEADER", "header"}};
  EXPECT_TRUE(chain()->get());
  EXPECT_EQ(log_.asked().at(0).header("x-identity-header"), "header");
}

TEST_F(AzureCredentialChain, RefusalNamesTheErrorWordAndNoSecret) {
  variables_["AZURE_AUTHORITY_HOST"] = server_.url();
  log_.answer_first([](const Asked&) {
    return Told{.status = 401,
                .body = "{\"error\":\"invalid_client\",\"error_description\":\"hidden-words\"}"};
  });
  const Result<AzureCredential> found =
      chain({.tenant_id = "t", .client_id = "app", .client_secret = Secret("hidden-words")})->get();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), Errc::kAuthentication);
  EXPECT_EQ(found.error().message(),
            "the token of Azure's application: refused with 401 invalid_client");
}

}  // namespace
}  // namespace odradek::store::azure
