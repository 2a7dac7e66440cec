#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/secret.h"
#include "config/binder.h"
#include "store/cloud/cloud_store.h"

namespace odradek::store {

// Where objects are kept and how to get there: the `storage` section of a configuration. What a
// backend does not know must stay empty.
struct StoreSettings {
  // A folder, or file:///folder, memory:, s3://bucket/prefix, azblob://container/prefix,
  // gs://bucket/prefix. Instead: `backend` and the keys below.
  std::string path{};
  std::string backend{};
  std::string bucket{};  // also Azure's container
  std::string prefix{};
  std::string endpoint{};
  std::string region{};
  std::optional<bool> path_style{};
  bool allow_http = false;
  std::string ca_location{};
  std::string proxy{};
  bool anonymous = false;

  std::string access_key{};
  Secret secret_key{};
  Secret session_token{};
  std::string profile{};
  std::string server_side_encryption{};
  std::string kms_key_id{};
  std::string storage_class{};
  bool checksums = true;

  std::string account_name{};
  Secret account_key{};
  Secret sas_token{};
  std::string tenant_id{};
  std::string client_id{};
  Secret client_secret{};

  std::string service_account_path{};

  config::ByteSize part_bytes{8ULL << 20U};
  uint32_t parts_in_flight = 3;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds stall_timeout{30'000};
  std::chrono::milliseconds retry_timeout{300'000};
};

// Declares the keys of `section` ("storage"): names, checks and documentation.
void declare_store(config::Binder& binder, const std::string& section, StoreSettings& settings);

// What stores take from outside, so that tests can give it.
struct StoreContext {
  std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>();
  config::Environment environment = config::process_environment();
  cloud::Sleeper sleeper = cloud::thread_sleeper();
};

// What all clouds read from the settings. Errors: kConfig.
Result<cloud::CloudOptions> cloud_options(const StoreSettings& settings,
                                          const StoreContext& context);
// The endpoint, `usual` without one; kConfig for http without allow_http.
Result<cloud::Endpoint> endpoint_of(const StoreSettings& settings, std::string_view usual);
// The prefix without slashes at its ends; kConfig when it would leave the bucket.
Result<std::string> prefix_of(const StoreSettings& settings);
// kConfig unless it is 3 to 222 letters, digits, dots, dashes and underscores.
Result<void> check_bucket(const std::string& bucket);

}  // namespace odradek::store
