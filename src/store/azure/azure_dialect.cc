#include "store/azure/azure_dialect.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "store/azure/azure_answers.h"
#include "store/azure/shared_key.h"
#include "store/cloud/digests.h"

namespace odradek::store::azure {
namespace {

constexpr const char* kVersion = "2021-12-02";

using Kind = AzureCredential::Kind;

}  // namespace

AzureDialect::AzureDialect(AzureAddress address, std::unique_ptr<AzureCredentialCache> credentials)
    : address_(std::move(address)), credentials_(std::move(credentials)) {}

Result<web::HttpRequest> AzureDialect::make_request(const cloud::Call& call, TimestampMs now) {
  ODK_TRY(const AzureCredential credential, credentials_->get());
  const std::string path = address_.endpoint.path + call.path;
  web::HttpRequest request{
      .method = call.method,
      .url = address_.endpoint.scheme + "://" + address_.endpoint.authority + path,
      .headers = call.headers,
      .body = call.body,
      .max_bytes = call.max_bytes,
      .stall_timeout = call.stall_timeout};
  std::string query = cloud::query_text(call.query);
  if (credential.kind == Kind::kSas) {
    if (!query.empty()) query += '&';
    query += credential.secret.reveal();
  }
  if (!query.empty()) request.url += "?" + query;
  request.headers.push_back({"x-ms-version", kVersion});
  request.headers.push_back({"x-ms-date", cloud::http_time(now)});
  if (credential.kind == Kind::kBearer) {
    request.headers.push_back(
        {"authorization", fmt::format("Bearer {}", credential.secret.reveal())});
  } else if (credential.kind == Kind::kSharedKey) {
    size_t body_bytes = 0;
    for (const Bytes piece : call.body) body_bytes += piece.size();
    const KeyedRequest keyed{.method = call.method,
                             .account = address_.account,
                             .path = path,
                             .query = &call.query,
                             .body_bytes = body_bytes};
    request.headers.push_back(
        {"authorization",
         shared_key_authorization(as_bytes(credential.secret.reveal()), keyed, request.headers)});
  }
  return request;
}

cloud::Failure AzureDialect::read_failure(const cloud::Call& call,
                                          const web::HttpResponse& response) {
  return read_refusal(response, call.creates_only);
}

// A blob read whole comes with the MD5 it was written with, a range with its own when asked for.
std::optional<cloud::Failure> AzureDialect::check(const cloud::Call& call,
                                                  const web::HttpResponse& answer) {
  const bool is_asked =
      std::ranges::find(call.headers, kRangeMd5Header, &web::Header::name) != call.headers.end();
  const std::string_view told = answer.header("content-md5");
  if (call.method != "GET" || told.empty() || (answer.status == 206) != is_asked) {
    return std::nullopt;
  }
  const std::string md5 = cloud::md5(answer.body.bytes());
  if (md5.empty() || cloud::base64(md5) == told) return std::nullopt;
  // The emulator tells the whole blob's MD5 for a part of it.
  const std::string whole = fmt::format("/{}", answer.body.size());
  const bool is_part = is_asked && !answer.header("content-range").ends_with(whole);
  if (is_part && told == answer.header("x-ms-blob-content-md5")) return std::nullopt;
  return cloud::Failure{.kind = cloud::FailureKind::kChecksum,
                        .is_transient = true,
                        .http_status = answer.status,
                        .message = "the blob read is not the blob written"};
}

void add_body_md5(cloud::Call& call) {
  const std::string md5 = cloud::md5(call.body.front());
  if (!md5.empty()) call.headers.push_back({"content-md5", cloud::base64(md5)});
}

bool AzureDialect::mend(const cloud::Failure& failure, const web::HttpResponse& response) {
  const bool is_expired = response.status == 401 || failure.code == "InvalidAuthenticationInfo" ||
                          failure.code == "AuthenticationFailed";
  return is_expired && credentials_->drop();
}

}  // namespace odradek::store::azure
