#include "store/s3/open_s3.h"

#include <utility>

#include "store/s3/credentials/aws_chain.h"
#include "store/s3/s3_store.h"

namespace odradek::store::s3 {
namespace {

Result<S3Address> address_of(const StoreSettings& settings, const cloud::TokenContext& tokens) {
  ODK_TRY_VOID(check_bucket(settings.bucket));
  S3Address address{.bucket = settings.bucket, .region = settings.region};
  if (address.region.empty()) {
    ODK_TRY(address.region, configured_region(tokens, settings.profile));
  }
  std::string endpoint = settings.endpoint;
  for (const char* name : {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}) {
    if (endpoint.empty()) endpoint = tokens.variable(name).value_or("");
  }
  // Names with dots do not fit the certificate of the host names.
  const bool needs_path = !endpoint.empty() || settings.bucket.contains('.');
  address.path_style = settings.path_style.value_or(needs_path);
  if (endpoint.empty()) return address;
  ODK_TRY(address.endpoint, endpoint_of(settings, endpoint));
  return address;
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_s3(const StoreSettings& settings,
                                             const StoreContext& context) {
  S3Options options;
  ODK_TRY(options.cloud, cloud_options(settings, context));
  if (options.cloud.http.ca_file.empty()) {
    options.cloud.http.ca_file = context.environment("AWS_CA_BUNDLE").value_or("");
  }
  const cloud::TokenContext tokens =
      cloud::make_token_context(context.clock, context.environment, options.cloud.http);
  ODK_TRY(options.address, address_of(settings, tokens));
  ODK_TRY(options.prefix, prefix_of(settings));
  options.server_side_encryption = settings.server_side_encryption;
  options.kms_key_id = settings.kms_key_id;
  options.storage_class = settings.storage_class;
  options.checksums = settings.checksums;
  if (settings.access_key.empty() != settings.secret_key.empty()) {
    return Error(Errc::kConfig, "storage.access_key and storage.secret_key belong together");
  }
  std::unique_ptr<AwsCredentialCache> credentials;
  if (!settings.anonymous) {
    credentials = make_aws_credentials({.access_key = settings.access_key,
                                        .secret_key = settings.secret_key,
                                        .session_token = settings.session_token,
                                        .profile = settings.profile,
                                        .region = options.address.region},
                                       tokens);
  }
  return std::make_unique<S3Store>(std::move(options), std::move(credentials));
}

}  // namespace odradek::store::s3
