#pragma once

#include <fmt/format.h>

#include "auth/base64.h"
#include "store/cloud/digests.h"
#include "store/cloud/xml.h"
#include "store/fake_cloud_for_tests.h"

namespace odradek::store::azure {

// As much of Azure Blob Storage as the store uses, in memory: account "account", container
// "container", pages of three blobs. Checks the MD5 of bodies, not signatures.
class FakeAzure {
 public:
  AskedLog log;

  std::string url() const { return server_.url() + "/account"; }
  Told handle(const Asked& asked) {  // as if no test had answered first
    const std::lock_guard lock(mutex_);
    constexpr std::string_view kContainer = "/account/container";
    if (!asked.path.starts_with(kContainer)) return refusal(404, "ContainerNotFound");
    const std::string md5 = asked.header("content-md5");
    if (!md5.empty() && md5 != cloud::base64(cloud::md5(as_bytes(asked.body)))) {
      return refusal(400, "Md5Mismatch");
    }
    if (asked.parameter("comp") == "list") return list(asked);
    const std::string name = asked.path.substr(kContainer.size() + 1);
    if (asked.method == "PUT") return put(name, asked);
    if (asked.method == "DELETE") {
      return blobs_.erase(name) > 0 ? Told{.status = 202} : refusal(404, "BlobNotFound");
    }
    return read(name, asked);
  }
  static Told refusal(int status, const std::string& code) {
    return {.status = status,
            .headers = {{"x-ms-error-code", code}, {"x-ms-request-id", "REQ1"}},
            .body = "<?xml version=\"1.0\"?><Error><Code>" + code +
                    "</Code><Message>words\nRequestId:REQ1</Message></Error>"};
  }

 private:
  struct Blob {
    std::string content{};
    std::string etag{};
    std::string md5{};
    std::string mark{};
  };

  std::optional<Told> refused(const std::string& name, const Asked& asked) const {
    const auto there = blobs_.find(name);
    if (asked.header("if-none-match") == "*" && there != blobs_.end()) {
      return refusal(409, "BlobAlreadyExists");
    }
    const std::string wanted = asked.header("if-match");
    if (!wanted.empty() && (there == blobs_.end() || there->second.etag != wanted)) {
      return refusal(412, "ConditionNotMet");
    }
    return std::nullopt;
  }
  Told put(const std::string& name, const Asked& asked) {
    if (asked.parameter("comp") == "block") {
      blocks_[name + "\n" + asked.parameter("blockid")] = asked.body;
      return {.status = 201};
    }
    if (const std::optional<Told> no = refused(name, asked)) return *no;
    const std::string etag = fmt::format("\"0x{}\"", ++generation_);
    if (asked.parameter("comp") != "blocklist") {
      blobs_[name] = {asked.body, etag, asked.header("content-md5"), ""};
      return {.status = 201, .headers = {{"etag", etag}}};
    }
    pugi::xml_document document;
    if (!cloud::parse_xml(asked.body, "BlockList", document)) return refusal(400, "InvalidXml");
    std::string content;
    for (const pugi::xml_node& id : document.document_element().children("Latest")) {
      const auto found = blocks_.find(name + "\n" + id.text().get());
      if (found == blocks_.end()) return refusal(400, "InvalidBlockList");
      content += found->second;
    }
    blobs_[name] = {content, etag, "", asked.header("x-ms-meta-odradek_upload")};
    std::erase_if(blocks_, [&](const auto& block) { return block.first.starts_with(name + "\n"); });
    return {.status = 201, .headers = {{"etag", etag}}};
  }
  Told read(const std::string& name, const Asked& asked) const {
    const auto found = blobs_.find(name);
    if (found == blobs_.end()) return refusal(404, "BlobNotFound");
    if (const std::optional<Told> no = refused(name, asked)) return *no;
    const Blob& blob = found->second;
    Told told{.headers = {{"etag", blob.etag}}, .body = blob.content};
    if (!blob.mark.empty()) told.headers["x-ms-meta-odradek_upload"] = blob.mark;
    if (asked.method == "HEAD") {
      told.headers["content-length"] = std::to_string(blob.content.size());
      return told;
    }
    const std::string range = asked.header("x-ms-range");
    if (range.empty()) {
      if (!blob.md5.empty()) told.headers["content-md5"] = blob.md5;
      return told;
    }
    std::optional<Told> part = part_of(std::move(told), range);
    if (!part) return refusal(416, "InvalidRange");
    if (asked.header("x-ms-range-get-content-md5") == "true") {
      part->headers["content-md5"] = cloud::base64(cloud::md5(as_bytes(part->body)));
    }
    return *part;
  }
  Told list(const Asked& asked) const {
    std::string xml = "<?xml version=\"1.0\"?><EnumerationResults><Blobs>";
    const auto page = page_of(blobs_, asked.parameter("prefix"), asked.parameter("marker"));
    for (const auto& [name, blob] : page.entries) {
      xml += fmt::format(
          "<Blob><Name>{}</Name><Properties><Content-Length>{}</Content-Length><Etag>{}</Etag>"
          "</Properties></Blob>",
          cloud::escape_xml(name), blob->content.size(), blob->etag);
    }
    return {.body = xml + "</Blobs><NextMarker>" + cloud::escape_xml(page.next) +
                    "</NextMarker></EnumerationResults>"};
  }

  std::mutex mutex_;
  std::map<std::string, Blob> blobs_;
  std::map<std::string, std::string> blocks_;
  int generation_ = 0;
  HttpServerForTests server_{logged(log, [this](const Asked& asked) { return handle(asked); })};
};

}  // namespace odradek::store::azure
