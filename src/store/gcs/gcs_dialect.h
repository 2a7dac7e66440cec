#pragma once

#include <memory>

#include "store/cloud/exchange.h"
#include "store/cloud/token_http.h"

namespace odradek::store::gcs {

// Requests to Google Cloud Storage's JSON API and what its refusals mean. Call::path begins behind
// the endpoint.
class GcsDialect final : public cloud::Dialect {
 public:
  // Null credentials: requests bear no token.
  GcsDialect(cloud::Endpoint endpoint, std::unique_ptr<cloud::BearerCache> credentials);

  Result<web::HttpRequest> make_request(const cloud::Call& call, TimestampMs now) override;
  cloud::Failure read_failure(const cloud::Call& call, const web::HttpResponse& response) override;
  std::optional<cloud::Failure> check(const cloud::Call& call,
                                      const web::HttpResponse& answer) override;
  bool mend(const cloud::Failure& failure, const web::HttpResponse& response) override;

 private:
  cloud::Endpoint endpoint_;
  std::unique_ptr<cloud::BearerCache> credentials_;
};

}  // namespace odradek::store::gcs
