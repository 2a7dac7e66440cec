#pragma once

#include <map>
#include <optional>
#include <string>

#include "store/cloud/credential_cache.h"
#include "store/cloud/token_http.h"
#include "store/s3/s3_dialect.h"

// Where credentials of Amazon's services come from, one function a source. Errors name the source
// and hold no secret; nothing (nullopt) means that the source is not set up.
namespace odradek::store::s3 {

using AwsFound = cloud::Expiring<AwsCredentialsPtr>;

AwsFound make_found(std::string access_key, std::string secret_key, std::string session_token,
                    std::optional<TimestampMs> expires_at_ms = {});

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
Result<std::optional<AwsFound>> from_environment(const cloud::TokenContext& context);

struct RoleRequest {
  std::string role_arn{};
  std::string session_name{};
  std::string external_id{};
  std::string duration_seconds{};
};
// STS AssumeRole, signed with `source`.
Result<AwsFound> assume_role(const cloud::TokenContext& context, const std::string& region,
                             const AwsCredentials& source, const RoleRequest& request);
// STS AssumeRoleWithWebIdentity with the token in the file, read anew each time.
Result<AwsFound> assume_role_with_token(const cloud::TokenContext& context,
                                        const std::string& region, const std::string& token_file,
                                        const RoleRequest& request);
// AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN (pods of EKS).
Result<std::optional<AwsFound>> from_web_identity(const cloud::TokenContext& context,
                                                  const std::string& region);
// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI (ECS, EKS pod identity).
Result<std::optional<AwsFound>> from_container(const cloud::TokenContext& context);
// The metadata service of EC2, version 2 alone; not asked with AWS_EC2_METADATA_DISABLED=true.
Result<std::optional<AwsFound>> from_instance(const cloud::TokenContext& context);
// credential_process: runs a command of the profile, which prints JSON; a minute at most.
Result<AwsFound> from_process(const std::string& command);

// {"AccessKeyId", "SecretAccessKey", "Token" or "SessionToken", "Expiration"}.
Result<AwsFound> read_credentials_json(const nlohmann::json& json, std::string_view what);
// The Credentials of an answer of STS.
Result<AwsFound> read_sts_answer(std::string_view xml);

}  // namespace odradek::store::s3
