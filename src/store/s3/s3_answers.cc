#include "store/s3/s3_answers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "store/cloud/xml.h"

namespace odradek::store::s3 {
namespace {

using cloud::child_text;
using cloud::FailureKind;

using CodeKind = std::pair<std::string_view, FailureKind>;
constexpr auto kKinds = std::to_array<CodeKind>({
    {"NoSuchKey", FailureKind::kNotFound},
    {"NoSuchVersion", FailureKind::kNotFound},
    {"NoSuchBucket", FailureKind::kNoContainer},
    {"PreconditionFailed", FailureKind::kPrecondition},
    {"AccessDenied", FailureKind::kPermissionDenied},
    {"AllAccessDisabled", FailureKind::kPermissionDenied},
    {"AccountProblem", FailureKind::kPermissionDenied},
    {"InvalidAccessKeyId", FailureKind::kUnauthenticated},
    {"SignatureDoesNotMatch", FailureKind::kUnauthenticated},
    {"InvalidToken", FailureKind::kUnauthenticated},
    {"ExpiredToken", FailureKind::kUnauthenticated},
    {"TokenRefreshRequired", FailureKind::kUnauthenticated},
    {"RequestTimeTooSkewed", FailureKind::kUnauthenticated},
    {"AuthorizationHeaderMalformed", FailureKind::kUnauthenticated},
    {"SlowDown", FailureKind::kThrottled},
    {"SlowDownRead", FailureKind::kThrottled},
    {"SlowDownWrite", FailureKind::kThrottled},
    {"Throttling", FailureKind::kThrottled},
    {"ThrottlingException", FailureKind::kThrottled},
    {"TooManyRequests", FailureKind::kThrottled},
    {"RequestLimitExceeded", FailureKind::kThrottled},
    {"RequestTimeout", FailureKind::kTimeout},
    {"InternalError", FailureKind::kUnavailable},
    {"ServiceUnavailable", FailureKind::kUnavailable},
    {"OperationAborted", FailureKind::kUnavailable},
    {"ConditionalRequestConflict", FailureKind::kUnavailable},
    {"BadDigest", FailureKind::kChecksum},
    {"InvalidDigest", FailureKind::kChecksum},
    {"IncompleteBody", FailureKind::kChecksum},
    {"MalformedXML", FailureKind::kChecksum},  // what we send is right when it leaves
    {"XAmzContentSHA256Mismatch", FailureKind::kChecksum},
    {"XAmzContentChecksumMismatch", FailureKind::kChecksum},
});

}  // namespace

Result<cloud::ListPage> parse_listing(std::string_view xml) {
  pugi::xml_document document;
  ODK_TRY_VOID(cloud::parse_xml(xml, "ListBucketResult", document));
  const pugi::xml_node root = document.document_element();
  // Only said when asked for and done: a store that does not encode may list "a%20b" or "a+b".
  const bool is_encoded = child_text(root, "EncodingType") == "url";
  cloud::ListPage page;
  for (const pugi::xml_node& content : root.children("Contents")) {
    ObjectInfo object;
    object.key = child_text(content, "Key");
    if (is_encoded) {
      ODK_TRY(object.key, cloud::percent_decode(object.key, cloud::Plus::kIsSpace));
    }
    ODK_TRY(object.size_bytes, cloud::parse_size_text(child_text(content, "Size")));
    object.etag = child_text(content, "ETag");
    page.objects.push_back(std::move(object));
  }
  if (child_text(root, "IsTruncated") == "true") {
    page.next = child_text(root, "NextContinuationToken");
    if (page.next.empty()) {
      return Error(Errc::kMalformed, "the store's list goes on but does not say where");
    }
  }
  return page;
}

S3Error parse_error(std::string_view xml) {
  pugi::xml_document document;
  if (!cloud::parse_xml(xml, "Error", document)) return {};
  const pugi::xml_node root = document.document_element();
  return {.code = cloud::clean_message(child_text(root, "Code")),
          .message = cloud::clean_message(child_text(root, "Message")),
          .request_id = cloud::clean_message(child_text(root, "RequestId")),
          .region = cloud::clean_message(child_text(root, "Region"))};
}

FailureKind kind_of_error(std::string_view code, int status, bool creates_only) {
  const auto found = std::ranges::find(kKinds, code, &CodeKind::first);
  FailureKind kind = found != kKinds.end() ? found->second : cloud::kind_of_status(status);
  if (kind == FailureKind::kPrecondition && creates_only) kind = FailureKind::kAlreadyExists;
  return kind;
}

bool is_transient_code(std::string_view code) {
  const auto found = std::ranges::find(kKinds, code, &CodeKind::first);
  if (found == kKinds.end()) return false;
  switch (found->second) {
    case FailureKind::kThrottled:
    case FailureKind::kTimeout:
    case FailureKind::kUnavailable:
    case FailureKind::kChecksum: return true;
    default: return false;
  }
}

}  // namespace odradek::store::s3
