#include "store/gcs/gcs_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/ids.h"
#include "base/log.h"
#include "store/cloud/digests.h"
#include "store/gcs/gcs_upload.h"
#include "wire/crc32c.h"

namespace odradek::store::gcs {
namespace {

constexpr const char* kFields = "name,size,generation,crc32c,metadata";

}  // namespace

GcsStore::GcsStore(GcsOptions options, std::unique_ptr<cloud::BearerCache> credentials)
    : CloudStore(options.cloud, "gs://" + options.bucket, options.prefix),
      bucket_path_("/storage/v1/b/" + cloud::percent_encode(options.bucket)),
      dialect_(std::move(options.endpoint), std::move(credentials)),
      exchange_(http(), dialect_, options.cloud.retry, *cloud_options().clock,
                options.cloud.sleeper) {}

cloud::Call GcsStore::call(std::string operation, std::string method,
                           const std::string& object) const {
  return {.operation = std::move(operation),
          .object = name_of(object),
          .method = std::move(method),
          .path = bucket_path_ + "/o/" + cloud::percent_encode(object)};
}

cloud::Call GcsStore::upload_call(std::string operation, std::string method,
                                  const std::string& object, const char* type) const {
  cloud::Call call = this->call(std::move(operation), std::move(method), object);
  call.path = "/upload" + bucket_path_ + "/o";
  call.query = {{"uploadType", type}};
  return call;
}

cloud::PutOutcome GcsStore::put_object(const std::string& object, Bytes content,
                                       const cloud::PutCondition& condition) {
  constexpr int kDamagedMax = 3;
  const std::string crc32c = cloud::base64_crc32c(wire::crc32c(content));
  const std::string boundary = "odradek-" + Uuid::random().to_string();
  const nlohmann::json metadata = {{"name", object}, {"crc32c", crc32c}};
  const std::string head = fmt::format(
      "--{0}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n{1}\r\n--{0}\r\n"
      "content-type: application/octet-stream\r\n\r\n",
      boundary, metadata.dump());
  const std::string tail = fmt::format("\r\n--{}--\r\n", boundary);
  cloud::Call call = upload_call("put", "POST", object, "multipart");
  call.headers = {{"content-type", "multipart/related; boundary=" + boundary}};
  call.body = {as_bytes(head), content, as_bytes(tail)};
  if (condition.kind == cloud::PutCondition::Kind::kAbsent) {
    call.query.emplace_back("ifGenerationMatch", "0");
    call.creates_only = true;
  } else if (condition.kind == cloud::PutCondition::Kind::kMatches) {
    call.query.emplace_back("ifGenerationMatch", condition.etag);
  }
  for (int attempt = 1;; ++attempt) {
    cloud::PutOutcome stored = put_once(call, content, crc32c);
    const bool is_damaged = !stored && stored.error().failure.kind == cloud::FailureKind::kChecksum;
    if (!is_damaged || attempt == kDamagedMax) return stored;
  }
}

cloud::PutOutcome GcsStore::put_once(cloud::Call call, Bytes content, const std::string& crc32c) {
  cloud::Outcome outcome = exchange_.run(call);
  if (!outcome) return std::unexpected(std::move(outcome).error());
  Result<GcsObject> stored = parse_object(outcome->http.body.text());
  if (!stored) {
    return std::unexpected(
        cloud::CallFailure{{}, true, stored.error().with_context("put " + call.object)});
  }
  if (stored->crc32c.empty() || stored->crc32c == crc32c) {
    return ObjectInfo{stored->info.key, content.size(), stored->info.etag};
  }
  remove_damaged(*stored);
  const cloud::Failure failure{.kind = cloud::FailureKind::kChecksum,
                               .http_status = outcome->http.status,
                               .message = "the store has other bytes than were sent"};
  return std::unexpected(
      cloud::CallFailure{failure, true, cloud::to_error(failure, call.operation, call.object)});
}

void GcsStore::remove_damaged(const GcsObject& damaged) {
  cloud::Call call = this->call("remove damaged", "DELETE", damaged.info.key);
  call.query = {{"ifGenerationMatch", damaged.info.etag}};
  call.also_good = {404, 412};
  const cloud::Outcome outcome = exchange_.run(call);
  if (!outcome) {
    ODK_LOG(error, "an object that was damaged on its way could not be removed",
            kv("object", call.object), kv("reason", outcome.error().error.to_string()));
  }
}

cloud::Outcome GcsStore::read_object(const std::string& object, const cloud::ReadRange& range) {
  cloud::Call call = this->call("get", "GET", object);
  call.query = {{"alt", "media"}};
  call.max_bytes = range.max_bytes();
  if (range.kind != cloud::ReadRange::Kind::kWhole) {
    call.headers.push_back({"range", range.text()});
    cloud::allow_no_range(call);
  }
  return exchange_.run(call);
}

std::string GcsStore::etag_of(const web::HttpResponse& read) const {
  return std::string(read.header("x-goog-generation"));
}

Result<GcsObject> GcsStore::look_up(const std::string& object) {
  cloud::Call call = this->call("head", "GET", object);
  call.query = {{"fields", kFields}};
  const cloud::Outcome outcome = exchange_.run(call);
  if (!outcome) return outcome.error().error;
  Result<GcsObject> found = parse_object(outcome->http.body.text());
  if (!found) return found.error().with_context("head " + call.object);
  return found;
}

Result<ObjectInfo> GcsStore::head_object(const std::string& object) {
  ODK_TRY(GcsObject found, look_up(object));
  return std::move(found.info);
}

Result<cloud::ListPage> GcsStore::list_page(const std::string& prefix, const std::string& from) {
  cloud::Call call = this->call("list", "GET", "");
  call.path = bucket_path_ + "/o";
  call.object = name_of(prefix);
  call.query = {{"prefix", prefix}, {"fields", "nextPageToken,items(name,size,generation)"}};
  if (!from.empty()) call.query.emplace_back("pageToken", from);
  return cloud::run_listing(exchange_, std::move(call), parse_listing);
}

Result<void> GcsStore::remove_object(const std::string& object) {
  return cloud::run_removal(exchange_, call("remove", "DELETE", object));
}

std::unique_ptr<cloud::PartUpload> GcsStore::start_upload(const std::string& object,
                                                          const WriterOptions& options) {
  return std::make_unique<GcsUpload>(*this, object, options.part_bytes);
}

}  // namespace odradek::store::gcs
