#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/cloud/cloud_store.h"

// What Google Cloud Storage's JSON API answers, read.
namespace odradek::store::gcs {

// One object's resource. Its generation is the etag of ObjectInfo: conditions are about it.
struct GcsObject {
  ObjectInfo info{};
  std::string crc32c{};  // base64; empty when the answer leaves it out
  std::string mark{};    // of the upload that made it
};
inline constexpr const char* kMarkName = "odradek-upload";  // in the object's metadata

// Errors: kMalformed.
Result<GcsObject> parse_object(std::string_view json);
Result<cloud::ListPage> parse_listing(std::string_view json);

cloud::Failure read_refusal(const web::HttpResponse& response, bool creates_only);

// How many bytes a 308 says are kept; 0 without Range. Errors: kMalformed.
Result<uint64_t> kept_bytes(const web::HttpResponse& response);
// The crc32c among the x-goog-hash headers, base64; empty when there is none.
std::string crc32c_of(const web::HttpResponse& response);
// The upload_id of a session's URL, decoded. Errors: kMalformed.
Result<std::string> upload_id_of(std::string_view location);

}  // namespace odradek::store::gcs
