#include "store/gcs/gcs_dialect.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "store/cloud/digests.h"
#include "store/gcs/gcs_answers.h"
#include "wire/crc32c.h"

namespace odradek::store::gcs {

GcsDialect::GcsDialect(cloud::Endpoint endpoint, std::unique_ptr<cloud::BearerCache> credentials)
    : endpoint_(std::move(endpoint)), credentials_(std::move(credentials)) {}

Result<web::HttpRequest> GcsDialect::make_request(const cloud::Call& call, TimestampMs /*now*/) {
  web::HttpRequest request{.method = call.method,
                           .url = endpoint_.text() + call.path,
                           .headers = call.headers,
                           .body = call.body,
                           .max_bytes = call.max_bytes,
                           .stall_timeout = call.stall_timeout};
  if (!call.query.empty()) request.url += "?" + cloud::query_text(call.query);
  if (credentials_ == nullptr) return request;
  ODK_TRY(const Secret token, credentials_->get());
  request.headers.push_back({"authorization", fmt::format("Bearer {}", token.reveal())});
  return request;
}

cloud::Failure GcsDialect::read_failure(const cloud::Call& call,
                                        const web::HttpResponse& response) {
  return read_refusal(response, call.creates_only);
}

// An object read whole comes with its CRC.
std::optional<cloud::Failure> GcsDialect::check(const cloud::Call& call,
                                                const web::HttpResponse& answer) {
  const bool is_media =
      std::ranges::find(call.query, "alt", &cloud::Query::value_type::first) != call.query.end();
  if (!is_media || answer.status != 200) return std::nullopt;
  const std::string told = crc32c_of(answer);
  const bool is_ranged =
      std::ranges::find(call.headers, "range", &web::Header::name) != call.headers.end();
  if (told.empty() || is_ranged ||
      told == cloud::base64_crc32c(wire::crc32c(answer.body.bytes()))) {
    return std::nullopt;
  }
  return cloud::Failure{.kind = cloud::FailureKind::kChecksum,
                        .is_transient = true,
                        .http_status = answer.status,
                        .message = "the object read is not the object written"};
}

bool GcsDialect::mend(const cloud::Failure& /*failure*/, const web::HttpResponse& response) {
  return response.status == 401 && credentials_ != nullptr && credentials_->drop();
}

}  // namespace odradek::store::gcs
