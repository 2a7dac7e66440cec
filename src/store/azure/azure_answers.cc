#include "store/azure/azure_answers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "store/cloud/xml.h"

namespace odradek::store::azure {
namespace {

using cloud::child_text;
using cloud::FailureKind;

using CodeKind = std::pair<std::string_view, FailureKind>;
constexpr auto kKinds = std::to_array<CodeKind>({
    {"BlobNotFound", FailureKind::kNotFound},
    {"ResourceNotFound", FailureKind::kNotFound},
    {"ContainerNotFound", FailureKind::kNoContainer},
    {"ContainerDisabled", FailureKind::kNoContainer},
    {"ContainerBeingDeleted", FailureKind::kNoContainer},
    {"BlobAlreadyExists", FailureKind::kAlreadyExists},
    {"ConditionNotMet", FailureKind::kPrecondition},
    {"TargetConditionNotMet", FailureKind::kPrecondition},
    {"AuthenticationFailed", FailureKind::kUnauthenticated},
    {"InvalidAuthenticationInfo", FailureKind::kUnauthenticated},
    {"NoAuthenticationInformation", FailureKind::kUnauthenticated},
    {"AuthorizationFailure", FailureKind::kPermissionDenied},
    {"AuthorizationPermissionMismatch", FailureKind::kPermissionDenied},
    {"AuthorizationProtocolMismatch", FailureKind::kPermissionDenied},
    {"AuthorizationResourceTypeMismatch", FailureKind::kPermissionDenied},
    {"AuthorizationServiceMismatch", FailureKind::kPermissionDenied},
    {"AuthorizationSourceIPMismatch", FailureKind::kPermissionDenied},
    {"InsufficientAccountPermissions", FailureKind::kPermissionDenied},
    {"AccountIsDisabled", FailureKind::kPermissionDenied},
    {"BlobImmutableDueToPolicy", FailureKind::kPermissionDenied},
    {"ServerBusy", FailureKind::kThrottled},
    {"OperationTimedOut", FailureKind::kTimeout},
    {"InternalError", FailureKind::kUnavailable},
    {"Md5Mismatch", FailureKind::kChecksum},
    {"InvalidMd5", FailureKind::kChecksum},
    {"Crc64Mismatch", FailureKind::kChecksum},
    // The XML that we send is right when it leaves.
    {"InvalidXmlDocument", FailureKind::kChecksum},
    {"InvalidXmlNodeValue", FailureKind::kChecksum},
});

bool is_transient(FailureKind kind) {
  return kind == FailureKind::kThrottled || kind == FailureKind::kTimeout ||
         kind == FailureKind::kUnavailable || kind == FailureKind::kChecksum;
}

}  // namespace

Result<cloud::ListPage> parse_listing(std::string_view xml) {
  pugi::xml_document document;
  ODK_TRY_VOID(cloud::parse_xml(xml, "EnumerationResults", document));
  const pugi::xml_node root = document.document_element();
  cloud::ListPage page;
  for (const pugi::xml_node& blob : root.child("Blobs").children("Blob")) {
    const pugi::xml_node properties = blob.child("Properties");
    if (child_text(properties, "ResourceType") == "directory") continue;
    ObjectInfo object;
    object.key = child_text(blob, "Name");
    // Names that XML cannot carry come encoded, and say so.
    if (std::string_view(blob.child("Name").attribute("Encoded").value()) == "true") {
      ODK_TRY(object.key, cloud::percent_decode(object.key, cloud::Plus::kIsPlus));
    }
    ODK_TRY(object.size_bytes, cloud::parse_size_text(child_text(properties, "Content-Length")));
    object.etag = child_text(properties, "Etag");
    page.objects.push_back(std::move(object));
  }
  page.next = child_text(root, "NextMarker");
  return page;
}

cloud::Failure read_refusal(const web::HttpResponse& response, bool creates_only) {
  cloud::Failure failure;
  failure.http_status = response.status;
  failure.request_id = cloud::clean_message(response.header("x-ms-request-id"));
  failure.code = cloud::clean_message(response.header("x-ms-error-code"));
  pugi::xml_document document;
  if (cloud::parse_xml(response.body.text(), "Error", document)) {
    const pugi::xml_node root = document.document_element();
    if (failure.code.empty()) failure.code = cloud::clean_message(child_text(root, "Code"));
    failure.message = cloud::clean_message(child_text(root, "Message"));
  }
  const auto found = std::ranges::find(kKinds, failure.code, &CodeKind::first);
  failure.kind = found != kKinds.end() ? found->second : cloud::kind_of_status(response.status);
  // The emulator has no codes of its own for changed bodies: none at all for XML.
  if (response.status == 400 && (failure.code.empty() || failure.message.contains("MD5"))) {
    failure.kind = FailureKind::kChecksum;
  }
  if (failure.kind == FailureKind::kPrecondition && creates_only) {
    failure.kind = FailureKind::kAlreadyExists;
  }
  failure.is_transient = is_transient(failure.kind) || cloud::is_transient_status(response.status);
  return failure;
}

}  // namespace odradek::store::azure
