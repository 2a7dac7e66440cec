#pragma once

#include <memory>
#include <string>

#include "store/cloud/cloud_store.h"
#include "store/s3/s3_dialect.h"

namespace odradek::store::s3 {

struct S3Options {
  cloud::CloudOptions cloud{};
  S3Address address{};
  std::string prefix{};                  // without slashes at its ends
  std::string server_side_encryption{};  // "AES256", "aws:kms"; empty: the bucket's
  std::string kms_key_id{};
  std::string storage_class{};  // "STANDARD_IA"; empty: the bucket's
  // SHA-256 of each part and object kept by the store and checked when it puts parts together.
  // Signatures hold a hash of every request anyhow; some old stores refuse the further one.
  bool checksums = true;
};

// Objects in a bucket of Amazon S3 or of a store with the same API.
class S3Store final : public cloud::CloudStore {
 public:
  // Null credentials: requests are not signed.
  S3Store(S3Options options, std::unique_ptr<AwsCredentialCache> credentials);

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
  friend class S3Upload;
  cloud::Call call(std::string operation, std::string method, const std::string& object) const;
  // Encryption and class, as a new object gets them.
  void add_object_headers(cloud::Call& call) const;

  S3Options options_;
  S3Dialect dialect_;
  cloud::Exchange exchange_;
};

}  // namespace odradek::store::s3
