#include "store/s3/credentials/aws_chain.h"

#include <fmt/format.h>

#include <utility>

#include "base/read_file.h"
#include "store/s3/credentials/aws_sources.h"

namespace odradek::store::s3 {
namespace {

using cloud::TokenContext;

constexpr int kRolesMax = 8;  // source_profile leads to a profile that may lead on
constexpr size_t kFileMaxBytes = size_t{1} << 20U;

Result<AwsProfiles> read_file_of_profiles(const TokenContext& context, const char* variable,
                                          const char* usual, AwsFile kind) {
  const std::optional<std::string> given = context.variable(variable);
  const std::string path = given ? *given : context.variable("HOME").value_or("") + usual;
  const Result<std::string> text = read_file(path, kFileMaxBytes);
  if (!text && text.error().code() == Errc::kNotFound) return AwsProfiles();
  if (!text) return text.error().with_context(path);
  Result<AwsProfiles> profiles = parse_aws_profiles(*text, kind);
  if (!profiles) return profiles.error().with_context(path);
  return profiles;
}

Result<AwsProfiles> read_profiles(const TokenContext& context) {
  ODK_TRY(AwsProfiles profiles,
          read_file_of_profiles(context, "AWS_CONFIG_FILE", "/.aws/config", AwsFile::kConfig));
  ODK_TRY(const AwsProfiles secrets,
          read_file_of_profiles(context, "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials",
                                AwsFile::kCredentials));
  merge_aws_profiles(profiles, secrets);
  return profiles;
}

std::optional<std::string> named_profile(const TokenContext& context, const std::string& given) {
  return given.empty() ? context.variable("AWS_PROFILE") : given;
}

class ProfileSource {
 public:
  ProfileSource(const TokenContext& context, const AwsProfiles& profiles, std::string region)
      : context_(&context), profiles_(&profiles), region_(std::move(region)) {}

  Result<AwsFound> find(const std::string& name, int depth) const {
    const auto found = profiles_->find(name);
    if (found == profiles_->end()) {
      return Error(Errc::kConfig, fmt::format("AWS profile {} is in neither file", name));
    }
    if (depth > kRolesMax) {
      return Error(Errc::kConfig, fmt::format("AWS profile {}: source_profile in a circle", name));
    }
    const AwsProfile& profile = found->second;
    if (!profile_value(profile, "role_arn").empty()) return role(name, profile, depth);
    return keys(name, profile);
  }

 private:
  static Result<AwsFound> keys(const std::string& name, const AwsProfile& profile) {
    const std::string access = profile_value(profile, "aws_access_key_id");
    if (!access.empty()) {
      return make_found(access, profile_value(profile, "aws_secret_access_key"),
                        profile_value(profile, "aws_session_token"));
    }
    const std::string command = profile_value(profile, "credential_process");
    if (!command.empty()) return from_process(command);
    const bool is_sso = profile.contains("sso_session") || profile.contains("sso_start_url");
    return Error(is_sso ? Errc::kUnsupported : Errc::kConfig,
                 is_sso ? fmt::format("AWS profile {}: for sso use credential_process with "
                                      "\"aws configure export-credentials\"",
                                      name)
                        : fmt::format("AWS profile {} has no credentials", name));
  }

  Result<AwsFound> role(const std::string& name, const AwsProfile& profile, int depth) const {
    const RoleRequest request{.role_arn = profile_value(profile, "role_arn"),
                              .session_name = profile_value(profile, "role_session_name"),
                              .external_id = profile_value(profile, "external_id"),
                              .duration_seconds = profile_value(profile, "duration_seconds")};
    const std::string token_file = profile_value(profile, "web_identity_token_file");
    if (!token_file.empty()) {
      return assume_role_with_token(*context_, region_, token_file, request);
    }
    if (profile.contains("mfa_serial")) {
      return Error(Errc::kUnsupported,
                   fmt::format("AWS profile {}: nobody is there to type an MFA code", name));
    }
    ODK_TRY(const AwsFound source, source_of_role(name, profile, depth));
    return assume_role(*context_, region_, *source.value, request);
  }

  Result<AwsFound> source_of_role(const std::string& name, const AwsProfile& profile,
                                  int depth) const {
    const std::string source = profile_value(profile, "source_profile");
    if (source == name) return keys(name, profile);
    if (!source.empty()) return find(source, depth + 1);
    const std::string kind = profile_value(profile, "credential_source");
    Result<std::optional<AwsFound>> found = std::optional<AwsFound>();
    if (kind == "Environment") found = from_environment(*context_);
    if (kind == "EcsContainer") found = from_container(*context_);
    if (kind == "Ec2InstanceMetadata") found = from_instance(*context_);
    if (!found) return found.error();
    if (!*found) {
      return Error(Errc::kConfig,
                   fmt::format("AWS profile {}: no source of credentials for its role", name));
    }
    return **std::move(found);
  }

  const TokenContext* context_;
  const AwsProfiles* profiles_;
  std::string region_;
};

Result<std::optional<AwsFound>> from_profile(const TokenContext& context,
                                             const AwsChainOptions& options,
                                             const std::string& region) {
  ODK_TRY(const AwsProfiles profiles, read_profiles(context));
  const std::optional<std::string> named = named_profile(context, options.profile);
  if (!named) {
    const auto usual = profiles.find("default");
    const bool has_credentials =
        usual != profiles.end() &&
        (usual->second.contains("aws_access_key_id") ||
         usual->second.contains("credential_process") || usual->second.contains("role_arn"));
    if (!has_credentials) return std::optional<AwsFound>();
  }
  ODK_TRY(AwsFound found,
          ProfileSource(context, profiles, region).find(named.value_or("default"), 0));
  return std::optional<AwsFound>(std::move(found));
}

Result<AwsFound> find_credentials(const TokenContext& context, const AwsChainOptions& options) {
  if (!options.access_key.empty()) {
    return make_found(options.access_key, std::string(options.secret_key.reveal()),
                      std::string(options.session_token.reveal()));
  }
  std::string region = options.region;
  if (region.empty()) {
    ODK_TRY(region, configured_region(context, options.profile));
  }
  if (region.empty()) region = "us-east-1";
  Result<std::optional<AwsFound>> found = std::optional<AwsFound>();
  // A profile that is asked for by the settings wins over the environment.
  if (options.profile.empty()) found = from_environment(context);
  if (found && !*found && options.profile.empty()) found = from_web_identity(context, region);
  if (found && !*found) found = from_profile(context, options, region);
  if (found && !*found) found = from_container(context);
  if (found && !*found) found = from_instance(context);
  if (!found) return found.error();
  if (!*found) {
    return Error(Errc::kConfig,
                 "no AWS credentials: neither settings, environment, web identity, profile, "
                 "container nor instance has any");
  }
  return **std::move(found);
}

}  // namespace

std::unique_ptr<AwsCredentialCache> make_aws_credentials(AwsChainOptions options,
                                                         TokenContext context) {
  const std::shared_ptr<const Clock> clock = context.clock;
  auto fetch = [options = std::move(options), context = std::move(context)] {
    return find_credentials(context, options);
  };
  return std::make_unique<AwsCredentialCache>(std::move(fetch), clock);
}

Result<std::string> configured_region(const TokenContext& context, const std::string& profile) {
  if (const auto given = context.variable("AWS_REGION")) return *given;
  if (const auto given = context.variable("AWS_DEFAULT_REGION")) return *given;
  ODK_TRY(const AwsProfiles profiles, read_profiles(context));
  const auto found = profiles.find(named_profile(context, profile).value_or("default"));
  return found == profiles.end() ? std::string() : profile_value(found->second, "region");
}

}  // namespace odradek::store::s3
