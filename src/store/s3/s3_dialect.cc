#include "store/s3/s3_dialect.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "store/cloud/digests.h"
#include "store/s3/s3_answers.h"

namespace odradek::store::s3 {
namespace {

constexpr std::string_view kFirstRegion = "us-east-1";
constexpr std::string_view kHashHeader = "x-amz-content-sha256";

bool is_region_name(std::string_view name) {
  return !name.empty() && name.size() < 64 &&
         std::ranges::all_of(
             name,
             [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

std::string hash_of_body(const cloud::Call& call) {
  for (const web::Header& header : call.headers) {
    if (header.name == kHashHeader) return header.value;
  }
  // Only small requests come without their hash, in one piece or none.
  const Bytes body = call.body.empty() ? Bytes() : call.body.front();
  return cloud::to_hex(as_bytes(cloud::sha256(body)));
}

}  // namespace

S3Dialect::S3Dialect(S3Address address, std::unique_ptr<AwsCredentialCache> credentials)
    : address_(std::move(address)),
      credentials_(std::move(credentials)),
      region_(address_.region.empty() ? kFirstRegion : address_.region) {}

std::string S3Dialect::region() {
  const MutexLock lock(mutex_);
  return region_;
}

cloud::Endpoint S3Dialect::place_of(const std::string& region) const {
  cloud::Endpoint place;
  if (address_.endpoint) {
    place = *address_.endpoint;
  } else {
    place = {.scheme = "https", .authority = fmt::format("s3.{}.{}", region, aws_domain(region))};
  }
  if (address_.path_style) {
    place.path += "/" + cloud::percent_encode(address_.bucket);
  } else {
    place.authority = address_.bucket + "." + place.authority;
  }
  return place;
}

Result<web::HttpRequest> S3Dialect::make_request(const cloud::Call& call, TimestampMs now) {
  const std::string in_region = region();
  const cloud::Endpoint place = place_of(in_region);
  const std::string path = place.path + call.path;
  web::HttpRequest request{.method = call.method,
                           .url = place.scheme + "://" + place.authority + path,
                           .headers = call.headers,
                           .body = call.body,
                           .max_bytes = call.max_bytes,
                           .stall_timeout = call.stall_timeout};
  if (!call.query.empty()) request.url += "?" + cloud::query_text(call.query);
  if (credentials_ == nullptr) return request;
  ODK_TRY(const AwsCredentialsPtr credentials, credentials_->get());
  const std::string hash = hash_of_body(call);
  if (std::ranges::find(request.headers, kHashHeader, &web::Header::name) ==
      request.headers.end()) {
    request.headers.push_back({std::string(kHashHeader), hash});
  }
  sign_v4(*credentials,
          {.method = call.method,
           .authority = place.authority,
           .path = path,
           .query = &call.query,
           .payload_sha256 = hash,
           .region = in_region},
          now, request.headers);
  return request;
}

cloud::Failure S3Dialect::read_failure(const cloud::Call& call, const web::HttpResponse& response) {
  const S3Error error = parse_error(response.body.text());
  cloud::Failure failure;
  failure.http_status = response.status;
  failure.code = error.code;
  failure.message = error.message;
  failure.request_id = error.request_id.empty()
                           ? cloud::clean_message(response.header("x-amz-request-id"))
                           : error.request_id;
  failure.kind = kind_of_error(error.code, response.status, call.creates_only);
  failure.is_transient =
      is_transient_code(error.code) || cloud::is_transient_status(response.status);
  return failure;
}

// CompleteMultipartUpload answers 200 before it knows, and says later in the body that it failed.
// A whole object comes with the checksum it was written with.
std::optional<cloud::Failure> S3Dialect::check(const cloud::Call& call,
                                               const web::HttpResponse& answer) {
  if (call.method == "POST" && !parse_error(answer.body.text()).code.empty()) {
    cloud::Failure failure = read_failure(call, answer);
    failure.is_unclear = failure.is_transient;
    return failure;
  }
  const std::string_view checksum = answer.header("x-amz-checksum-sha256");
  if (call.method != "GET" || answer.status != 200 || checksum.empty() || checksum.contains('-')) {
    return std::nullopt;
  }
  if (cloud::base64(cloud::sha256(answer.body.bytes())) == checksum) return std::nullopt;
  return cloud::Failure{.kind = cloud::FailureKind::kChecksum,
                        .is_transient = true,
                        .http_status = answer.status,
                        .message = "the object read is not the object written"};
}

bool S3Dialect::learn_region(const web::HttpResponse& response) {
  std::string told(response.header("x-amz-bucket-region"));
  if (told.empty()) told = parse_error(response.body.text()).region;
  if (!is_region_name(told)) return false;
  const MutexLock lock(mutex_);
  if (told == region_) return false;
  ODK_LOG(warn, "the bucket is in another region than configured", kv("bucket", address_.bucket),
          kv("configured", region_), kv("region", told));
  region_ = told;
  return true;
}

bool S3Dialect::mend(const cloud::Failure& failure, const web::HttpResponse& response) {
  const int status = response.status;
  const bool may_be_region = status == 301 || status == 307 || status == 400 || status == 403;
  if (may_be_region && learn_region(response)) return true;
  if (credentials_ == nullptr) return false;
  // HEAD has no body that could say "ExpiredToken".
  const bool is_mute = failure.code.empty() && status == 400;
  const bool is_expired = failure.code == "ExpiredToken" || failure.code == "InvalidToken" ||
                          failure.code == "TokenRefreshRequired" || status == 401;
  return (is_mute || is_expired) && credentials_->drop();
}

}  // namespace odradek::store::s3
