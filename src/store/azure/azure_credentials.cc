#include "store/azure/azure_credentials.h"

#include <fmt/format.h>

#include <utility>

#include "auth/base64.h"

namespace odradek::store::azure {
namespace {

using cloud::TokenContext;
using Found = cloud::Expiring<AzureCredential>;
using Kind = AzureCredential::Kind;

constexpr std::string_view kResource = "https://storage.azure.com/";

Result<AzureCredential> key_credential(const Secret& base64_key) {
  Result<std::vector<uint8_t>> key = auth::decode_base64(base64_key.reveal());
  if (!key) return Error(Errc::kConfig, "the Azure account key is no base64");
  return AzureCredential{.kind = Kind::kSharedKey, .secret = Secret(as_text(*key))};
}

AzureCredential sas_credential(const Secret& token) {
  std::string_view query = cloud::trim(token.reveal());
  if (query.starts_with('?')) query.remove_prefix(1);
  return {.kind = Kind::kSas, .secret = Secret(query)};
}

Result<Found> bearer(const TokenContext& context, const cloud::TokenQuestion& question) {
  ODK_TRY(const nlohmann::json json, cloud::ask_for_json(context, question));
  ODK_TRY(cloud::Expiring<Secret> token,
          cloud::read_oauth_answer(json, question.what, context.clock->wall_ms()));
  return Found{.value = {.kind = Kind::kBearer, .secret = std::move(token.value)},
               .expires_at_ms = token.expires_at_ms};
}

Result<std::string> token_url(const TokenContext& context, const std::string& tenant) {
  if (tenant.empty()) return Error(Errc::kConfig, "storage.tenant_id or AZURE_TENANT_ID is needed");
  std::string authority =
      context.variable("AZURE_AUTHORITY_HOST").value_or("https://login.microsoftonline.com");
  while (authority.ends_with('/')) authority.pop_back();
  return fmt::format("{}/{}/oauth2/v2.0/token", authority, cloud::percent_encode(tenant));
}

Result<Found> from_client_secret(const TokenContext& context, const AzureChainOptions& options) {
  ODK_TRY(std::string url, token_url(context, options.tenant_id));
  return bearer(
      context, {.what = "the token of Azure's application",
                .url = std::move(url),
                .form = cloud::Query{{"grant_type", "client_credentials"},
                                     {"client_id", options.client_id},
                                     {"client_secret", std::string(options.client_secret.reveal())},
                                     {"scope", fmt::format("{}.default", kResource)}}});
}

Result<Found> from_workload_identity(const TokenContext& context, const AzureChainOptions& options,
                                     const std::string& file) {
  ODK_TRY(std::string url, token_url(context, options.tenant_id));
  ODK_TRY(const std::string assertion, cloud::read_secret_file(file, "federated token"));
  return bearer(context,
                {.what = "the token of Azure's workload identity",
                 .url = std::move(url),
                 .form = cloud::Query{{"grant_type", "client_credentials"},
                                      {"client_id", options.client_id},
                                      {"client_assertion_type",
                                       "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                                      {"client_assertion", assertion},
                                      {"scope", fmt::format("{}.default", kResource)}}});
}

Result<Found> from_managed_identity(const TokenContext& context, const AzureChainOptions& options) {
  cloud::Query query = {{"resource", std::string(kResource)}};
  if (!options.client_id.empty()) query.emplace_back("client_id", options.client_id);
  cloud::TokenQuestion question{.what = "the token of Azure's managed identity", .is_local = true};
  if (const auto endpoint = context.variable("IDENTITY_ENDPOINT")) {
    query.emplace_back("api-version", "2019-08-01");
    question.url = *endpoint + "?" + cloud::query_text(query);
    ODK_TRY(const std::string header, context.required("IDENTITY_HEADER"));
    question.headers.push_back({"x-identity-header", header});
  } else {
    query.emplace_back("api-version", "2018-02-01");
    const std::string host =
        context.variable("AZURE_POD_IDENTITY_AUTHORITY_HOST").value_or("http://169.254.169.254");
    question.url = host + "/metadata/identity/oauth2/token?" + cloud::query_text(query);
    question.headers.push_back({"metadata", "true"});
  }
  return bearer(context, question);
}

Result<Found> fetch_token(const TokenContext& context, const AzureChainOptions& options) {
  if (!options.client_secret.empty()) return from_client_secret(context, options);
  if (const auto file = context.variable("AZURE_FEDERATED_TOKEN_FILE")) {
    return from_workload_identity(context, options, *file);
  }
  return from_managed_identity(context, options);
}

// Keys and signatures have no end: nothing is asked for them.
Result<AzureCredential> lasting_credential(const AzureChainOptions& options) {
  if (options.anonymous) return AzureCredential();
  if (!options.account_key.empty()) return key_credential(options.account_key);
  if (!options.sas_token.empty()) return sas_credential(options.sas_token);
  return AzureCredential();
}

void add_environment(AzureChainOptions& options, const TokenContext& context) {
  const bool is_given =
      !options.account_key.empty() || !options.sas_token.empty() || !options.client_secret.empty();
  if (!is_given) {
    options.account_key =
        Secret(context.variable("AZURE_STORAGE_KEY")
                   .value_or(context.variable("AZURE_STORAGE_ACCESS_KEY").value_or("")));
    options.sas_token = Secret(context.variable("AZURE_STORAGE_SAS_TOKEN").value_or(""));
    options.client_secret = Secret(context.variable("AZURE_CLIENT_SECRET").value_or(""));
  }
  if (options.tenant_id.empty()) {
    options.tenant_id = context.variable("AZURE_TENANT_ID").value_or("");
  }
  if (options.client_id.empty()) {
    options.client_id = context.variable("AZURE_CLIENT_ID").value_or("");
  }
}

}  // namespace

Result<ConnectionString> parse_connection_string(std::string_view text) {
  ConnectionString found;
  std::string scheme = "https";
  std::string suffix = "core.windows.net";
  while (!text.empty()) {
    const std::string_view part = cloud::trim(text.substr(0, text.find(';')));
    text.remove_prefix(
        std::min(text.size(), text.find(';') == text.npos ? text.size() : text.find(';') + 1));
    if (part.empty()) continue;
    const size_t equal = part.find('=');
    if (equal == part.npos) return Error(Errc::kConfig, "the Azure connection string is none");
    const std::string_view name = part.substr(0, equal);
    const std::string_view value = part.substr(equal + 1);
    if (name == "AccountName") found.account = value;
    if (name == "AccountKey") found.key = Secret(value);
    if (name == "SharedAccessSignature") found.sas = Secret(value);
    if (name == "BlobEndpoint") found.blob_endpoint = value;
    if (name == "DefaultEndpointsProtocol") scheme = value;
    if (name == "EndpointSuffix") suffix = value;
  }
  if (found.blob_endpoint.empty() && !found.account.empty()) {
    found.blob_endpoint = fmt::format("{}://{}.blob.{}", scheme, found.account, suffix);
  }
  return found;
}

Result<std::unique_ptr<AzureCredentialCache>> make_azure_credentials(AzureChainOptions options,
                                                                     TokenContext context) {
  if (!options.anonymous) add_environment(options, context);
  ODK_TRY(AzureCredential lasting, lasting_credential(options));
  const std::shared_ptr<const Clock> clock = context.clock;
  AzureCredentialCache::Fetch fetch;
  if (options.anonymous || lasting.kind != Kind::kNone) {
    fetch = [lasting = std::move(lasting)] { return Found{.value = lasting}; };
  } else {
    fetch = [options = std::move(options), context = std::move(context)] {
      return fetch_token(context, options);
    };
  }
  return std::make_unique<AzureCredentialCache>(std::move(fetch), clock);
}

}  // namespace odradek::store::azure
