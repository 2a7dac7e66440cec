#pragma once

#include <string>
#include <string_view>

#include "store/cloud/cloud_store.h"

// What S3 answers in XML, read.
namespace odradek::store::s3 {

// A page of ListObjectsV2. Errors: kMalformed.
Result<cloud::ListPage> parse_listing(std::string_view xml);

struct S3Error {
  std::string code{};
  std::string message{};
  std::string request_id{};
  std::string region{};
};
// Empty fields when the text is no error of S3.
S3Error parse_error(std::string_view xml);

// What a refusal means, by code first: the status says less, and some stores take other ones.
cloud::FailureKind kind_of_error(std::string_view code, int status, bool creates_only);
bool is_transient_code(std::string_view code);

}  // namespace odradek::store::s3
