#pragma once

#include <memory>
#include <string>

#include "store/azure/azure_credentials.h"
#include "store/cloud/exchange.h"

namespace odradek::store::azure {

struct AzureAddress {
  std::string account{};
  cloud::Endpoint endpoint{};  // of the account
  std::string container{};
};

// Requests to Azure Blob Storage and what its refusals mean. Call::path begins behind the
// endpoint's path: "/container/blob".
class AzureDialect final : public cloud::Dialect {
 public:
  AzureDialect(AzureAddress address, std::unique_ptr<AzureCredentialCache> credentials);

  Result<web::HttpRequest> make_request(const cloud::Call& call, TimestampMs now) override;
  cloud::Failure read_failure(const cloud::Call& call, const web::HttpResponse& response) override;
  std::optional<cloud::Failure> check(const cloud::Call& call,
                                      const web::HttpResponse& answer) override;
  bool mend(const cloud::Failure& failure, const web::HttpResponse& response) override;

 private:
  AzureAddress address_;
  std::unique_ptr<AzureCredentialCache> credentials_;
};

// Asks for the MD5 of the range that is read; with it check() compares.
inline constexpr const char* kRangeMd5Header = "x-ms-range-get-content-md5";

// The MD5 of the call's body, which Azure compares; for bodies of one piece.
void add_body_md5(cloud::Call& call);

}  // namespace odradek::store::azure
