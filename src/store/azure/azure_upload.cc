#include "store/azure/azure_upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ids.h"
#include "store/cloud/digests.h"

namespace odradek::store::azure {
namespace {

constexpr uint64_t kPartMostBytes = 4000ULL << 20U;
constexpr uint64_t kPartLeastBytes = 1ULL << 20U;
constexpr const char* kMarkHeader = "x-ms-meta-odradek_upload";

}  // namespace

AzureUpload::AzureUpload(AzureStore& store, std::string object, uint64_t part_bytes)
    : store_(&store),
      object_(std::move(object)),
      first_part_bytes_(std::clamp(part_bytes, kPartLeastBytes, kPartMostBytes)),
      mark_(Uuid::random().to_string()) {}

uint64_t AzureUpload::part_bytes(uint32_t number) const {
  return std::min(cloud::growing_part_bytes(first_part_bytes_, number, parts_max()),
                  kPartMostBytes);
}

Result<ObjectInfo> AzureUpload::put_whole(Bytes content) {
  cloud::PutOutcome stored =
      store_->put_object(object_, content, {.kind = cloud::PutCondition::Kind::kAbsent});
  if (stored) return *std::move(stored);
  return store_->settle_put(object_, content, stored.error());
}

// All ids of a blob must be equally long.
std::string AzureUpload::block_id(uint32_t number) const {
  return cloud::base64(fmt::format("{}-{:06}", mark_, number));
}

Result<void> AzureUpload::put_part(const cloud::Part& part) {
  cloud::Call call = store_->call("upload", "PUT", object_);
  call.query = {{"comp", "block"}, {"blockid", block_id(part.number)}};
  call.body = {part.bytes};
  call.given_up = &given_up();
  add_body_md5(call);
  const cloud::Outcome outcome = store_->exchange_.run(call);
  if (!outcome) return outcome.error().error;
  return {};
}

Result<ObjectInfo> AzureUpload::complete(const cloud::Part& last) {
  ODK_TRY_VOID(put_part(last));
  std::string xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
  for (uint32_t number = 1; number <= last.number; ++number) {
    xml += fmt::format("<Latest>{}</Latest>", block_id(number));
  }
  xml += "</BlockList>";
  cloud::Call call = store_->call("complete upload", "PUT", object_);
  call.query = {{"comp", "blocklist"}};
  call.headers = {
      {"content-type", "application/xml"}, {"if-none-match", "*"}, {kMarkHeader, mark_}};
  call.body = {as_bytes(xml)};
  add_body_md5(call);
  call.creates_only = true;
  const uint64_t size = last.offset + last.bytes.size();
  const cloud::Outcome outcome = store_->exchange_.run(call);
  if (!outcome) return settle(outcome.error(), size);
  return ObjectInfo{object_, size, store_->etag_of(outcome->http)};
}

Result<ObjectInfo> AzureUpload::settle(const cloud::CallFailure& refused, uint64_t size) {
  // A blob that another put meanwhile took our blocks away.
  const bool lost_blocks = refused.failure.code == "InvalidBlockList";
  const bool may_be_done =
      refused.after_unclear && (lost_blocks || refused.failure.is_unclear ||
                                refused.failure.kind == cloud::FailureKind::kAlreadyExists);
  if (!may_be_done && !lost_blocks) return refused.error;
  const cloud::Outcome there = store_->exchange_.run(store_->call("head", "HEAD", object_));
  if (!there) return refused.error;
  if (may_be_done && there->http.header(kMarkHeader) == mark_) {
    return ObjectInfo{object_, size, store_->etag_of(there->http)};
  }
  if (!lost_blocks) return refused.error;
  return Error(Errc::kAlreadyExists, std::string(refused.error.message()));
}

}  // namespace odradek::store::azure
