#include "store/gcs/open_gcs.h"

#include <utility>

#include "store/gcs/gcs_credentials.h"
#include "store/gcs/gcs_store.h"

namespace odradek::store::gcs {

Result<std::unique_ptr<ObjectStore>> open_gcs(const StoreSettings& given,
                                              const StoreContext& context) {
  StoreSettings settings = given;
  GcsOptions options;
  ODK_TRY(options.cloud, cloud_options(settings, context));
  const cloud::TokenContext tokens =
      cloud::make_token_context(context.clock, context.environment, options.cloud.http);
  // As with Google's own libraries an emulator gets no credentials.
  const std::optional<std::string> emulator = tokens.variable("STORAGE_EMULATOR_HOST");
  if (settings.endpoint.empty() && emulator) {
    settings.endpoint = emulator->contains("://") ? *emulator : "http://" + *emulator;
    settings.allow_http = true;
    settings.anonymous = true;
  }
  ODK_TRY_VOID(check_bucket(settings.bucket));
  ODK_TRY(options.endpoint, endpoint_of(settings, "https://storage.googleapis.com"));
  ODK_TRY(options.prefix, prefix_of(settings));
  options.bucket = settings.bucket;
  std::unique_ptr<cloud::BearerCache> credentials;
  if (!settings.anonymous) {
    credentials = make_google_credentials(settings.service_account_path, tokens);
  }
  return std::make_unique<GcsStore>(std::move(options), std::move(credentials));
}

}  // namespace odradek::store::gcs
