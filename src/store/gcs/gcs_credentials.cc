#include "store/gcs/gcs_credentials.h"

#include <fmt/format.h>

#include <utility>

#include "base/read_file.h"

namespace odradek::store::gcs {
namespace {

using cloud::TokenContext;
using Found = cloud::Expiring<Secret>;
using Type = GoogleCredentials::Type;

constexpr const char* kCloudScope = "https://www.googleapis.com/auth/cloud-platform";
constexpr size_t kFileMaxBytes = size_t{1} << 20U;

Result<Found> ask(const TokenContext& context, const cloud::TokenQuestion& question) {
  ODK_TRY(const nlohmann::json json, cloud::ask_for_json(context, question));
  return cloud::read_oauth_answer(json, question.what, context.clock->wall_ms());
}

Result<Found> from_service_account(const TokenContext& context,
                                   const GoogleCredentials& credentials) {
  ODK_TRY(std::string assertion, service_account_assertion(credentials, context.clock->wall_ms()));
  return ask(context,
             {.what = "the token of Google's service account",
              .url = credentials.token_url,
              .form = cloud::Query{{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                                   {"assertion", std::move(assertion)}}});
}

Result<Found> from_authorized_user(const TokenContext& context,
                                   const GoogleCredentials& credentials) {
  return ask(context, {.what = "the token of Google's user",
                       .url = credentials.token_url,
                       .form = cloud::Query{
                           {"grant_type", "refresh_token"},
                           {"client_id", credentials.client_id},
                           {"client_secret", std::string(credentials.client_secret.reveal())},
                           {"refresh_token", std::string(credentials.refresh_token.reveal())}}});
}

Result<std::string> subject_token(const GoogleCredentials& credentials) {
  constexpr std::string_view kWhat = "subject token";
  ODK_TRY(std::string text, cloud::read_secret_file(credentials.subject_token_file, kWhat));
  if (credentials.subject_token_field.empty()) return text;
  ODK_TRY(const nlohmann::json json, cloud::parse_json(text, kWhat));
  wipe(text);
  return cloud::text_field(json, credentials.subject_token_field.c_str(), kWhat);
}

// Exchanges our own token for one of a service account (IAM credentials API).
Result<Found> impersonate(const TokenContext& context, const std::string& url, const Found& own) {
  const std::string what = "the token of the impersonated service account";
  const nlohmann::json body = {{"scope", {kCloudScope}}, {"lifetime", "3600s"}};
  ODK_TRY(const nlohmann::json json,
          cloud::ask_for_json(
              context, {.what = what,
                        .method = "POST",
                        .url = url,
                        .headers = {{"authorization", fmt::format("Bearer {}", own.value.reveal())},
                                    {"content-type", "application/json"}},
                        .body = body.dump()}));
  ODK_TRY(std::string token, cloud::text_field(json, "accessToken", what));
  ODK_TRY(const std::string end, cloud::text_field(json, "expireTime", what));
  const std::optional<TimestampMs> expires_at = cloud::parse_iso_time(end);
  if (!expires_at) return Error(Errc::kMalformed, what + ": expireTime is no time");
  return Found{.value = Secret::take(token), .expires_at_ms = expires_at};
}

Result<Found> from_external_account(const TokenContext& context,
                                    const GoogleCredentials& credentials) {
  ODK_TRY(std::string subject, subject_token(credentials));
  ODK_TRY(
      Found own,
      ask(context, {.what = "the token of Google's external account",
                    .url = credentials.token_url,
                    .form = cloud::Query{
                        {"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                        {"audience", credentials.audience},
                        {"scope", kCloudScope},
                        {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                        {"subject_token_type", credentials.subject_token_type},
                        {"subject_token", std::move(subject)}}}));
  if (credentials.impersonation_url.empty()) return own;
  return impersonate(context, credentials.impersonation_url, own);
}

Result<Found> from_file(const TokenContext& context, const std::string& path) {
  Result<std::string> text = read_file(path, kFileMaxBytes);
  if (!text) return text.error().with_context(path);
  const Result<GoogleCredentials> credentials = parse_google_credentials(*text);
  wipe(*text);
  if (!credentials) return credentials.error().with_context(path);
  switch (credentials->type) {
    case Type::kServiceAccount: return from_service_account(context, *credentials);
    case Type::kAuthorizedUser: return from_authorized_user(context, *credentials);
    case Type::kExternalAccount: return from_external_account(context, *credentials);
  }
  return Errc::kInternal;
}

Result<Found> from_metadata_server(const TokenContext& context) {
  const std::string host = context.variable("GCE_METADATA_HOST").value_or("169.254.169.254");
  Result<Found> found =
      ask(context,
          {.what = "the token of Google's metadata server",
           .url = "http://" + host + "/computeMetadata/v1/instance/service-accounts/default/token",
           .headers = {{"metadata-flavor", "Google"}},
           .is_local = true});
  const bool is_absent =
      !found && (found.error().code() == Errc::kNetwork || found.error().code() == Errc::kTimedOut);
  if (!is_absent) return found;
  return Error(Errc::kConfig,
               "no Google credentials: neither storage.service_account_path, "
               "GOOGLE_APPLICATION_CREDENTIALS, gcloud's file nor a metadata server has any");
}

Result<Found> find_token(const TokenContext& context, const std::string& credentials_file) {
  if (!credentials_file.empty()) return from_file(context, credentials_file);
  if (const auto file = context.variable("GOOGLE_APPLICATION_CREDENTIALS")) {
    return from_file(context, *file);
  }
  const std::string usual =
      context.variable("CLOUDSDK_CONFIG")
          .value_or(context.variable("HOME").value_or("") + "/.config/gcloud") +
      "/application_default_credentials.json";
  Result<Found> found = from_file(context, usual);
  if (found || found.error().code() != Errc::kNotFound) return found;
  return from_metadata_server(context);
}

}  // namespace

std::unique_ptr<cloud::BearerCache> make_google_credentials(std::string credentials_file,
                                                            TokenContext context) {
  const std::shared_ptr<const Clock> clock = context.clock;
  auto fetch = [file = std::move(credentials_file), context = std::move(context)] {
    return find_token(context, file);
  };
  return std::make_unique<cloud::BearerCache>(std::move(fetch), clock);
}

}  // namespace odradek::store::gcs
