#include "store/azure/open_azure.h"

#include <fmt/format.h>

#include <utility>

#include "store/azure/azure_store.h"

namespace odradek::store::azure {
namespace {

// What the settings leave open, from the environment.
Result<void> add_environment(StoreSettings& settings, const cloud::TokenContext& tokens) {
  const bool has_credential = !settings.account_key.empty() || !settings.sas_token.empty() ||
                              !settings.client_secret.empty() || settings.anonymous;
  if (const auto text = tokens.variable("AZURE_STORAGE_CONNECTION_STRING"); text) {
    ODK_TRY(ConnectionString given, parse_connection_string(*text));
    const bool is_meant = settings.account_name.empty() || settings.account_name == given.account;
    if (!has_credential && is_meant) {
      settings.account_name = given.account;
      settings.account_key = given.key;
      if (given.key.empty()) settings.sas_token = given.sas;
      if (settings.endpoint.empty()) settings.endpoint = given.blob_endpoint;
    }
  }
  for (const char* name : {"AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ACCOUNT_NAME"}) {
    if (settings.account_name.empty()) settings.account_name = tokens.variable(name).value_or("");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_azure(const StoreSettings& given,
                                                const StoreContext& context) {
  StoreSettings settings = given;
  AzureOptions options;
  ODK_TRY(options.cloud, cloud_options(settings, context));
  const cloud::TokenContext tokens =
      cloud::make_token_context(context.clock, context.environment, options.cloud.http);
  ODK_TRY_VOID(add_environment(settings, tokens));
  ODK_TRY_VOID(check_bucket(settings.bucket));
  if (settings.account_name.empty()) {
    return Error(Errc::kConfig, "storage.account_name or AZURE_STORAGE_ACCOUNT is required");
  }
  ODK_TRY_VOID(check_bucket(settings.account_name));
  ODK_TRY(cloud::Endpoint endpoint,
          endpoint_of(settings,
                      fmt::format("https://{}.blob.core.windows.net", settings.account_name)));
  options.address = {.account = settings.account_name,
                     .endpoint = std::move(endpoint),
                     .container = settings.bucket};
  ODK_TRY(options.prefix, prefix_of(settings));
  ODK_TRY(std::unique_ptr<AzureCredentialCache> credentials,
          make_azure_credentials({.anonymous = settings.anonymous,
                                  .account_key = settings.account_key,
                                  .sas_token = settings.sas_token,
                                  .tenant_id = settings.tenant_id,
                                  .client_id = settings.client_id,
                                  .client_secret = settings.client_secret},
                                 tokens));
  return std::make_unique<AzureStore>(std::move(options), std::move(credentials));
}

}  // namespace odradek::store::azure
