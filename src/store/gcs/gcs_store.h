#pragma once

#include <memory>
#include <string>

#include "store/cloud/cloud_store.h"
#include "store/gcs/gcs_answers.h"
#include "store/gcs/gcs_dialect.h"

namespace odradek::store::gcs {

struct GcsOptions {
  cloud::CloudOptions cloud{};
  cloud::Endpoint endpoint{};
  std::string bucket{};
  std::string prefix{};  // without slashes at its ends
};

// Objects in a bucket of Google Cloud Storage. What was written is compared by its CRC-32C with
// what the store says it has; a damaged object is removed again.
class GcsStore final : public cloud::CloudStore {
 public:
  // Null credentials: requests bear no token.
  GcsStore(GcsOptions options, std::unique_ptr<cloud::BearerCache> credentials);

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
  friend class GcsUpload;
  cloud::Call call(std::string operation, std::string method, const std::string& object) const;
  // For new objects: uploads have paths of their own.
  cloud::Call upload_call(std::string operation, std::string method, const std::string& object,
                          const char* type) const;
  Result<GcsObject> look_up(const std::string& object);
  // Removes that very version, which is not what was written.
  void remove_damaged(const GcsObject& damaged);
  cloud::PutOutcome put_once(cloud::Call call, Bytes content, const std::string& crc32c);

  std::string bucket_path_;  // "/storage/v1/b/bucket"
  GcsDialect dialect_;
  cloud::Exchange exchange_;
};

}  // namespace odradek::store::gcs
