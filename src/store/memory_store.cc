#include "store/memory_store.h"

#include <fmt/format.h>

#include <algorithm>

namespace odradek::store {
namespace {

Error not_found(const std::string& key) { return {Errc::kNotFound, fmt::format("object {}", key)}; }

class MemoryWriter final : public ObjectWriter {
 public:
  MemoryWriter(MemoryStore& store, std::string key) : store_(&store), key_(std::move(key)) {}

  Result<void> write(Bytes bytes) override {
    content_.append(bytes);
    return {};
  }
  Result<ObjectInfo> commit_if_absent() override {
    return store_->put_if_absent(key_, content_.bytes());
  }

 private:
  MemoryStore* store_;
  std::string key_;
  Buffer content_;
};

}  // namespace

ObjectInfo MemoryStore::info(const std::string& key, const Object& object) const {
  return {key, object.content.size(), std::to_string(object.generation)};
}

ObjectInfo MemoryStore::store_locked(const std::string& key, Slice content) {
  Object& object = objects_[key];
  object = {std::move(content), next_generation_++};
  return info(key, object);
}

Result<ObjectInfo> MemoryStore::put_if_absent(const std::string& key, Bytes content) {
  return put_if_match(key, content, "");
}

Result<ObjectInfo> MemoryStore::put_if_match(const std::string& key, Bytes content,
                                             const std::string& etag) {
  ODK_TRY_VOID(check_key(key));
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (etag.empty() && found != objects_.end()) {
    return Error(Errc::kAlreadyExists, fmt::format("object {}", key));
  }
  if (!etag.empty() &&
      (found == objects_.end() || std::to_string(found->second.generation) != etag)) {
    return Error(Errc::kPrecondition, fmt::format("object {} was changed by another", key));
  }
  return store_locked(key, Slice::copy_of(content));
}

Result<ObjectInfo> MemoryStore::put(const std::string& key, Bytes content) {
  ODK_TRY_VOID(check_key(key));
  const std::lock_guard lock(mutex_);
  return store_locked(key, Slice::copy_of(content));
}

Result<std::unique_ptr<ObjectWriter>> MemoryStore::open_writer(
    const std::string& key, const std::optional<WriterOptions>& /*options*/) {
  ODK_TRY_VOID(check_key(key));
  return std::make_unique<MemoryWriter>(*this, key);
}

Result<Slice> MemoryStore::get(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return not_found(key);
  return found->second.content;
}

Result<Slice> MemoryStore::get_range(const std::string& key, uint64_t offset, uint64_t length) {
  ODK_TRY(const Slice whole, get(key));
  const uint64_t from = std::min<uint64_t>(offset, whole.size());
  return whole.subslice(from, std::min<uint64_t>(length, whole.size() - from));
}

Result<Slice> MemoryStore::get_suffix(const std::string& key, uint64_t length) {
  ODK_TRY(const Slice whole, get(key));
  const uint64_t taken = std::min<uint64_t>(length, whole.size());
  return whole.subslice(whole.size() - taken, taken);
}

Result<ObjectInfo> MemoryStore::head(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return not_found(key);
  return info(key, found->second);
}

Result<std::vector<ObjectInfo>> MemoryStore::list(const std::string& prefix) {
  const std::lock_guard lock(mutex_);
  std::vector<ObjectInfo> found;
  for (auto at = objects_.lower_bound(prefix);
       at != objects_.end() && at->first.starts_with(prefix); ++at) {
    found.push_back(info(at->first, at->second));
  }
  return found;
}

Result<void> MemoryStore::remove(const std::string& key) {
  const std::lock_guard lock(mutex_);
  objects_.erase(key);
  return {};
}

}  // namespace odradek::store
