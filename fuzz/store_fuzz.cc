// What object stores and the services that hand out credentials answer. The first byte chooses the
// reader; the rest is the hostile text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "store/azure/azure_answers.h"
#include "store/azure/azure_credentials.h"
#include "store/cloud/text.h"
#include "store/cloud/token_http.h"
#include "store/gcs/gcs_answers.h"
#include "store/gcs/gcs_credentials.h"
#include "store/s3/credentials/aws_profile.h"
#include "store/s3/credentials/aws_sources.h"
#include "store/s3/s3_answers.h"

namespace {

using namespace odradek;
using namespace odradek::store;

void read_refusals(std::string_view text) {
  const web::HttpResponse response{.status = 400, .body = Slice::copy_of(text)};
  static_cast<void>(s3::parse_error(text));
  for (const cloud::Failure& failure :
       {azure::read_refusal(response, true), gcs::read_refusal(response, false)}) {
    if (failure.message.size() > 300) __builtin_trap();
  }
}

void read_json(std::string_view text) {
  const Result<nlohmann::json> json = cloud::parse_json(text, "fuzz");
  if (!json) return;
  static_cast<void>(s3::read_credentials_json(*json, "fuzz"));
  static_cast<void>(cloud::read_oauth_answer(*json, "fuzz", 0));
}

void read_texts(std::string_view text) {
  const Result<std::string> decoded = cloud::percent_decode(text, cloud::Plus::kIsPlus);
  // What is encoded again and decoded again is the same.
  if (decoded) {
    const Result<std::string> again =
        cloud::percent_decode(cloud::percent_encode(*decoded), cloud::Plus::kIsPlus);
    if (!again || *again != *decoded) __builtin_trap();
  }
  static_cast<void>(cloud::parse_endpoint(text));
  static_cast<void>(cloud::parse_http_time(text));
  static_cast<void>(cloud::parse_iso_time(text));
  static_cast<void>(gcs::upload_id_of(text));
  static_cast<void>(gcs::kept_bytes({.headers = {{"range", std::string(text)}}}));
  static_cast<void>(gcs::crc32c_of({.headers = {{"x-goog-hash", std::string(text)}}}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch ((data[0] + 2) % 10) {  // "0" is the first
    case 0: static_cast<void>(s3::parse_listing(text)); break;
    case 1: static_cast<void>(azure::parse_listing(text)); break;
    case 2: static_cast<void>(gcs::parse_listing(text)); break;
    case 3: static_cast<void>(gcs::parse_object(text)); break;
    case 4: read_refusals(text); break;
    case 5: static_cast<void>(s3::read_sts_answer(text)); break;
    case 6: static_cast<void>(s3::parse_aws_profiles(text, s3::AwsFile::kConfig)); break;
    case 7: static_cast<void>(gcs::parse_google_credentials(text)); break;
    case 8:
      read_json(text);
      static_cast<void>(azure::parse_connection_string(text));
      break;
    default: read_texts(text);
  }
  return 0;
}
