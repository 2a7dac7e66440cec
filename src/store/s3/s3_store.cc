#include "store/s3/s3_store.h"

#include <fmt/format.h>

#include <utility>

#include "store/cloud/digests.h"
#include "store/cloud/xml.h"
#include "store/s3/s3_answers.h"
#include "store/s3/s3_upload.h"

namespace odradek::store::s3 {

S3Store::S3Store(S3Options options, std::unique_ptr<AwsCredentialCache> credentials)
    : CloudStore(options.cloud, "s3://" + options.address.bucket, options.prefix),
      options_(std::move(options)),
      dialect_(options_.address, std::move(credentials)),
      exchange_(http(), dialect_, options_.cloud.retry, *options_.cloud.clock,
                options_.cloud.sleeper) {}

cloud::Call S3Store::call(std::string operation, std::string method,
                          const std::string& object) const {
  return {.operation = std::move(operation),
          .object = name_of(object),
          .method = std::move(method),
          .path = "/" + cloud::percent_encode_path(object)};
}

void S3Store::add_object_headers(cloud::Call& call) const {
  const auto add = [&call](const char* name, const std::string& value) {
    if (!value.empty()) call.headers.push_back({name, value});
  };
  add("content-type", "application/octet-stream");
  add("x-amz-server-side-encryption", options_.server_side_encryption);
  add("x-amz-server-side-encryption-aws-kms-key-id", options_.kms_key_id);
  add("x-amz-storage-class", options_.storage_class);
}

cloud::PutOutcome S3Store::put_object(const std::string& object, Bytes content,
                                      const cloud::PutCondition& condition) {
  cloud::Call call = this->call("put", "PUT", object);
  call.body = {content};
  const std::string hash = cloud::sha256(content);
  call.headers.push_back({"x-amz-content-sha256", cloud::to_hex(as_bytes(hash))});
  if (options_.checksums) call.headers.push_back({"x-amz-checksum-sha256", cloud::base64(hash)});
  add_object_headers(call);
  if (condition.kind == cloud::PutCondition::Kind::kAbsent) {
    call.headers.push_back({"if-none-match", "*"});
    call.creates_only = true;
  } else if (condition.kind == cloud::PutCondition::Kind::kMatches) {
    call.headers.push_back({"if-match", condition.etag});
  }
  cloud::Outcome outcome = exchange_.run(call);
  if (outcome) return ObjectInfo{object, content.size(), etag_of(outcome->http)};
  return std::unexpected(std::move(outcome).error());
}

cloud::Outcome S3Store::read_object(const std::string& object, const cloud::ReadRange& range) {
  cloud::Call call = this->call("get", "GET", object);
  call.max_bytes = range.max_bytes();
  if (range.kind == cloud::ReadRange::Kind::kWhole) {
    if (options_.checksums) call.headers.push_back({"x-amz-checksum-mode", "ENABLED"});
  } else {
    call.headers.push_back({"range", range.text()});
    cloud::allow_no_range(call);
  }
  return exchange_.run(call);
}

std::string S3Store::etag_of(const web::HttpResponse& read) const {
  return std::string(read.header("etag"));
}

Result<ObjectInfo> S3Store::head_object(const std::string& object) {
  const cloud::Outcome outcome = exchange_.run(call("head", "HEAD", object));
  if (!outcome) return outcome.error().error;
  ODK_TRY(const uint64_t size, cloud::parse_size_text(outcome->http.header("content-length")));
  return ObjectInfo{object, size, etag_of(outcome->http)};
}

Result<cloud::ListPage> S3Store::list_page(const std::string& prefix, const std::string& from) {
  cloud::Call call = this->call("list", "GET", "");
  call.object = name_of(prefix);
  call.query = {{"list-type", "2"}, {"prefix", prefix}, {"encoding-type", "url"}};
  if (!from.empty()) call.query.emplace_back("continuation-token", from);
  return cloud::run_listing(exchange_, std::move(call), parse_listing);
}

Result<void> S3Store::remove_object(const std::string& object) {
  return cloud::run_removal(exchange_, call("remove", "DELETE", object));
}

std::unique_ptr<cloud::PartUpload> S3Store::start_upload(const std::string& object,
                                                         const WriterOptions& options) {
  return std::make_unique<S3Upload>(*this, object, options.part_bytes);
}

}  // namespace odradek::store::s3
