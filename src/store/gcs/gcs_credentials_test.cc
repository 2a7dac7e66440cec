#include "store/gcs/gcs_credentials.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <filesystem>
#include <fstream>

#include "auth/base64.h"
#include "auth/crypto.h"
#include "base/ids.h"
#include "store/http_server_for_tests.h"

namespace odradek::store::gcs {
namespace {

constexpr TimestampMs kNow = 1'700'000'000'000;

class GoogleCredentialChain : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / Uuid::random().to_string();
    std::filesystem::create_directories(folder_);
    variables_["HOME"] = folder_.string();
    variables_["GCE_METADATA_HOST"] = server_.url().substr(7);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  std::unique_ptr<cloud::BearerCache> chain(const std::string& file = "") {
    return make_google_credentials(
        file,
        cloud::make_token_context(clock_,
                                  [this](const std::string& name) -> std::optional<std::string> {
                                    const auto found = variables_.find(name);
                                    if (found == variables_.end()) return std::nullopt;
                                    return found->second;
                                  },
                                  {}));
  }
  static std::string text_of(const Result<Secret>& token) {
    return token ? std::string(token->reveal()) : token.error().to_string();
  }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(kNow);
  std::map<std::string, std::string> variables_;
  std::filesystem::path folder_;
  AskedLog log_;
  HttpServerForTests server_{[this](const Asked& asked) {
    return log_.note(asked).value_or(
        Told{.body = "{\"access_token\":\"bearer\",\"expires_in\":3600}"});
  }};
};

TEST_F(GoogleCredentialChain, SignsAnAssertionWithTheKeyOfTheServiceAccount) {
  const auth::EvpKeyPtr key(EVP_RSA_gen(2048));
  BIO* const memory = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(memory, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const auto size = static_cast<size_t>(BIO_get_mem_data(memory, &text));
  const nlohmann::json file = {{"type", "service_account"},
                               {"client_email", "me@project"},
                               {"private_key_id", "k1"},
                               {"private_key", std::string(text, size)},
                               {"token_uri", server_.url() + "/token"}};
  BIO_free(memory);
  EXPECT_EQ(text_of(chain(write("account.json", file.dump()))->get()), "bearer");
  const std::string form = log_.asked().at(0).body;
  const std::string jwt = form.substr(form.find("assertion=") + 10);
  const size_t first = jwt.find('.');
  const size_t second = jwt.rfind('.');
  const std::vector<uint8_t> claims =
      auth::decode_base64url(jwt.substr(first + 1, second - first - 1)).value();
  const nlohmann::json json = nlohmann::json::parse(claims);
  EXPECT_EQ(json["iss"], "me@project");
  EXPECT_EQ(json["exp"], kNow / 1000 + 3600);
  const std::vector<uint8_t> signature = auth::decode_base64url(jwt.substr(second + 1)).value();
  const std::unique_ptr<EVP_MD_CTX, auth::OpensslFree<EVP_MD_CTX_free>> check(EVP_MD_CTX_new());
  EVP_DigestVerifyInit(check.get(), nullptr, EVP_sha256(), nullptr, key.get());
  EXPECT_EQ(EVP_DigestVerify(check.get(), signature.data(), signature.size(), as_bytes(jwt).data(),
                             second),
            1);
}

TEST_F(GoogleCredentialChain, RefreshesTheTokenOfAUser) {
  std::filesystem::create_directories(folder_ / ".config/gcloud");
  write(".config/gcloud/application_default_credentials.json",
        "{\"type\":\"authorized_user\",\"client_id\":\"i\",\"client_secret\":\"s\","
        "\"refresh_token\":\"r\",\"token_uri\":\"" +
            server_.url() + "\"}");
  EXPECT_EQ(text_of(chain()->get()), "bearer");
  EXPECT_TRUE(log_.asked().at(0).body.contains("refresh_token=r"));
}

TEST_F(GoogleCredentialChain, ExchangesTheTokenOfAnExternalAccountAndImpersonates) {
  const std::string subject = write("subject.json", "{\"id_token\":\"subject\"}");
  const nlohmann::json file = {
      {"type", "external_account"},
      {"audience", "aud"},
      {"subject_token_type", "urn:jwt"},
      {"token_url", server_.url() + "/exchange"},
      {"service_account_impersonation_url", server_.url() + "/impersonate"},
      {"credential_source",
       {{"file", subject},
        {"format", {{"type", "json"}, {"subject_token_field_name", "id_token"}}}}}};
  log_.answer_first([](const Asked& asked) -> std::optional<Told> {
    if (asked.path != "/impersonate") return std::nullopt;
    EXPECT_EQ(asked.header("authorization"), "Bearer bearer");
    return Told{.body = "{\"accessToken\":\"other\",\"expireTime\":\"2023-11-14T23:13:20Z\"}"};
  });
  variables_["GOOGLE_APPLICATION_CREDENTIALS"] = write("external.json", file.dump());
  EXPECT_EQ(text_of(chain()->get()), "other");
  EXPECT_TRUE(log_.asked().at(0).body.contains("subject_token=subject"));
}

TEST_F(GoogleCredentialChain, AsksTheMetadataServerLast) {
  EXPECT_EQ(text_of(chain()->get()), "bearer");
  EXPECT_EQ(log_.asked().at(0).header("metadata-flavor"), "Google");
}

TEST_F(GoogleCredentialChain, OtherSourcesAreRefusedByName) {
  const auto code = [](const std::string& text) {
    return parse_google_credentials(text).error().code();
  };
  EXPECT_EQ(code("{\"type\":\"magic\"}"), Errc::kUnsupported);
  EXPECT_EQ(code("{\"type\":\"service_account\"}"), Errc::kMalformed);
  EXPECT_EQ(code("words"), Errc::kMalformed);
  EXPECT_EQ(code("{\"type\":\"external_account\",\"audience\":\"a\",\"subject_token_type\":\"t\","
                 "\"token_url\":\"u\",\"credential_source\":{\"executable\":{}}}"),
            Errc::kUnsupported);
}

}  // namespace
}  // namespace odradek::store::gcs
