#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "store/cloud/credential_cache.h"
#include "store/cloud/exchange.h"
#include "store/s3/sigv4.h"

namespace odradek::store::s3 {

// Immutable, so that requests under way keep what they began with.
using AwsCredentialsPtr = std::shared_ptr<const AwsCredentials>;
using AwsCredentialCache = cloud::CredentialCache<AwsCredentialsPtr>;

struct S3Address {
  std::string bucket{};
  std::string region{};                      // empty: us-east-1 until the store says another
  std::optional<cloud::Endpoint> endpoint{};  // without: Amazon's of the region
  bool path_style = false;                   // the bucket in the path instead of the host name
};

// Requests to S3 and what its refusals mean. Call::path is "/" and the encoded key; the bucket is
// put where it belongs. A call may carry x-amz-content-sha256 when the caller has it already.
class S3Dialect final : public cloud::Dialect {
 public:
  // Without credentials requests are not signed, for public buckets.
  S3Dialect(S3Address address, std::unique_ptr<AwsCredentialCache> credentials);

  Result<web::HttpRequest> make_request(const cloud::Call& call, TimestampMs now) override;
  cloud::Failure read_failure(const cloud::Call& call, const web::HttpResponse& response) override;
  std::optional<cloud::Failure> check(const cloud::Call& call,
                                      const web::HttpResponse& answer) override;
  bool mend(const cloud::Failure& failure, const web::HttpResponse& response) override;

 private:
  std::string region();
  bool learn_region(const web::HttpResponse& response);
  cloud::Endpoint place_of(const std::string& region) const;

  S3Address address_;
  std::unique_ptr<AwsCredentialCache> credentials_;
  Mutex mutex_;
  std::string region_ ODK_GUARDED_BY(mutex_);
};

}  // namespace odradek::store::s3
