#include "store/store_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace odradek::store {
namespace {

using std::chrono::milliseconds;

class Keys {
 public:
  Keys(config::Binder& binder, std::string section)
      : binder_(&binder), section_(std::move(section)) {}

  template <class T>
  config::TypedSetting<T>& add(std::string_view name, T& value, std::string doc) {
    return binder_->add(fmt::format("{}.{}", section_, name), value, std::move(doc));
  }

 private:
  config::Binder* binder_;
  std::string section_;
};

void declare_place(Keys& keys, StoreSettings& s) {
  keys.add("path", s.path,
           "a folder, or file:///folder, s3://bucket/prefix, azblob://container/prefix, "
           "gs://bucket/prefix, memory:");
  keys.add("backend", s.backend, "filesystem, s3, azure, gcs or memory; the path's without");
  keys.add("bucket", s.bucket, "the bucket, for Azure the container; the path's without");
  keys.add("container_name", s.bucket, "the same as bucket, by Azure's name");
  keys.add("prefix", s.prefix, "what all keys begin with; the path's without");
  keys.add("endpoint", s.endpoint, "http(s)://host[:port] of the store; the cloud's own without");
  keys.add("region", s.region, "of S3; AWS_REGION or the profile's without");
  keys.add("path_style", s.path_style,
           "S3: the bucket in the path, not in the host name; true with an endpoint, else false");
  keys.add("allow_http", s.allow_http, "talk without TLS, for stores of one's own network");
  keys.add("ca_location", s.ca_location,
           "PEM file of the authorities to trust; the system's "
           "without");
  keys.add("proxy", s.proxy, "http://host:port; HTTPS_PROXY and NO_PROXY without");
  keys.add("anonymous", s.anonymous, "ask without credentials");
}

void declare_credentials(Keys& keys, StoreSettings& s) {
  keys.add("access_key", s.access_key, "S3: access key id; Amazon's usual chain without");
  keys.add("secret_key", s.secret_key, "S3: secret access key");
  keys.add("session_token", s.session_token, "S3: token of temporary keys");
  keys.add("profile", s.profile, "S3: profile of ~/.aws; AWS_PROFILE without");
  keys.add("account_name", s.account_name, "Azure: AZURE_STORAGE_ACCOUNT without");
  keys.add("account_key", s.account_key, "Azure: shared key, base64");
  keys.add("sas_token", s.sas_token, "Azure: shared access signature");
  keys.add("tenant_id", s.tenant_id, "Azure: tenant of the application; AZURE_TENANT_ID without");
  keys.add("client_id", s.client_id,
           "Azure: application, or user-assigned identity; AZURE_CLIENT_ID without");
  keys.add("client_secret", s.client_secret, "Azure: secret of the application");
  keys.add("service_account_path", s.service_account_path,
           "GCS: JSON file of credentials; GOOGLE_APPLICATION_CREDENTIALS without");
}

void declare_objects(Keys& keys, StoreSettings& s) {
  keys.add("server_side_encryption", s.server_side_encryption,
           "S3: AES256, aws:kms; the bucket's without");
  keys.add("kms_key_id", s.kms_key_id, "S3: key for aws:kms");
  keys.add("storage_class", s.storage_class, "S3: class of new objects; the bucket's without");
  keys.add("checksums", s.checksums,
           "S3: have the store keep SHA-256 of objects and parts; some old stores refuse that");
  keys.add("part_bytes", s.part_bytes, "size of the parts that large objects are sent in")
      .range({1ULL << 20U}, {1ULL << 30U});
  keys.add("parts_in_flight", s.parts_in_flight, "parts of one object sent at once").range(1, 64);
  keys.add("connect_timeout_ms", s.connect_timeout, "to reach the store")
      .range(milliseconds(100), milliseconds(300'000));
  keys.add("stall_timeout_ms", s.stall_timeout,
           "a request without a byte for so long is tried "
           "again")
      .range(milliseconds(100), milliseconds(600'000));
  keys.add("retry_timeout_ms", s.retry_timeout, "how long one operation is tried")
      .range(milliseconds(1'000), milliseconds(86'400'000));
}

}  // namespace

void declare_store(config::Binder& binder, const std::string& section, StoreSettings& settings) {
  Keys keys(binder, section);
  declare_place(keys, settings);
  declare_credentials(keys, settings);
  declare_objects(keys, settings);
}

Result<cloud::CloudOptions> cloud_options(const StoreSettings& settings,
                                          const StoreContext& context) {
  cloud::CloudOptions options;
  options.http = {.ca_file = settings.ca_location,
                  .proxy = settings.proxy,
                  .connect_timeout = settings.connect_timeout,
                  .stall_timeout = settings.stall_timeout};
  options.retry.deadline = settings.retry_timeout;
  options.writer = {.part_bytes = settings.part_bytes.bytes, .in_flight = settings.parts_in_flight};
  options.clock = context.clock;
  options.sleeper = context.sleeper;
  return options;
}

Result<cloud::Endpoint> endpoint_of(const StoreSettings& settings, std::string_view usual) {
  Result<cloud::Endpoint> endpoint =
      cloud::parse_endpoint(settings.endpoint.empty() ? usual : settings.endpoint);
  if (!endpoint) return endpoint.error().with_context("storage.endpoint");
  if (endpoint->scheme == "http" && !settings.allow_http) {
    return Error(Errc::kConfig,
                 "storage.endpoint: http shows credentials and data to the network; "
                 "storage.allow_http: true allows it");
  }
  return endpoint;
}

Result<std::string> prefix_of(const StoreSettings& settings) {
  std::string prefix = settings.prefix;
  while (prefix.ends_with('/')) prefix.pop_back();
  while (prefix.starts_with('/')) prefix.erase(0, 1);
  if (!prefix.empty() && !check_key(prefix)) {
    return Error(Errc::kConfig, fmt::format("storage.prefix: \"{}\" is no prefix", prefix));
  }
  return prefix;
}

Result<void> check_bucket(const std::string& bucket) {
  constexpr size_t kLongest = 222;  // Google's with dots; Amazon's and Azure's end at 63
  const bool is_plain = std::ranges::all_of(bucket, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '$';
  });
  if (bucket.size() < 3 || bucket.size() > kLongest || !is_plain) {
    return Error(Errc::kConfig, fmt::format("storage.bucket: \"{}\" is no bucket", bucket));
  }
  return {};
}

}  // namespace odradek::store
