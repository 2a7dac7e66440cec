#pragma once

#include <memory>
#include <string>

#include "base/secret.h"
#include "store/cloud/token_http.h"

namespace odradek::store::azure {

// How requests are authorised: by a shared key of the account, by a signature in the query, by a
// bearer token, or not at all.
struct AzureCredential {
  enum class Kind : uint8_t { kNone, kSharedKey, kSas, kBearer };
  Kind kind = Kind::kNone;
  Secret secret{};  // the key in bytes, the query without "?", the token
};
using AzureCredentialCache = cloud::CredentialCache<AzureCredential>;

// AZURE_STORAGE_CONNECTION_STRING, "Name=value;Name=value".
struct ConnectionString {
  std::string account{};
  Secret key{};  // base64
  Secret sas{};
  std::string blob_endpoint{};
};
// Errors: kConfig, without a word of the text.
Result<ConnectionString> parse_connection_string(std::string_view text);

struct AzureChainOptions {
  bool anonymous = false;
  Secret account_key{};  // base64
  Secret sas_token{};
  std::string tenant_id{};
  std::string client_id{};
  Secret client_secret{};
};

// In this order, the first that is set up: key, signature or application secret of the settings;
// AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN, AZURE_CLIENT_SECRET; the token file of workload
// identity; managed identity of App Service or of the machine. Errors: kConfig.
Result<std::unique_ptr<AzureCredentialCache>> make_azure_credentials(AzureChainOptions options,
                                                                     cloud::TokenContext context);

}  // namespace odradek::store::azure
