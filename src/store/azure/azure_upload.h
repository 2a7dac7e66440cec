#pragma once

#include <string>

#include "store/azure/azure_store.h"

namespace odradek::store::azure {

// Blocks, then a list of them. Block ids bear a mark of this upload, so that two writers of one
// blob never take each other's blocks; the blob bears it as metadata, so that a commit nobody
// answered is recognised. Blocks without a list are invisible, and Azure drops them after a week:
// there is no call to do it sooner.
class AzureUpload final : public cloud::PartUpload {
 public:
  // `store` must outlive this.
  AzureUpload(AzureStore& store, std::string object, uint64_t part_bytes);

  Result<ObjectInfo> put_whole(Bytes content) override;
  Result<void> start() override { return {}; }
  Result<void> put_part(const cloud::Part& part) override;
  Result<ObjectInfo> complete(const cloud::Part& last) override;
  void abort() override {}
  uint64_t part_bytes(uint32_t number) const override;
  uint32_t parts_max() const override { return 50'000; }

 private:
  std::string block_id(uint32_t number) const;
  Result<ObjectInfo> settle(const cloud::CallFailure& refused, uint64_t size);

  AzureStore* store_;
  std::string object_;
  uint64_t first_part_bytes_;
  std::string mark_;
};

}  // namespace odradek::store::azure
