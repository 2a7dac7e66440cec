#pragma once

#include <memory>
#include <string>

#include "base/secret.h"
#include "store/cloud/token_http.h"
#include "store/s3/credentials/aws_profile.h"
#include "store/s3/s3_dialect.h"

namespace odradek::store::s3 {

struct AwsChainOptions {
  std::string access_key{};  // given in the settings: nothing else is asked
  Secret secret_key{};
  Secret session_token{};
  std::string profile{};  // empty: AWS_PROFILE, else "default" if there is one
  std::string region{};   // of the token service; empty: as region_of()
};

// Where Amazon's own programs look, in their order: settings, environment, web identity, profile
// (static keys, role with source_profile, credential_process), container, instance. The first
// that is set up is taken; its failure is the chain's. Errors: kConfig when there is none.
std::unique_ptr<AwsCredentialCache> make_aws_credentials(AwsChainOptions options,
                                                         cloud::TokenContext context);

// AWS_REGION, AWS_DEFAULT_REGION, or the profile's; empty without.
Result<std::string> configured_region(const cloud::TokenContext& context,
                                      const std::string& profile);

}  // namespace odradek::store::s3
