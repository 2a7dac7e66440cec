#pragma once

#include <map>
#include <mutex>
#include <string>

#include "store/object_store.h"

namespace odradek::store {

// Objects in memory, for tests and trials. Gone with the process.
class MemoryStore : public ObjectStore {
 public:
  Result<ObjectInfo> put_if_absent(const std::string& key, Bytes content) override;
  Result<ObjectInfo> put_if_match(const std::string& key, Bytes content,
                                  const std::string& etag) override;
  Result<ObjectInfo> put(const std::string& key, Bytes content) override;
  Result<std::unique_ptr<ObjectWriter>> open_writer(
      const std::string& key, const std::optional<WriterOptions>& options = {}) override;
  Result<Slice> get(const std::string& key) override;
  Result<Slice> get_range(const std::string& key, uint64_t offset, uint64_t length) override;
  Result<Slice> get_suffix(const std::string& key, uint64_t length) override;
  Result<ObjectInfo> head(const std::string& key) override;
  Result<std::vector<ObjectInfo>> list(const std::string& prefix) override;
  Result<void> remove(const std::string& key) override;
  std::string describe() const override { return "memory:"; }

 private:
  struct Object {
    Slice content;
    uint64_t generation;
  };

  ObjectInfo info(const std::string& key, const Object& object) const;
  ObjectInfo store_locked(const std::string& key, Slice content);

  mutable std::mutex mutex_;
  std::map<std::string, Object> objects_;
  uint64_t next_generation_ = 1;
};

}  // namespace odradek::store
