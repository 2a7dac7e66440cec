#include <fmt/format.h>
#include <openssl/evp.h>

#include <utility>
#include <vector>

#include "auth/base64.h"
#include "auth/crypto.h"
#include "auth/pem.h"
#include "store/gcs/gcs_credentials.h"

namespace odradek::store::gcs {
namespace {

using nlohmann::json;
using Type = GoogleCredentials::Type;

constexpr std::string_view kWhat = "Google credentials";
constexpr const char* kTokenUrl = "https://oauth2.googleapis.com/token";
constexpr const char* kScope = "https://www.googleapis.com/auth/devstorage.read_write";

Result<Secret> secret_field(const json& object, const char* name) {
  ODK_TRY(std::string text, cloud::text_field(object, name, kWhat));
  return Secret::take(text);
}

Result<void> read_service_account(const json& object, GoogleCredentials& credentials) {
  ODK_TRY(credentials.client_email, cloud::text_field(object, "client_email", kWhat));
  ODK_TRY(credentials.private_key, secret_field(object, "private_key"));
  credentials.private_key_id = cloud::text_field_or(object, "private_key_id", "");
  return {};
}

Result<void> read_authorized_user(const json& object, GoogleCredentials& credentials) {
  ODK_TRY(credentials.client_id, cloud::text_field(object, "client_id", kWhat));
  ODK_TRY(credentials.client_secret, secret_field(object, "client_secret"));
  ODK_TRY(credentials.refresh_token, secret_field(object, "refresh_token"));
  return {};
}

Result<void> read_external_account(const json& object, GoogleCredentials& credentials) {
  ODK_TRY(credentials.audience, cloud::text_field(object, "audience", kWhat));
  ODK_TRY(credentials.subject_token_type, cloud::text_field(object, "subject_token_type", kWhat));
  ODK_TRY(credentials.token_url, cloud::text_field(object, "token_url", kWhat));
  credentials.impersonation_url =
      cloud::text_field_or(object, "service_account_impersonation_url", "");
  const auto source = object.find("credential_source");
  if (source == object.end() || !source->is_object() || !source->contains("file")) {
    return Error(Errc::kUnsupported,
                 "Google credentials: of external accounts only those with a token file");
  }
  ODK_TRY(credentials.subject_token_file, cloud::text_field(*source, "file", kWhat));
  const auto format = source->find("format");
  if (format != source->end() && format->is_object() &&
      cloud::text_field_or(*format, "type", "text") == "json") {
    ODK_TRY(credentials.subject_token_field,
            cloud::text_field(*format, "subject_token_field_name", kWhat));
  }
  return {};
}

}  // namespace

Result<GoogleCredentials> parse_google_credentials(std::string_view text) {
  ODK_TRY(const json object, cloud::parse_json(text, kWhat));
  ODK_TRY(const std::string type, cloud::text_field(object, "type", kWhat));
  GoogleCredentials credentials;
  credentials.token_url = cloud::text_field_or(object, "token_uri", kTokenUrl);
  if (type == "service_account") {
    credentials.type = Type::kServiceAccount;
    ODK_TRY_VOID(read_service_account(object, credentials));
  } else if (type == "authorized_user") {
    credentials.type = Type::kAuthorizedUser;
    ODK_TRY_VOID(read_authorized_user(object, credentials));
  } else if (type == "external_account") {
    credentials.type = Type::kExternalAccount;
    ODK_TRY_VOID(read_external_account(object, credentials));
  } else {
    return Error(Errc::kUnsupported,
                 "Google credentials: neither service_account, "
                 "authorized_user nor external_account");
  }
  return credentials;
}

Result<std::string> service_account_assertion(const GoogleCredentials& credentials,
                                              TimestampMs now) {
  ODK_TRY(const auth::EvpKeyPtr key,
          auth::read_private_key(
              {.file = {}, .text = std::string(credentials.private_key.reveal())}, Secret()));
  json header = {{"alg", "RS256"}, {"typ", "JWT"}};
  if (!credentials.private_key_id.empty()) header["kid"] = credentials.private_key_id;
  const json claims = {{"iss", credentials.client_email},
                       {"scope", kScope},
                       {"aud", credentials.token_url},
                       {"iat", now / 1000},
                       {"exp", now / 1000 + 3600}};
  const std::string text = auth::encode_base64url(as_bytes(header.dump())) + "." +
                           auth::encode_base64url(as_bytes(claims.dump()));
  const std::unique_ptr<EVP_MD_CTX, auth::OpensslFree<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  size_t size = 0;
  const Bytes bytes = as_bytes(text);
  std::vector<uint8_t> signature;
  bool ok = EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
            EVP_DigestSign(context.get(), nullptr, &size, bytes.data(), bytes.size()) == 1;
  signature.resize(size);
  ok =
      ok && EVP_DigestSign(context.get(), signature.data(), &size, bytes.data(), bytes.size()) == 1;
  if (!ok) {
    return Error(Errc::kTls,
                 fmt::format("the service account's key: {}", auth::openssl_reason("cannot sign")));
  }
  signature.resize(size);
  return text + "." + auth::encode_base64url(signature);
}

}  // namespace odradek::store::gcs
