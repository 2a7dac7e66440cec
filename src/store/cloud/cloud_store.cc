#include "store/cloud/cloud_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace odradek::store::cloud {
namespace {

// Objects read whole are manifests and commits; segments are read by ranges.
constexpr size_t kReadMaxBytes = size_t{1} << 30U;
constexpr size_t kPagesMax = 100'000;

std::string with_slash(std::string prefix) {
  if (!prefix.empty()) prefix += '/';
  return prefix;
}

bool is_condition(FailureKind kind) {
  return kind == FailureKind::kAlreadyExists || kind == FailureKind::kPrecondition;
}

// The first byte of "bytes 3-6/10".
std::optional<uint64_t> first_of_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  uint64_t first = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), first);
  if (failure != std::errc() || end == text.data() + text.size() || *end != '-') {
    return std::nullopt;
  }
  return first;
}

}  // namespace

std::string ReadRange::text() const {
  if (kind == Kind::kSuffix) return fmt::format("bytes=-{}", length);
  if (length > UINT64_MAX - offset) return fmt::format("bytes={}-", offset);
  return fmt::format("bytes={}-{}", offset, offset + length - 1);
}

size_t ReadRange::max_bytes() const { return std::min<uint64_t>(length, kReadMaxBytes); }

Result<Slice> cut_answer(const web::HttpResponse& response, const ReadRange& range) {
  const Slice& body = response.body;
  if (response.status == 416) return Slice();
  if (range.kind == ReadRange::Kind::kWhole) return body;
  if (response.status == 206) {
    const std::optional<uint64_t> first = first_of_content_range(response.header("content-range"));
    const bool is_asked = range.kind == ReadRange::Kind::kSuffix || first == range.offset;
    if (!first || !is_asked || body.size() > range.length) {
      return Error(Errc::kMalformed, "the store answered with other bytes than those asked for");
    }
    return body;
  }
  // A server may answer with the whole object instead.
  const uint64_t length = std::min<uint64_t>(range.length, body.size());
  const uint64_t from = range.kind == ReadRange::Kind::kSuffix
                            ? body.size() - length
                            : std::min<uint64_t>(range.offset, body.size());
  return body.subslice(from, std::min<uint64_t>(length, body.size() - from));
}

CloudStore::CloudStore(const CloudOptions& options, std::string place, std::string prefix)
    : options_(options),
      place_(std::move(place)),
      prefix_(with_slash(std::move(prefix))),
      http_(options.http, *options.clock),
      pool_(options.upload_threads) {}

std::string CloudStore::describe() const {
  return prefix_.empty() ? place_ : place_ + "/" + prefix_.substr(0, prefix_.size() - 1);
}

Result<ObjectInfo> CloudStore::put_if_absent(const std::string& key, Bytes content) {
  return conditional_put(key, content, {.kind = PutCondition::Kind::kAbsent});
}

Result<ObjectInfo> CloudStore::put_if_match(const std::string& key, Bytes content,
                                            const std::string& etag) {
  if (etag.empty()) return put_if_absent(key, content);
  return conditional_put(key, content, {.kind = PutCondition::Kind::kMatches, .etag = etag});
}

Result<ObjectInfo> CloudStore::put(const std::string& key, Bytes content) {
  return conditional_put(key, content, {});
}

Result<ObjectInfo> CloudStore::conditional_put(const std::string& key, Bytes content,
                                               const PutCondition& condition) {
  ODK_TRY_VOID(check_key(key));
  const std::string object = object_of(key);
  PutOutcome stored = put_object(object, content, condition);
  // What is gone is not the version that was asked for either.
  if (!stored && condition.kind == PutCondition::Kind::kMatches &&
      stored.error().failure.kind == FailureKind::kNotFound) {
    return Error(Errc::kPrecondition, std::string(stored.error().error.message()));
  }
  Result<ObjectInfo> info =
      stored ? Result<ObjectInfo>(*std::move(stored)) : settle_put(object, content, stored.error());
  if (info) info->key = key;
  return info;
}

Result<ObjectInfo> CloudStore::settle_put(const std::string& object, Bytes content,
                                          const CallFailure& refused) {
  if (!is_condition(refused.failure.kind) || !refused.after_unclear) return refused.error;
  const Outcome there = read_object(object, {});
  if (!there || !std::ranges::equal(there->http.body.bytes(), content)) return refused.error;
  return ObjectInfo{object, content.size(), etag_of(there->http)};
}

Result<std::unique_ptr<ObjectWriter>> CloudStore::open_writer(
    const std::string& key, const std::optional<WriterOptions>& options) {
  ODK_TRY_VOID(check_key(key));
  const WriterOptions chosen = options.value_or(options_.writer);
  return std::make_unique<PartedWriter>(key, start_upload(object_of(key), chosen), pool_,
                                        chosen.in_flight);
}

Result<Slice> CloudStore::read(const std::string& key, const ReadRange& range) {
  ODK_TRY_VOID(check_key(key));
  const std::string object = object_of(key);
  const Outcome answer = read_object(object, range);
  if (!answer) return answer.error().error;
  Result<Slice> cut = cut_answer(answer->http, range);
  if (!cut) return cut.error().with_context("get " + name_of(object));
  return cut;
}

Result<Slice> CloudStore::get(const std::string& key) { return read(key, {}); }

Result<Slice> CloudStore::get_range(const std::string& key, uint64_t offset, uint64_t length) {
  if (length == 0) {  // no range says "nothing"
    ODK_TRY_VOID(head(key));
    return Slice();
  }
  return read(key, {.kind = ReadRange::Kind::kFrom, .offset = offset, .length = length});
}

Result<Slice> CloudStore::get_suffix(const std::string& key, uint64_t length) {
  if (length == 0) return get_range(key, 0, 0);
  return read(key, {.kind = ReadRange::Kind::kSuffix, .length = length});
}

Result<ObjectInfo> CloudStore::head(const std::string& key) {
  ODK_TRY_VOID(check_key(key));
  ODK_TRY(ObjectInfo info, head_object(object_of(key)));
  info.key = key;
  return info;
}

Result<std::vector<ObjectInfo>> CloudStore::list(const std::string& prefix) {
  const std::string whole = object_of(prefix);
  std::vector<ObjectInfo> found;
  std::string from;
  for (size_t pages = 0; pages < kPagesMax; ++pages) {
    Result<ListPage> page = list_page(whole, from);
    if (!page) return page.error();
    for (ObjectInfo& object : page->objects) {
      if (!object.key.starts_with(whole)) {
        return Error(Errc::kMalformed, fmt::format("list {}: the store lists objects that do not "
                                                   "begin with the prefix",
                                                   name_of(whole)));
      }
      object.key.erase(0, prefix_.size());
      // Folders that some consoles make are objects whose names end with a slash.
      if (check_key(object.key)) found.push_back(std::move(object));
    }
    if (page->next.empty()) {
      std::ranges::sort(found, {}, &ObjectInfo::key);
      return found;
    }
    if (page->next == from) break;
    from = std::move(page->next);
  }
  return Error(Errc::kMalformed,
               fmt::format("list {}: the store's pages do not end", name_of(whole)));
}

Result<void> CloudStore::remove(const std::string& key) {
  ODK_TRY_VOID(check_key(key));
  return remove_object(object_of(key));
}

void allow_no_range(Call& call) {
  constexpr size_t kRefusalBytes = size_t{64} << 10U;
  call.also_good = {416};
  call.max_bytes = std::max(call.max_bytes, kRefusalBytes);
}

Result<ListPage> run_listing(Exchange& exchange, Call call,
                             Result<ListPage> (*parse)(std::string_view body)) {
  constexpr size_t kPageBytesMax = size_t{32} << 20U;  // some thousand names
  call.max_bytes = kPageBytesMax;
  const Outcome outcome = exchange.run(call);
  if (!outcome) return outcome.error().error;
  Result<ListPage> page = parse(outcome->http.body.text());
  if (!page) return page.error().with_context("list " + call.object);
  return page;
}

Result<void> run_removal(Exchange& exchange, const Call& call) {
  const Outcome outcome = exchange.run(call);
  if (outcome || outcome.error().failure.kind == FailureKind::kNotFound) return {};
  return outcome.error().error;
}

}  // namespace odradek::store::cloud
