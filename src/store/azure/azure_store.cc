#include "store/azure/azure_store.h"

#include <algorithm>
#include <utility>

#include "store/azure/azure_answers.h"
#include "store/azure/azure_upload.h"
#include "store/cloud/xml.h"

namespace odradek::store::azure {
namespace {

constexpr uint64_t kRangeMd5Max = 4U << 20U;     // Azure hashes no longer ranges

}  // namespace

AzureStore::AzureStore(AzureOptions options, std::unique_ptr<AzureCredentialCache> credentials)
    : CloudStore(options.cloud, "azblob://" + options.address.container, options.prefix),
      address_(options.address),
      dialect_(options.address, std::move(credentials)),
      exchange_(http(), dialect_, options.cloud.retry, *cloud_options().clock,
                options.cloud.sleeper) {}

cloud::Call AzureStore::call(std::string operation, std::string method,
                             const std::string& object) const {
  return {.operation = std::move(operation),
          .object = name_of(object),
          .method = std::move(method),
          .path = "/" + cloud::percent_encode(address_.container) + "/" +
                  cloud::percent_encode_path(object)};
}

cloud::PutOutcome AzureStore::put_object(const std::string& object, Bytes content,
                                         const cloud::PutCondition& condition) {
  cloud::Call call = this->call("put", "PUT", object);
  call.body = {content};
  call.headers = {{"x-ms-blob-type", "BlockBlob"}, {"content-type", "application/octet-stream"}};
  add_body_md5(call);
  if (condition.kind == cloud::PutCondition::Kind::kAbsent) {
    call.headers.push_back({"if-none-match", "*"});
    call.creates_only = true;
  } else if (condition.kind == cloud::PutCondition::Kind::kMatches) {
    call.headers.push_back({"if-match", condition.etag});
  }
  cloud::Outcome outcome = exchange_.run(call);
  if (!outcome) return std::unexpected(std::move(outcome).error());
  return ObjectInfo{object, content.size(), etag_of(outcome->http)};
}

cloud::Outcome AzureStore::read_object(const std::string& object, const cloud::ReadRange& range) {
  if (range.kind == cloud::ReadRange::Kind::kSuffix) return read_suffix(object, range.length);
  cloud::Call call = this->call("get", "GET", object);
  call.max_bytes = range.max_bytes();
  if (range.kind == cloud::ReadRange::Kind::kFrom) {
    call.headers.push_back({"x-ms-range", range.text()});
    if (range.length <= kRangeMd5Max) call.headers.push_back({kRangeMd5Header, "true"});
    cloud::allow_no_range(call);
  }
  return exchange_.run(call);
}

// Azure knows no suffix ranges: the size first, then that very version.
cloud::Outcome AzureStore::read_suffix(const std::string& object, uint64_t length) {
  cloud::Outcome found = exchange_.run(call("head", "HEAD", object));
  if (!found) return found;
  const uint64_t size = cloud::parse_size_text(found->http.header("content-length")).value_or(0);
  const uint64_t taken = std::min(length, size);
  if (taken == 0) return cloud::Reply{.http = {.status = 416}};
  cloud::Call call = this->call("get", "GET", object);
  const cloud::ReadRange range{
      .kind = cloud::ReadRange::Kind::kFrom, .offset = size - taken, .length = taken};
  call.headers = {{"x-ms-range", range.text()}, {"if-match", etag_of(found->http)}};
  if (taken <= kRangeMd5Max) call.headers.push_back({kRangeMd5Header, "true"});
  call.max_bytes = range.max_bytes();
  return exchange_.run(call);
}

std::string AzureStore::etag_of(const web::HttpResponse& read) const {
  return std::string(read.header("etag"));
}

Result<ObjectInfo> AzureStore::head_object(const std::string& object) {
  const cloud::Outcome outcome = exchange_.run(call("head", "HEAD", object));
  if (!outcome) return outcome.error().error;
  ODK_TRY(const uint64_t size, cloud::parse_size_text(outcome->http.header("content-length")));
  return ObjectInfo{object, size, etag_of(outcome->http)};
}

Result<cloud::ListPage> AzureStore::list_page(const std::string& prefix, const std::string& from) {
  cloud::Call call = this->call("list", "GET", "");
  call.path.pop_back();  // the slash behind the container
  call.object = name_of(prefix);
  call.query = {{"restype", "container"}, {"comp", "list"}, {"prefix", prefix}};
  if (!from.empty()) call.query.emplace_back("marker", from);
  return cloud::run_listing(exchange_, std::move(call), parse_listing);
}

Result<void> AzureStore::remove_object(const std::string& object) {
  cloud::Call call = this->call("remove", "DELETE", object);
  call.headers.push_back({"x-ms-delete-snapshots", "include"});
  return cloud::run_removal(exchange_, call);
}

std::unique_ptr<cloud::PartUpload> AzureStore::start_upload(const std::string& object,
                                                            const WriterOptions& options) {
  return std::make_unique<AzureUpload>(*this, object, options.part_bytes);
}

}  // namespace odradek::store::azure
