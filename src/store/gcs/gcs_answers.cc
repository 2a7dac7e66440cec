#include "store/gcs/gcs_answers.h"

#include <utility>

#include "store/cloud/token_http.h"
#include "store/cloud/xml.h"

namespace odradek::store::gcs {
namespace {

using cloud::FailureKind;
using nlohmann::json;

constexpr std::string_view kWhat = "the store's answer";

Result<GcsObject> read_object(const json& resource) {
  GcsObject object;
  ODK_TRY(object.info.key, cloud::text_field(resource, "name", kWhat));
  ODK_TRY(object.info.etag, cloud::text_field(resource, "generation", kWhat));
  // Proto3 JSON leaves the zero of an empty object out.
  ODK_TRY(object.info.size_bytes,
          cloud::parse_size_text(cloud::text_field_or(resource, "size", "0")));
  object.crc32c = cloud::text_field_or(resource, "crc32c", "");
  const auto metadata = resource.find("metadata");
  if (metadata != resource.end() && metadata->is_object()) {
    object.mark = cloud::text_field_or(*metadata, kMarkName, "");
  }
  return object;
}

FailureKind kind_of(int status, std::string_view reason, std::string_view message) {
  if (status == 404 && message.contains("bucket does not exist")) return FailureKind::kNoContainer;
  if (reason == "rateLimitExceeded" || reason == "userRateLimitExceeded") {
    return FailureKind::kThrottled;
  }
  if (status == 400 && (message.contains("CRC32C") || message.contains("MD5")) &&
      message.contains("match")) {
    return FailureKind::kChecksum;
  }
  return cloud::kind_of_status(status);
}

}  // namespace

Result<GcsObject> parse_object(std::string_view text) {
  ODK_TRY(const json resource, cloud::parse_json(text, kWhat));
  return read_object(resource);
}

Result<cloud::ListPage> parse_listing(std::string_view text) {
  ODK_TRY(const json listing, cloud::parse_json(text, kWhat));
  cloud::ListPage page;
  page.next = cloud::text_field_or(listing, "nextPageToken", "");
  const auto items = listing.find("items");
  if (items == listing.end()) return page;
  if (!items->is_array()) return Error(Errc::kMalformed, "the store's list is none");
  for (const json& item : *items) {
    if (!item.is_object()) return Error(Errc::kMalformed, "the store's list has no objects");
    ODK_TRY(GcsObject object, read_object(item));
    page.objects.push_back(std::move(object.info));
  }
  return page;
}

cloud::Failure read_refusal(const web::HttpResponse& response, bool creates_only) {
  cloud::Failure failure;
  failure.http_status = response.status;
  failure.request_id = cloud::clean_message(response.header("x-guploader-uploadid"));
  const Result<json> body = cloud::parse_json(response.body.text(), kWhat);
  const auto error = body ? body->find("error") : json::const_iterator();
  if (body && error != body->end() && error->is_object()) {
    failure.message = cloud::clean_message(cloud::text_field_or(*error, "message", ""));
    const auto errors = error->find("errors");
    if (errors != error->end() && errors->is_array() && !errors->empty() &&
        errors->front().is_object()) {
      failure.code = cloud::clean_message(cloud::text_field_or(errors->front(), "reason", ""));
    }
  } else {
    failure.message = cloud::clean_message(response.body.text());  // reads refuse in plain words
  }
  failure.kind = kind_of(response.status, failure.code, failure.message);
  if (failure.kind == FailureKind::kPrecondition && creates_only) {
    failure.kind = FailureKind::kAlreadyExists;
  }
  failure.is_transient = cloud::is_transient_status(response.status) ||
                         failure.kind == FailureKind::kThrottled ||
                         failure.kind == FailureKind::kChecksum;
  return failure;
}

Result<uint64_t> kept_bytes(const web::HttpResponse& response) {
  constexpr std::string_view kFrom = "bytes=0-";
  const std::string_view range = response.header("range");
  if (range.empty()) return 0;
  if (!range.starts_with(kFrom)) return Error(Errc::kMalformed, "the store kept bytes of no range");
  ODK_TRY(const uint64_t last, cloud::parse_size_text(range.substr(kFrom.size())));
  return last + 1;
}

std::string crc32c_of(const web::HttpResponse& response) {
  constexpr std::string_view kName = "crc32c=";
  for (const web::Header& header : response.headers) {
    if (header.name != "x-goog-hash") continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const std::string_view part = cloud::trim(rest.substr(0, rest.find(',')));
      rest.remove_prefix(rest.find(',') == rest.npos ? rest.size() : rest.find(',') + 1);
      if (part.starts_with(kName)) return std::string(part.substr(kName.size()));
    }
  }
  return {};
}

Result<std::string> upload_id_of(std::string_view location) {
  constexpr std::string_view kName = "upload_id=";
  size_t at = location.find('?');
  while (at != location.npos) {
    std::string_view part = location.substr(at + 1);
    part = part.substr(0, part.find('&'));
    if (part.starts_with(kName) && part.size() > kName.size()) {
      return cloud::percent_decode(part.substr(kName.size()), cloud::Plus::kIsPlus);
    }
    at = location.find('&', at + 1);
  }
  return Error(Errc::kMalformed, "the store named no upload session");
}

}  // namespace odradek::store::gcs
