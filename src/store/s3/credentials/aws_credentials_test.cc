#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/ids.h"
#include "store/http_server_for_tests.h"
#include "store/s3/credentials/aws_chain.h"
#include "store/s3/credentials/aws_sources.h"

namespace odradek::store::s3 {
namespace {

constexpr TimestampMs kNow = 1'700'000'000'000;
constexpr const char* kLater = "2023-11-14T23:13:20Z";  // an hour after kNow

class AwsCredentialChain : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / Uuid::random().to_string();
    std::filesystem::create_directories(folder_);
    variables_["HOME"] = folder_.string();
    variables_["AWS_CONFIG_FILE"] = (folder_ / "config").string();
    variables_["AWS_SHARED_CREDENTIALS_FILE"] = (folder_ / "credentials").string();
    variables_["AWS_EC2_METADATA_DISABLED"] = "true";
    variables_["AWS_ENDPOINT_URL_STS"] = server_.url();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  cloud::TokenContext context() {
    return cloud::make_token_context(clock_,
                                     [this](const std::string& name) -> std::optional<std::string> {
                                       const auto found = variables_.find(name);
                                       if (found == variables_.end()) return std::nullopt;
                                       return found->second;
                                     },
                                     {});
  }
  std::unique_ptr<AwsCredentialCache> chain(AwsChainOptions options = {}) {
    return make_aws_credentials(std::move(options), context());
  }
  // "access/secret/token", or the error.
  static std::string text_of(const Result<AwsCredentialsPtr>& found) {
    if (!found) return found.error().to_string();
    return (*found)->access_key + "/" + std::string((*found)->secret_key.reveal()) + "/" +
           std::string((*found)->session_token.reveal());
  }
  static Told sts_answer(const std::string& name) {
    return {.body = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" + name +
                    "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t"
                    "</SessionToken><Expiration>" +
                    kLater + "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"};
  }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(kNow);
  std::map<std::string, std::string> variables_;
  std::filesystem::path folder_;
  AskedLog log_;
  HttpServerForTests server_{
      [this](const Asked& asked) { return log_.note(asked).value_or(Told{.status = 404}); }};
};

TEST_F(AwsCredentialChain, TakesTheEnvironmentFirst) {
  write("credentials", "[default]\naws_access_key_id = file\naws_secret_access_key = s\n");
  variables_["AWS_ACCESS_KEY_ID"] = "env";
  variables_["AWS_SECRET_ACCESS_KEY"] = "secret";
  variables_["AWS_SESSION_TOKEN"] = "token";
  EXPECT_EQ(text_of(chain()->get()), "env/secret/token");
}

TEST_F(AwsCredentialChain, TakesTheProfileThatSettingsNameBeforeTheEnvironment) {
  write("credentials", "[other]\naws_access_key_id = file\naws_secret_access_key = s\n");
  variables_["AWS_ACCESS_KEY_ID"] = "env";
  variables_["AWS_SECRET_ACCESS_KEY"] = "secret";
  EXPECT_EQ(text_of(chain({.profile = "other"})->get()), "file/s/");
}

TEST_F(AwsCredentialChain, ReadsBothFilesOfProfiles) {
  write("config",
        "# comment\n[default]\nregion = eu-west-3\n[profile work]\ns3 =\n  max = 1\n"
        "region=eu-north-1\n[sso-session x]\nsso_region = y\n");
  write("credentials", "[work]\naws_access_key_id=file\naws_secret_access_key=s\n");
  variables_["AWS_PROFILE"] = "work";
  EXPECT_EQ(text_of(chain()->get()), "file/s/");
  EXPECT_EQ(configured_region(context(), ""), "eu-north-1");
  EXPECT_EQ(configured_region(context(), "default"), "eu-west-3");
}

TEST_F(AwsCredentialChain, AssumesTheRoleOfAProfileWithItsSource) {
  write("config",
        "[profile admin]\nrole_arn = arn:role\nsource_profile = base\nexternal_id = ext\n"
        "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = s\n");
  log_.answer_first([](const Asked&) { return sts_answer("ROLE"); });
  EXPECT_EQ(text_of(chain({.profile = "admin"})->get()), "ROLE/s/t");
  const Asked asked = log_.asked().at(0);
  EXPECT_TRUE(asked.body.contains("Action=AssumeRole&"));
  EXPECT_TRUE(asked.body.contains("ExternalId=ext"));
  EXPECT_TRUE(asked.header("authorization").contains("Credential=BASE/20231114/us-east-1/sts/"));
}

TEST_F(AwsCredentialChain, CircleOfProfilesEnds) {
  write("config",
        "[profile a]\nrole_arn = arn\nsource_profile = b\n"
        "[profile b]\nrole_arn = arn\nsource_profile = a\n");
  EXPECT_EQ(chain({.profile = "a"})->get().error().code(), Errc::kConfig);
}

TEST_F(AwsCredentialChain, RunsTheProcessOfAProfile) {
  write("config",
        "[default]\ncredential_process = echo "
        "'{\"Version\":1,\"AccessKeyId\":\"proc\",\"SecretAccessKey\":\"s\"}'\n");
  EXPECT_EQ(text_of(chain()->get()), "proc/s/");
}

TEST_F(AwsCredentialChain, FailedProcessIsAnErrorWithoutItsWords) {
  write("config", "[default]\ncredential_process = echo hidden-words; exit 3\n");
  const Result<AwsCredentialsPtr> found = chain()->get();
  ASSERT_FALSE(found);
  EXPECT_FALSE(found.error().to_string().contains("hidden-words"));
}

TEST_F(AwsCredentialChain, ExchangesTheTokenOfAPod) {
  write("token", "pod-token\n");
  variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = (folder_ / "token").string();
  variables_["AWS_ROLE_ARN"] = "arn:role";
  log_.answer_first([](const Asked&) { return sts_answer("POD"); });
  EXPECT_EQ(text_of(chain()->get()), "POD/s/t");
  EXPECT_TRUE(log_.asked().at(0).body.contains("WebIdentityToken=pod-token"));
}

TEST_F(AwsCredentialChain, AsksTheContainersService) {
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_.url() + "/creds";
  variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "let-me";
  log_.answer_first([](const Asked& asked) {
    EXPECT_EQ(asked.header("authorization"), "let-me");
    return Told{.body = std::string("{\"AccessKeyId\":\"TASK\",\"SecretAccessKey\":\"s\","
                                    "\"Token\":\"t\",\"Expiration\":\"") +
                        kLater + "\"}"};
  });
  EXPECT_EQ(text_of(chain()->get()), "TASK/s/t");
}

TEST_F(AwsCredentialChain, SendsNoTokenToStrangersWithoutTls) {
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://stranger.example/creds";
  EXPECT_EQ(chain()->get().error().code(), Errc::kConfig);
}

TEST_F(AwsCredentialChain, AsksTheInstanceWithAToken) {
  variables_["AWS_EC2_METADATA_DISABLED"] = "false";
  variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server_.url();
  log_.answer_first([](const Asked& asked) -> Told {
    if (asked.method == "PUT") return {.body = "session"};
    if (asked.header("x-aws-ec2-metadata-token") != "session") return {.status = 401};
    if (asked.path.ends_with('/')) return {.body = "my-role\n"};
    EXPECT_TRUE(asked.path.ends_with("/my-role"));
    return {.body = std::string("{\"AccessKeyId\":\"EC2\",\"SecretAccessKey\":\"s\","
                                "\"Token\":\"t\",\"Expiration\":\"") +
                    kLater + "\"}"};
  });
  EXPECT_EQ(text_of(chain()->get()), "EC2/s/t");
}

TEST_F(AwsCredentialChain, RefreshesBeforeTheEndAndKeepsTheOldOnesWhileTheyAreGood) {
  write("token", "pod-token");
  variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = (folder_ / "token").string();
  variables_["AWS_ROLE_ARN"] = "arn:role";
  log_.answer_first([](const Asked&) { return sts_answer("FIRST"); });
  const std::unique_ptr<AwsCredentialCache> chain = this->chain();
  EXPECT_EQ(text_of(chain->get()), "FIRST/s/t");
  clock_->advance(std::chrono::minutes(54));
  EXPECT_EQ(text_of(chain->get()), "FIRST/s/t");
  EXPECT_EQ(log_.asked().size(), 1U);
  log_.answer_first([](const Asked&) { return Told{.status = 503}; });
  clock_->advance(std::chrono::minutes(2));
  EXPECT_EQ(text_of(chain->get()), "FIRST/s/t");
  clock_->advance(std::chrono::minutes(5));
  EXPECT_EQ(chain->get().error().code(), Errc::kNetwork);
}

// What was found once is away, not missing: worth waiting for.
TEST_F(AwsCredentialChain, ServiceThatWentAwayIsNoMistakeOfTheSettings) {
  variables_["AWS_ACCESS_KEY_ID"] = "";
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_.url() + "/creds";
  log_.answer_first([](const Asked&) {
    return Told{.body = std::string("{\"AccessKeyId\":\"TASK\",\"SecretAccessKey\":\"s\","
                                    "\"Expiration\":\"") +
                        kLater + "\"}"};
  });
  const std::unique_ptr<AwsCredentialCache> chain = this->chain();
  ASSERT_TRUE(chain->get());
  variables_.erase("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  clock_->advance(std::chrono::hours(2));
  EXPECT_EQ(chain->get().error().code(), Errc::kNetwork);
}

TEST_F(AwsCredentialChain, SaysWhereItLookedWhenThereIsNothing) {
  const Result<AwsCredentialsPtr> found = chain()->get();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), Errc::kConfig);
  EXPECT_TRUE(found.error().message().contains("no AWS credentials"));
}

TEST(AwsProfileFile, ErrorsNameTheLineAndNoneOfItsWords) {
  const Result<AwsProfiles> profiles =
      parse_aws_profiles("[default]\nhidden-words\n", AwsFile::kCredentials);
  ASSERT_FALSE(profiles);
  EXPECT_EQ(profiles.error().message(), "line 2: neither section nor setting");
}

}  // namespace
}  // namespace odradek::store::s3
