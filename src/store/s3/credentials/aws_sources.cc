#include "store/s3/credentials/aws_sources.h"

#include <fmt/format.h>

#include <utility>

#include "store/cloud/digests.h"
#include "store/cloud/run_command.h"
#include "store/cloud/xml.h"

namespace odradek::store::s3 {
namespace {

using cloud::TokenContext;
using cloud::TokenQuestion;

constexpr std::string_view kSts = "the token service of AWS";

std::string session_name(const TokenContext& context, const std::string& given) {
  if (!given.empty()) return given;
  return fmt::format("odradek-{}", context.clock->wall_ms() / 1000);
}

cloud::Query role_query(const TokenContext& context, const char* action,
                        const RoleRequest& request) {
  cloud::Query query = {{"Action", action},
                        {"Version", "2011-06-15"},
                        {"RoleArn", request.role_arn},
                        {"RoleSessionName", session_name(context, request.session_name)}};
  if (!request.external_id.empty()) query.emplace_back("ExternalId", request.external_id);
  if (!request.duration_seconds.empty()) {
    query.emplace_back("DurationSeconds", request.duration_seconds);
  }
  return query;
}

Result<cloud::Endpoint> sts_endpoint(const TokenContext& context, const std::string& region) {
  if (const auto given = context.variable("AWS_ENDPOINT_URL_STS")) {
    return cloud::parse_endpoint(*given);
  }
  return cloud::Endpoint{.scheme = "https",
                         .authority = fmt::format("sts.{}.{}", region, aws_domain(region))};
}

// Only this machine may be asked without TLS: the answer is a secret.
bool is_allowed_container_host(const cloud::Endpoint& endpoint) {
  if (endpoint.scheme == "https") return true;
  std::string_view host = endpoint.authority;
  host =
      host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  return host == "localhost" || host.starts_with("127.") || host == "[::1]" ||
         host == "169.254.170.2" || host == "169.254.170.23" || host == "[fd00:ec2::23]";
}

}  // namespace

AwsFound make_found(std::string access_key, std::string secret_key, std::string session_token,
                    std::optional<TimestampMs> expires_at_ms) {
  AwsCredentials credentials;
  credentials.access_key = std::move(access_key);
  credentials.secret_key = Secret::take(secret_key);
  credentials.session_token = Secret::take(session_token);
  return {.value = std::make_shared<const AwsCredentials>(std::move(credentials)),
          .expires_at_ms = expires_at_ms};
}

Result<std::optional<AwsFound>> from_environment(const TokenContext& context) {
  const std::optional<std::string> access = context.variable("AWS_ACCESS_KEY_ID");
  std::optional<std::string> secret = context.variable("AWS_SECRET_ACCESS_KEY");
  if (!access && !secret) return std::optional<AwsFound>();
  if (!access || !secret) {
    return Error(Errc::kConfig, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together");
  }
  return make_found(*access, *std::move(secret),
                    context.variable("AWS_SESSION_TOKEN").value_or(""));
}

Result<AwsFound> assume_role(const TokenContext& context, const std::string& region,
                             const AwsCredentials& source, const RoleRequest& request) {
  ODK_TRY(const cloud::Endpoint endpoint, sts_endpoint(context, region));
  const std::string form = cloud::query_text(role_query(context, "AssumeRole", request));
  std::vector<web::Header> headers = {
      {"content-type", "application/x-www-form-urlencoded; charset=utf-8"}};
  const std::string hash = cloud::to_hex(as_bytes(cloud::sha256(as_bytes(form))));
  const cloud::Query no_query;
  sign_v4(source,
          {.method = "POST",
           .authority = endpoint.authority,
           .path = endpoint.path + "/",
           .query = &no_query,
           .payload_sha256 = hash,
           .region = region,
           .service = "sts"},
          context.clock->wall_ms(), headers);
  ODK_TRY(const std::string xml, ask_for_token(context, {.what = std::string(kSts),
                                                         .method = "POST",
                                                         .url = endpoint.text() + "/",
                                                         .headers = std::move(headers),
                                                         .body = form}));
  return read_sts_answer(xml);
}

Result<AwsFound> assume_role_with_token(const TokenContext& context, const std::string& region,
                                        const std::string& token_file, const RoleRequest& request) {
  ODK_TRY(const cloud::Endpoint endpoint, sts_endpoint(context, region));
  ODK_TRY(const std::string token, cloud::read_secret_file(token_file, "web identity token"));
  cloud::Query query = role_query(context, "AssumeRoleWithWebIdentity", request);
  query.emplace_back("WebIdentityToken", token);
  ODK_TRY(const std::string xml, ask_for_token(context, {.what = std::string(kSts),
                                                         .url = endpoint.text() + "/",
                                                         .form = std::move(query)}));
  return read_sts_answer(xml);
}

Result<std::optional<AwsFound>> from_web_identity(const TokenContext& context,
                                                  const std::string& region) {
  const std::optional<std::string> file = context.variable("AWS_WEB_IDENTITY_TOKEN_FILE");
  if (!file) return std::optional<AwsFound>();
  RoleRequest request;
  ODK_TRY(request.role_arn, context.required("AWS_ROLE_ARN"));
  request.session_name = context.variable("AWS_ROLE_SESSION_NAME").value_or("");
  return assume_role_with_token(context, region, *file, request);
}

Result<std::optional<AwsFound>> from_container(const TokenContext& context) {
  TokenQuestion question{.what = "the container's credentials", .is_local = true};
  if (const auto relative = context.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    question.url = "http://169.254.170.2" + *relative;
  } else if (const auto full = context.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
    ODK_TRY(const cloud::Endpoint endpoint,
            cloud::parse_endpoint(full->substr(0, full->find('?'))));
    if (!is_allowed_container_host(endpoint)) {
      return Error(Errc::kConfig,
                   "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor this machine");
    }
    question.url = *full;
  } else {
    return std::optional<AwsFound>();
  }
  std::string token = context.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
  if (const auto file = context.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    ODK_TRY(token, cloud::read_secret_file(*file, "container authorization token"));
  }
  if (!token.empty()) question.headers.push_back({"authorization", token});
  ODK_TRY(const nlohmann::json json, ask_for_json(context, question));
  return read_credentials_json(json, question.what);
}

Result<std::optional<AwsFound>> from_instance(const TokenContext& context) {
  if (context.variable("AWS_EC2_METADATA_DISABLED") == "true") return std::optional<AwsFound>();
  const std::string base =
      context.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or("http://169.254.169.254");
  const std::string what = "the instance's credentials";
  const Result<std::string> token =
      ask_for_token(context, {.what = what,
                              .method = "PUT",
                              .url = base + "/latest/api/token",
                              .headers = {{"x-aws-ec2-metadata-token-ttl-seconds", "300"}},
                              .is_local = true});
  if (!token) {
    // Nobody there: this is no instance.
    const bool is_absent =
        token.error().code() == Errc::kNetwork || token.error().code() == Errc::kTimedOut;
    if (is_absent) return std::optional<AwsFound>();
    return token.error();
  }
  TokenQuestion question{.what = what,
                         .url = base + "/latest/meta-data/iam/security-credentials/",
                         .headers = {{"x-aws-ec2-metadata-token", *token}},
                         .is_local = true};
  ODK_TRY(const std::string roles, ask_for_token(context, question));
  question.url += cloud::percent_encode(cloud::first_line(roles));
  ODK_TRY(const nlohmann::json json, ask_for_json(context, question));
  return read_credentials_json(json, what);
}

Result<AwsFound> from_process(const std::string& command) {
  constexpr std::chrono::milliseconds kTimeout{60'000};
  constexpr size_t kMaxBytes = 64U << 10U;
  constexpr std::string_view kWhat = "credential_process of the AWS profile";
  Result<std::string> text = cloud::run_command(command, kTimeout, kMaxBytes);
  if (!text) return text.error().with_context(kWhat);
  const Result<nlohmann::json> json = cloud::parse_json(*text, kWhat);
  wipe(*text);
  if (!json) return json.error();
  return read_credentials_json(*json, kWhat);
}

Result<AwsFound> read_credentials_json(const nlohmann::json& json, std::string_view what) {
  ODK_TRY(std::string access, cloud::text_field(json, "AccessKeyId", what));
  ODK_TRY(std::string secret, cloud::text_field(json, "SecretAccessKey", what));
  std::string token = cloud::text_field_or(json, "Token", "");
  if (token.empty()) token = cloud::text_field_or(json, "SessionToken", "");
  const std::string expiration = cloud::text_field_or(json, "Expiration", "");
  const std::optional<TimestampMs> expires_at = cloud::parse_iso_time(expiration);
  if (!expiration.empty() && !expires_at) {
    return Error(Errc::kMalformed, fmt::format("{}: Expiration is no time", what));
  }
  return make_found(std::move(access), std::move(secret), std::move(token), expires_at);
}

Result<AwsFound> read_sts_answer(std::string_view xml) {
  pugi::xml_document document;
  ODK_TRY_VOID(cloud::parse_xml(xml, "", document));
  const pugi::xml_node node = document.find_node(
      [](const pugi::xml_node& at) { return std::string_view(at.name()) == "Credentials"; });
  const auto text = [&node](const char* name) {
    return std::string(cloud::child_text(node, name));
  };
  const std::optional<TimestampMs> expires_at = cloud::parse_iso_time(text("Expiration"));
  if (text("AccessKeyId").empty() || text("SecretAccessKey").empty() || !expires_at) {
    return Error(Errc::kMalformed, fmt::format("{}: no credentials in the answer", kSts));
  }
  return make_found(text("AccessKeyId"), text("SecretAccessKey"), text("SessionToken"), expires_at);
}

}  // namespace odradek::store::s3
