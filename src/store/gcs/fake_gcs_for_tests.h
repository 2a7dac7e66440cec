#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "store/cloud/digests.h"
#include "store/fake_cloud_for_tests.h"
#include "wire/crc32c.h"

namespace odradek::store::gcs {

// As much of Google's JSON API as the store uses, in memory, bucket "bucket", pages of three
// objects. Unlike the usual emulator it knows the status question of resumable uploads.
class FakeGcs {
 public:
  AskedLog log;

  std::string url() const { return server_.url(); }
  Told handle(const Asked& asked) {  // as if no test had answered first
    const std::lock_guard lock(mutex_);
    if (asked.path.starts_with("/upload/")) return upload(asked);
    constexpr std::string_view kObjects = "/storage/v1/b/bucket/o";
    if (!asked.path.starts_with(kObjects)) {
      return refusal(404, "notFound", "The specified bucket does not exist.");
    }
    if (asked.path.size() == kObjects.size()) return list(asked);
    const std::string name = asked.path.substr(kObjects.size() + 1);
    const auto found = objects_.find(name);
    if (found == objects_.end()) return refusal(404, "notFound", "No such object");
    if (asked.has("ifGenerationMatch") &&
        asked.parameter("ifGenerationMatch") != std::to_string(found->second.generation)) {
      return refusal(412, "conditionNotMet", "words");
    }
    if (asked.method == "DELETE") {
      objects_.erase(found);
      return {.status = 204};
    }
    return asked.has("alt") ? media(found->second, asked)
                            : Told{.body = resource(name, found->second).dump()};
  }
  static Told refusal(int status, const std::string& reason, const std::string& message) {
    const nlohmann::json error = {
        {"error", {{"code", status}, {"message", message}, {"errors", {{{"reason", reason}}}}}}};
    return {.status = status, .headers = {{"x-guploader-uploadid", "REQ1"}}, .body = error.dump()};
  }
  // Keeps only the first `bytes` of the next chunk.
  void keep_of_next_chunk(size_t bytes) {
    const std::lock_guard lock(mutex_);
    keep_of_next_ = bytes;
  }
  // Flips a bit of the next object, before it is stored.
  void damage_next() {
    const std::lock_guard lock(mutex_);
    damage_next_ = true;
  }
  size_t sessions() {
    const std::lock_guard lock(mutex_);
    return sessions_.size();
  }

 private:
  struct Object {
    std::string content{};
    int generation = 0;
    nlohmann::json metadata{};
  };
  struct Session {
    std::string name{};
    std::string content{};
    nlohmann::json metadata{};
  };

  static std::string crc_of(const std::string& content) {
    return cloud::base64_crc32c(wire::crc32c(as_bytes(content)));
  }
  static nlohmann::json resource(const std::string& name, const Object& object) {
    nlohmann::json json = {{"name", name},
                           {"generation", std::to_string(object.generation)},
                           {"size", std::to_string(object.content.size())},
                           {"crc32c", crc_of(object.content)}};
    if (!object.metadata.is_null()) json["metadata"] = object.metadata;
    return json;
  }
  Told keep(const std::string& name, std::string content, const nlohmann::json& metadata,
            const std::string& condition) {
    const auto there = objects_.find(name);
    const int generation = there == objects_.end() ? 0 : there->second.generation;
    if (!condition.empty() && condition != std::to_string(generation)) {
      return refusal(412, "conditionNotMet", "words");
    }
    if (std::exchange(damage_next_, false)) content[0] ^= 1;
    objects_[name] = {std::move(content), ++last_generation_, metadata};
    return {.body = resource(name, objects_[name]).dump()};
  }
  Told media(const Object& object, const Asked& asked) const {
    Told told{.headers = {{"x-goog-generation", std::to_string(object.generation)},
                          {"x-goog-hash", "crc32c=" + crc_of(object.content) + ",md5=x"}},
              .body = object.content};
    const std::string range = asked.header("range");
    if (range.empty()) return told;
    return part_of(std::move(told), range).value_or(Told{.status = 416, .body = "words"});
  }
  Told list(const Asked& asked) const {
    nlohmann::json listing = nlohmann::json::object();
    const auto page = page_of(objects_, asked.parameter("prefix"), asked.parameter("pageToken"));
    if (!page.next.empty()) listing["nextPageToken"] = page.next;
    for (const auto& [name, object] : page.entries) {
      listing["items"].push_back(resource(name, *object));
    }
    return {.body = listing.dump()};
  }
  Told upload(const Asked& asked) {
    if (asked.has("upload_id")) return chunk(asked);
    if (asked.parameter("uploadType") == "multipart") return put_multipart(asked);
    const nlohmann::json metadata = nlohmann::json::parse(asked.body);
    const std::string id = "session-" + std::to_string(++last_session_);
    sessions_[id] = {asked.parameter("name"), "", metadata["metadata"]};
    return {.headers = {{"location", "http://elsewhere.example/upload?upload_id=" + id}}};
  }
  Told put_multipart(const Asked& asked) {
    const std::string type = asked.header("content-type");
    const std::string mark = "--" + type.substr(type.find("boundary=") + 9);
    const size_t json_at = asked.body.find("\r\n\r\n") + 4;
    const size_t json_end = asked.body.find("\r\n" + mark, json_at);
    const size_t content_at = asked.body.find("\r\n\r\n", json_end) + 4;
    const size_t content_end = asked.body.rfind("\r\n" + mark + "--");
    const nlohmann::json metadata =
        nlohmann::json::parse(asked.body.substr(json_at, json_end - json_at));
    const std::string content = asked.body.substr(content_at, content_end - content_at);
    if (metadata["crc32c"] != crc_of(content)) {
      return refusal(400, "invalid", "Provided CRC32C doesn't match calculated CRC32C");
    }
    return keep(metadata["name"], content, nullptr, asked.parameter("ifGenerationMatch"));
  }
  Told chunk(const Asked& asked) {
    const auto found = sessions_.find(asked.parameter("upload_id"));
    if (found == sessions_.end()) return refusal(410, "gone", "words");
    if (asked.method == "DELETE") {
      sessions_.erase(found);
      return {.status = 499};
    }
    Session& session = found->second;
    const std::string range = asked.header("content-range");
    const std::string total = range.substr(range.find('/') + 1);
    if (!range.starts_with("bytes */")) {
      const size_t from = std::stoull(range.substr(6));
      const size_t kept = std::exchange(keep_of_next_, SIZE_MAX);
      session.content.resize(std::min(session.content.size(), from));
      session.content += asked.body.substr(0, kept);
    }
    if (total == std::to_string(session.content.size())) {
      const Session done = session;
      sessions_.erase(found);
      return keep(done.name, done.content, done.metadata, "0");
    }
    Told told{.status = 308};
    if (!session.content.empty()) {
      told.headers["range"] = fmt::format("bytes=0-{}", session.content.size() - 1);
    }
    return told;
  }

  std::mutex mutex_;
  std::map<std::string, Object> objects_;
  std::map<std::string, Session> sessions_;
  int last_generation_ = 0;
  int last_session_ = 0;
  size_t keep_of_next_ = SIZE_MAX;
  bool damage_next_ = false;
  HttpServerForTests server_{logged(log, [this](const Asked& asked) { return handle(asked); })};
};

}  // namespace odradek::store::gcs
