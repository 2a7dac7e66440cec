#pragma once

#include <memory>
#include <string>

#include "store/azure/azure_dialect.h"
#include "store/cloud/cloud_store.h"

namespace odradek::store::azure {

struct AzureOptions {
  cloud::CloudOptions cloud{};
  AzureAddress address{};
  std::string prefix{};  // without slashes at its ends
};

// Objects as block blobs in a container of Azure Blob Storage.
class AzureStore final : public cloud::CloudStore {
 public:
  AzureStore(AzureOptions options, std::unique_ptr<AzureCredentialCache> credentials);

 protected:
  cloud::PutOutcome put_object(const std::string& object, Bytes content,
                               const cloud::PutCondition& condition) override;
  cloud::Outcome read_object(const std::string& object, const cloud::ReadRange& range) override;
  std::string etag_of(const web::HttpResponse& read) const override;
  Result<ObjectInfo> head_object(const std::string& object) override;
  Result<cloud::ListPage> list_page(const std::string& prefix, const std::string& from) override;
  Result<void> remove_object(const std::string& object) override;
  std::unique_ptr<cloud::PartUpload> start_upload(const std::string& object,
                                                  const WriterOptions& options) override;

 private:
  friend class AzureUpload;
  cloud::Call call(std::string operation, std::string method, const std::string& object) const;
  cloud::Outcome read_suffix(const std::string& object, uint64_t length);

  AzureAddress address_;
  AzureDialect dialect_;
  cloud::Exchange exchange_;
};

}  // namespace odradek::store::azure
