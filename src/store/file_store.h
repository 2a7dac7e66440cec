#pragma once

#include <string>

#include "store/object_store.h"

namespace odradek::store {

// Objects as files below a root folder. An object appears whole or not at all: written under a
// temporary name in its folder, fsynced, then linked (create-only) or renamed, and the folder
// fsynced. put_if_match holds a lock on the folder, so it is safe between processes of one host.
class FileStore final : public ObjectStore {
 public:
  // Creates the root when missing. Errors: kIo.
  static Result<std::unique_ptr<FileStore>> open(const std::string& root);

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
  std::string describe() const override { return "file://" + root_; }

 private:
  explicit FileStore(std::string root) : root_(std::move(root)) {}
  std::string path_of(const std::string& key) const { return root_ + "/" + key; }

  std::string root_;
};

}  // namespace odradek::store
