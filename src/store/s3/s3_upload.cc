#include "store/s3/s3_upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ids.h"
#include "base/log.h"
#include "store/cloud/digests.h"
#include "store/cloud/xml.h"

namespace odradek::store::s3 {
namespace {

constexpr uint64_t kPartLeastBytes = 5ULL << 20U;
constexpr uint64_t kPartMostBytes = 5ULL << 30U;
constexpr std::string_view kMarkHeader = "x-amz-meta-odradek-upload";
// Putting many parts together takes S3 minutes, during which it may say nothing.
constexpr std::chrono::minutes kCompletionSilence{3};

}  // namespace

S3Upload::S3Upload(S3Store& store, std::string object, uint64_t part_bytes)
    : store_(&store),
      object_(std::move(object)),
      first_part_bytes_(std::clamp(part_bytes, kPartLeastBytes, kPartMostBytes)),
      mark_(Uuid::random().to_string()) {}

uint64_t S3Upload::part_bytes(uint32_t number) const {
  return std::min(cloud::growing_part_bytes(first_part_bytes_, number, parts_max()),
                  kPartMostBytes);
}

Result<ObjectInfo> S3Upload::put_whole(Bytes content) {
  cloud::PutOutcome stored =
      store_->put_object(object_, content, {.kind = cloud::PutCondition::Kind::kAbsent});
  if (stored) return *std::move(stored);
  return store_->settle_put(object_, content, stored.error());
}

Result<void> S3Upload::start() {
  cloud::Call call = store_->call("begin upload", "POST", object_);
  call.query = {{"uploads", ""}};
  call.headers.push_back({std::string(kMarkHeader), mark_});
  if (store_->options_.checksums) call.headers.push_back({"x-amz-checksum-algorithm", "SHA256"});
  store_->add_object_headers(call);
  const cloud::Outcome outcome = store_->exchange_.run(call);
  if (!outcome) return outcome.error().error;
  pugi::xml_document document;
  ODK_TRY_VOID(
      cloud::parse_xml(outcome->http.body.text(), "InitiateMultipartUploadResult", document));
  upload_id_ = cloud::child_text(document.document_element(), "UploadId");
  if (upload_id_.empty()) {
    return Error(Errc::kMalformed, fmt::format("begin upload {}: no upload id", call.object));
  }
  return {};
}

Result<void> S3Upload::put_part(const cloud::Part& part) {
  cloud::Call call = store_->call("upload", "PUT", object_);
  call.query = {{"partNumber", std::to_string(part.number)}, {"uploadId", upload_id_}};
  call.body = {part.bytes};
  call.given_up = &given_up();
  const std::string hash = cloud::sha256(part.bytes);
  Sent sent;
  call.headers.push_back({"x-amz-content-sha256", cloud::to_hex(as_bytes(hash))});
  if (store_->options_.checksums) {
    sent.sha256 = cloud::base64(hash);
    call.headers.push_back({"x-amz-checksum-sha256", sent.sha256});
  }
  const cloud::Outcome outcome = store_->exchange_.run(call);
  if (!outcome) return outcome.error().error;
  sent.etag = store_->etag_of(outcome->http);
  const MutexLock lock(mutex_);
  if (sent_.size() < part.number) sent_.resize(part.number);
  sent_[part.number - 1] = std::move(sent);
  return {};
}

std::string S3Upload::completion() {
  std::string xml = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  const MutexLock lock(mutex_);
  for (size_t index = 0; index < sent_.size(); ++index) {
    xml += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag>", index + 1,
                       cloud::escape_xml(sent_[index].etag));
    if (!sent_[index].sha256.empty()) {
      xml += fmt::format("<ChecksumSHA256>{}</ChecksumSHA256>", sent_[index].sha256);
    }
    xml += "</Part>";
  }
  return xml + "</CompleteMultipartUpload>";
}

Result<ObjectInfo> S3Upload::complete(const cloud::Part& last) {
  ODK_TRY_VOID(put_part(last));
  const uint64_t size = last.offset + last.bytes.size();
  cloud::Call call = store_->call("complete upload", "POST", object_);
  call.query = {{"uploadId", upload_id_}};
  const std::string xml = completion();
  call.body = {as_bytes(xml)};
  call.headers = {{"content-type", "application/xml"}, {"if-none-match", "*"}};
  call.creates_only = true;
  call.stall_timeout = kCompletionSilence;
  const cloud::Outcome outcome = store_->exchange_.run(call);
  if (!outcome) return settle(outcome.error(), size);
  pugi::xml_document document;
  ODK_TRY_VOID(
      cloud::parse_xml(outcome->http.body.text(), "CompleteMultipartUploadResult", document));
  const std::string_view etag = cloud::child_text(document.document_element(), "ETag");
  return ObjectInfo{object_, size, std::string(etag)};
}

// After an unanswered completion the next attempt finds the object there, or the upload gone: both
// are what success looks like, if the object bears our mark.
Result<ObjectInfo> S3Upload::settle(const cloud::CallFailure& refused, uint64_t size) {
  const bool may_be_done = refused.failure.kind == cloud::FailureKind::kAlreadyExists ||
                           refused.failure.code == "NoSuchUpload" || refused.failure.is_unclear;
  if (!refused.after_unclear || !may_be_done) return refused.error;
  const cloud::Outcome there = store_->exchange_.run(store_->call("head", "HEAD", object_));
  if (!there || there->http.header(kMarkHeader) != mark_) return refused.error;
  return ObjectInfo{object_, size, store_->etag_of(there->http)};
}

void S3Upload::abort() {
  cloud::Call call = store_->call("abort upload", "DELETE", object_);
  call.query = {{"uploadId", upload_id_}};
  call.is_single = true;
  call.also_good = {404};
  const cloud::Outcome outcome = store_->exchange_.run(call);
  if (!outcome) {
    ODK_LOG(warn, "an unfinished upload stays with the store until its lifecycle rule ends it",
            kv("object", call.object), kv("reason", outcome.error().error.to_string()));
  }
}

}  // namespace odradek::store::s3
