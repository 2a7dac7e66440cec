#pragma once

#include <memory>
#include <string>

#include "store/cloud/token_http.h"

// Where bearer tokens of Google come from.
namespace odradek::store::gcs {

// A JSON file of credentials, of any type we know. Read anew at each refresh.
struct GoogleCredentials {
  enum class Type : uint8_t { kServiceAccount, kAuthorizedUser, kExternalAccount };
  Type type = Type::kServiceAccount;
  std::string token_url{};
  // service_account
  std::string client_email{};
  std::string private_key_id{};
  Secret private_key{};  // PEM
  // authorized_user
  std::string client_id{};
  Secret client_secret{};
  Secret refresh_token{};
  // external_account
  std::string audience{};
  std::string subject_token_type{};
  std::string subject_token_file{};
  std::string subject_token_field{};  // of a JSON file; empty: the file is the token
  std::string impersonation_url{};
};
// Errors: kMalformed, kUnsupported (another type or source of tokens); none names a secret.
Result<GoogleCredentials> parse_google_credentials(std::string_view json);

// The signed JWT that a service account buys its token with (RFC 7523). Errors: kTls (the key).
Result<std::string> service_account_assertion(const GoogleCredentials& credentials,
                                              TimestampMs now);

// The file of the settings, GOOGLE_APPLICATION_CREDENTIALS, gcloud's file of application default
// credentials, then the metadata server. Errors of the cache: kConfig when there is none.
std::unique_ptr<cloud::BearerCache> make_google_credentials(std::string credentials_file,
                                                            cloud::TokenContext context);

}  // namespace odradek::store::gcs
