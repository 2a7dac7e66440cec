#pragma once

#include <string>
#include <vector>

#include "base/mutex.h"
#include "store/s3/s3_store.h"

namespace odradek::store::s3 {

// A multipart upload. Its id is kept as metadata of the object, so that a completion nobody
// answered is recognised afterwards. One writer; put_part() from several threads.
class S3Upload final : public cloud::PartUpload {
 public:
  // Part sizes below S3's least, 5 MiB, are raised to it. `store` must outlive this.
  S3Upload(S3Store& store, std::string object, uint64_t part_bytes);

  Result<ObjectInfo> put_whole(Bytes content) override;
  Result<void> start() override;
  Result<void> put_part(const cloud::Part& part) override;
  Result<ObjectInfo> complete(const cloud::Part& last) override;
  void abort() override;
  uint64_t part_bytes(uint32_t number) const override;
  uint32_t parts_max() const override { return 10'000; }

 private:
  struct Sent {
    std::string etag{};
    std::string sha256{};  // base64
  };
  std::string completion();
  Result<ObjectInfo> settle(const cloud::CallFailure& refused, uint64_t size);

  S3Store* store_;
  std::string object_;
  uint64_t first_part_bytes_;
  std::string mark_;  // ours alone
  std::string upload_id_;
  Mutex mutex_;
  std::vector<Sent> sent_ ODK_GUARDED_BY(mutex_);  // by number - 1
};

}  // namespace odradek::store::s3
