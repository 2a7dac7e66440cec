#include "store/gcs/gcs_upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/ids.h"
#include "base/log.h"
#include "store/cloud/digests.h"
#include "wire/crc32c.h"

namespace odradek::store::gcs {
namespace {

constexpr uint64_t kChunkUnit = 256ULL << 10U;

}  // namespace

GcsUpload::GcsUpload(GcsStore& store, std::string object, uint64_t part_bytes)
    : store_(&store),
      object_(std::move(object)),
      part_bytes_(std::max<uint64_t>(1, (part_bytes + kChunkUnit - 1) / kChunkUnit) * kChunkUnit),
      mark_(Uuid::random().to_string()) {}

Result<ObjectInfo> GcsUpload::put_whole(Bytes content) {
  cloud::PutOutcome stored =
      store_->put_object(object_, content, {.kind = cloud::PutCondition::Kind::kAbsent});
  if (stored) return *std::move(stored);
  return store_->settle_put(object_, content, stored.error());
}

Result<void> GcsUpload::start() {
  cloud::Call call = store_->upload_call("begin upload", "POST", object_, "resumable");
  call.query.emplace_back("name", object_);
  call.query.emplace_back("ifGenerationMatch", "0");
  const nlohmann::json metadata = {{"name", object_}, {"metadata", {{kMarkName, mark_}}}};
  const std::string text = metadata.dump();
  call.body = {as_bytes(text)};
  call.headers = {{"content-type", "application/json; charset=UTF-8"}};
  call.creates_only = true;
  const cloud::Outcome outcome = store_->exchange_.run(call);
  if (!outcome) return outcome.error().error;
  // The session's URL may name another host than the one we may reach; its id is enough.
  Result<std::string> id = upload_id_of(outcome->http.header("location"));
  if (!id) return id.error().with_context("begin upload " + call.object);
  upload_id_ = *std::move(id);
  return {};
}

cloud::Call GcsUpload::session_call(std::string operation, const std::string& range) const {
  cloud::Call call = store_->upload_call(std::move(operation), "PUT", object_, "resumable");
  call.query.emplace_back("name", object_);
  call.query.emplace_back("upload_id", upload_id_);
  call.headers = {{"content-range", range}};
  call.also_good = {308};
  call.creates_only = true;
  return call;
}

cloud::Outcome GcsUpload::send_rest(const cloud::Part& part, uint64_t from,
                                    std::optional<uint64_t> total) {
  const uint64_t end = part.offset + part.bytes.size();
  cloud::Call call = session_call(
      "upload", fmt::format("bytes {}-{}/{}", from, end - 1, total ? std::to_string(*total) : "*"));
  call.body = {part.bytes.subspan(from - part.offset)};
  call.is_single = true;  // what is sent again depends on what was kept
  return store_->exchange_.run(call);
}

Result<GcsUpload::Progress> GcsUpload::read_progress(const web::HttpResponse& response) const {
  Progress progress;
  if (response.status == 308) {
    ODK_TRY(progress.kept, kept_bytes(response));
  } else {
    ODK_TRY(progress.object, parse_object(response.body.text()));
  }
  return progress;
}

Result<GcsUpload::Progress> GcsUpload::send_chunk(const cloud::Part& part,
                                                  std::optional<uint64_t> total) {
  const uint64_t end = part.offset + part.bytes.size();
  uint64_t from = part.offset;
  cloud::Backoff backoff(store_->exchange_.policy(), store_->exchange_.clock());
  while (true) {
    cloud::Outcome outcome = send_rest(part, from, total);
    bool was_lost = false;
    if (!outcome) {
      const auto wait = outcome.error().failure.is_transient && !given_up()
                            ? backoff.next(outcome.error().failure.retry_after)
                            : std::nullopt;
      if (!wait) return outcome.error().error;
      store_->exchange_.wait(*wait);
      was_lost = true;
      outcome = store_->exchange_.run(session_call(
          "ask for upload", fmt::format("bytes */{}", total ? std::to_string(*total) : "*")));
      if (!outcome) return outcome.error().error;
    }
    ODK_TRY(Progress progress, read_progress(outcome->http));
    if (progress.object || (progress.kept == end && !total)) return progress;
    if (progress.kept < part.offset || progress.kept > end) {
      return Error(Errc::kIo, fmt::format("upload {}: the store keeps {} bytes instead of {}",
                                          store_->name_of(object_), progress.kept, end));
    }
    // Everything is there but not made an object: the last byte says that it is all.
    const uint64_t next = std::min(progress.kept, end - 1);
    if (next <= from && !was_lost) {
      const auto wait = backoff.next(std::nullopt);
      if (!wait) {
        return Error(Errc::kTimedOut, fmt::format("upload {}: the store keeps no more bytes",
                                                  store_->name_of(object_)));
      }
      store_->exchange_.wait(*wait);
    }
    from = next;
  }
}

Result<void> GcsUpload::put_part(const cloud::Part& part) {
  crc_ = wire::crc32c_extend(crc_, part.bytes);
  ODK_TRY(const Progress progress, send_chunk(part, std::nullopt));
  if (!progress.object) return {};
  store_->remove_damaged(*progress.object);
  return Error(Errc::kIo,
               fmt::format("upload {}: the store ended it too early", store_->name_of(object_)));
}

Result<ObjectInfo> GcsUpload::complete(const cloud::Part& last) {
  crc_ = wire::crc32c_extend(crc_, last.bytes);
  const uint64_t size = last.offset + last.bytes.size();
  const Result<Progress> progress = send_chunk(last, size);
  if (progress) return check_written(*progress->object, size);
  // A refused condition or a session that is gone are what a lost success looks like.
  const std::optional<GcsObject> ours = find_ours();
  if (!ours) return progress.error();
  return check_written(*ours, size);
}

std::optional<GcsObject> GcsUpload::find_ours() {
  Result<GcsObject> there = store_->look_up(object_);
  if (!there || there->mark != mark_) return std::nullopt;
  return *std::move(there);
}

Result<ObjectInfo> GcsUpload::check_written(const GcsObject& object, uint64_t size) {
  const bool is_ours = object.crc32c.empty() || object.crc32c == cloud::base64_crc32c(crc_);
  if (is_ours && object.info.size_bytes == size) {
    return ObjectInfo{object_, size, object.info.etag};
  }
  store_->remove_damaged(object);
  return Error(Errc::kChecksum, fmt::format("upload {}: the store has other bytes than were sent",
                                            store_->name_of(object_)));
}

void GcsUpload::abort() {
  cloud::Call call = session_call("abort upload", "bytes */*");
  call.method = "DELETE";
  call.headers.clear();
  call.is_single = true;
  call.also_good = {404, 410, 499};
  const cloud::Outcome outcome = store_->exchange_.run(call);
  if (!outcome) {
    ODK_LOG(warn, "an unfinished upload stays with the store, which ends it after a week",
            kv("object", call.object), kv("reason", outcome.error().error.to_string()));
  }
}

}  // namespace odradek::store::gcs
