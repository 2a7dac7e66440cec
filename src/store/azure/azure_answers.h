#pragma once

#include <string>
#include <string_view>

#include "store/cloud/cloud_store.h"

// What Azure Blob Storage answers, read.
namespace odradek::store::azure {

// A page of List Blobs; folders of hierarchical accounts are left out. Errors: kMalformed.
Result<cloud::ListPage> parse_listing(std::string_view xml);

// Code and message of a refusal: of the header, else of the body.
cloud::Failure read_refusal(const web::HttpResponse& response, bool creates_only);

}  // namespace odradek::store::azure
