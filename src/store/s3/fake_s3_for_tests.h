#pragma once

#include <fmt/format.h>

#include <atomic>

#include "store/cloud/digests.h"
#include "store/cloud/xml.h"
#include "store/fake_cloud_for_tests.h"

namespace odradek::store::s3 {

// As much of S3 as the store uses, in memory, bucket "bucket", pages of three keys. Does not check
// signatures: real servers do.
class FakeS3 {
 public:
  AskedLog log;

  std::string url() const { return server_.url(); }
  int connections() { return server_.connections(); }
  Told handle(const Asked& asked) {  // as if no test had answered first
    const std::lock_guard lock(mutex_);
    constexpr std::string_view kBucket = "/bucket";
    if (!asked.path.starts_with(kBucket)) return refusal(404, "NoSuchBucket");
    const std::string key = asked.path.size() > kBucket.size() + 1
                                ? asked.path.substr(kBucket.size() + 1)
                                : std::string();
    if (asked.has("list-type")) return list(asked);
    if (asked.has("uploads")) return begin(asked);
    if (asked.has("uploadId")) return upload(asked, key);
    if (asked.method == "PUT") return put(key, asked);
    if (asked.method == "DELETE") return {.status = objects_.erase(key) > 0 ? 204 : 204};
    return read(key, asked);
  }
  static Told refusal(int status, const std::string& code, const std::string& more = "") {
    return {.status = status,
            .headers = {{"x-amz-request-id", "REQ1"}},
            .body = "<?xml version=\"1.0\"?><Error><Code>" + code +
                    "</Code><Message>words</Message>" + more + "</Error>"};
  }
  size_t uploads() {
    const std::lock_guard lock(mutex_);
    return uploads_.size();
  }

 private:
  struct Object {
    std::string content{};
    std::string etag{};
    std::map<std::string, std::string> meta{};
  };
  struct Upload {
    std::map<int, std::string> parts{};
    std::map<std::string, std::string> meta{};
  };

  static std::map<std::string, std::string> meta_of(const Asked& asked) {
    std::map<std::string, std::string> meta;
    for (const auto& [name, value] : asked.headers) {
      if (name.starts_with("x-amz-meta-") || name == "x-amz-checksum-sha256") meta[name] = value;
    }
    return meta;
  }
  std::optional<Told> refused(const std::string& key, const Asked& asked) const {
    const auto there = objects_.find(key);
    if (asked.header("if-none-match") == "*" && there != objects_.end()) {
      return refusal(412, "PreconditionFailed");
    }
    const std::string wanted = asked.header("if-match");
    if (!wanted.empty() && there == objects_.end()) return refusal(404, "NoSuchKey");
    if (!wanted.empty() && there->second.etag != wanted) return refusal(412, "PreconditionFailed");
    return std::nullopt;
  }
  Told put(const std::string& key, const Asked& asked) {
    if (const std::optional<Told> no = refused(key, asked)) return *no;
    return keep(key, asked.body, meta_of(asked));
  }
  Told keep(const std::string& key, const std::string& content,
            std::map<std::string, std::string> meta) {
    const std::string etag = "\"" + cloud::to_hex(as_bytes(cloud::md5(as_bytes(content)))) + "\"";
    objects_[key] = {content, etag, std::move(meta)};
    return {.headers = {{"etag", etag}}};
  }
  Told read(const std::string& key, const Asked& asked) const {
    const auto found = objects_.find(key);
    if (found == objects_.end()) return refusal(404, "NoSuchKey");
    Told told{.headers = found->second.meta, .body = found->second.content};
    told.headers["etag"] = found->second.etag;
    if (asked.method == "HEAD") {
      told.headers["content-length"] = std::to_string(told.body.size());
      return told;
    }
    const std::string range = asked.header("range");
    if (range.empty()) return told;
    told.headers.erase("x-amz-checksum-sha256");
    return part_of(std::move(told), range).value_or(refusal(416, "InvalidRange"));
  }
  Told list(const Asked& asked) const {
    std::string xml =
        "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        "<EncodingType>url</EncodingType>";
    const auto page =
        page_of(objects_, asked.parameter("prefix"), asked.parameter("continuation-token"));
    for (const auto& [key, object] : page.entries) {
      xml += fmt::format("<Contents><Key>{}</Key><Size>{}</Size><ETag>{}</ETag></Contents>",
                         cloud::percent_encode_path(key), object->content.size(),
                         cloud::escape_xml(object->etag));
    }
    xml += page.next.empty() ? "<IsTruncated>false</IsTruncated>"
                             : "<IsTruncated>true</IsTruncated><NextContinuationToken>" +
                                   cloud::escape_xml(page.next) + "</NextContinuationToken>";
    return {.body = xml + "</ListBucketResult>"};
  }
  Told begin(const Asked& asked) {
    const std::string id = "upload-" + std::to_string(++last_upload_);
    uploads_[id].meta = meta_of(asked);
    return {.body = "<InitiateMultipartUploadResult><UploadId>" + id +
                    "</UploadId></InitiateMultipartUploadResult>"};
  }
  Told upload(const Asked& asked, const std::string& key) {
    const auto found = uploads_.find(asked.parameter("uploadId"));
    if (found == uploads_.end()) return refusal(404, "NoSuchUpload");
    if (asked.method == "DELETE") {
      uploads_.erase(found);
      return {.status = 204};
    }
    if (asked.method == "PUT") {
      found->second.parts[std::stoi(asked.parameter("partNumber"))] = asked.body;
      return {.headers = {{"etag", "\"part\""}}};
    }
    if (const std::optional<Told> no = refused(key, asked)) return *no;
    std::string content;
    for (const auto& [number, part] : found->second.parts) content += part;
    const Told kept = keep(key, content, found->second.meta);
    uploads_.erase(found);
    return {.body = "<CompleteMultipartUploadResult><ETag>" +
                    cloud::escape_xml(kept.headers.at("etag")) +
                    "</ETag></CompleteMultipartUploadResult>"};
  }

  std::mutex mutex_;
  std::map<std::string, Object> objects_;
  std::map<std::string, Upload> uploads_;
  int last_upload_ = 0;
  HttpServerForTests server_{logged(log, [this](const Asked& asked) { return handle(asked); })};
};

}  // namespace odradek::store::s3
