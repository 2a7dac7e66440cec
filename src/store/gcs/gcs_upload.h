#pragma once

#include <optional>
#include <string>

#include "store/gcs/gcs_store.h"

namespace odradek::store::gcs {

// A resumable upload: chunks one after the other, each a multiple of 256 KiB but the last. A chunk
// that the store kept in part, or whose answer was lost, is gone on with from where the store says
// it stands.
class GcsUpload final : public cloud::PartUpload {
 public:
  // `store` must outlive this.
  GcsUpload(GcsStore& store, std::string object, uint64_t part_bytes);

  Result<ObjectInfo> put_whole(Bytes content) override;
  Result<void> start() override;
  Result<void> put_part(const cloud::Part& part) override;
  Result<ObjectInfo> complete(const cloud::Part& last) override;
  void abort() override;
  uint64_t part_bytes(uint32_t /*number*/) const override { return part_bytes_; }
  uint32_t parts_max() const override { return UINT32_MAX; }
  uint32_t in_flight_max() const override { return 1; }

 private:
  // Where a chunk stands: the store keeps bytes up to `kept`, or has made the object.
  struct Progress {
    uint64_t kept = 0;
    std::optional<GcsObject> object{};
  };
  cloud::Call session_call(std::string operation, const std::string& range) const;
  cloud::Outcome send_rest(const cloud::Part& part, uint64_t from, std::optional<uint64_t> total);
  Result<Progress> send_chunk(const cloud::Part& part, std::optional<uint64_t> total);
  Result<Progress> read_progress(const web::HttpResponse& response) const;
  std::optional<GcsObject> find_ours();
  Result<ObjectInfo> check_written(const GcsObject& object, uint64_t size);

  GcsStore* store_;
  std::string object_;
  uint64_t part_bytes_;
  std::string mark_;  // kept as metadata of the object, to know it again
  std::string upload_id_;
  uint32_t crc_ = 0;  // of all parts so far
};

}  // namespace odradek::store::gcs
