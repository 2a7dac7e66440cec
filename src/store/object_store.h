#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/slice.h"

namespace odradek::store {

struct ObjectInfo {
  std::string key;
  uint64_t size_bytes = 0;
  std::string etag;  // changes with the content; what put_if_match compares
};

// Writes one object in pieces. Nothing is visible before commit(); destroying a writer that was
// not committed leaves nothing behind. One thread at a time.
class ObjectWriter {
 public:
  ObjectWriter() = default;
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;
  virtual ~ObjectWriter() = default;

  virtual Result<void> write(Bytes bytes) = 0;
  // Makes the object durable and visible, only if no object of that name exists.
  // Errors: kAlreadyExists, kIo.
  virtual Result<ObjectInfo> commit_if_absent() = 0;
};

// How a writer of a store that takes objects in parts does it; other stores have no use for it.
// Memory of a writer: at most (in_flight + 1) * part_bytes.
struct WriterOptions {
  uint64_t part_bytes = 8ULL << 20U;  // stores round small ones up to what they take
  uint32_t in_flight = 3;             // parts under way at once
};

// What a store promised when asked by really trying it.
struct Capabilities {
  bool enforces_create_only = false;
};

// A flat name space of immutable objects: files, memory, the clouds. Keys are relative paths of
// '/'-separated parts. All calls block; any thread may call. Errors carry operation and key:
// kNotFound, kAlreadyExists, kPrecondition, kIo (the store's own words), kInvalidArgument (a key
// that leaves the root); from stores over the network also kConfig (no such bucket),
// kAuthentication, kTimedOut, kNetwork (not reached, unavailable), kLimitExceeded (throttled),
// kChecksum (bytes changed on the way), each after the retries that make sense.
class ObjectStore {
 public:
  ObjectStore() = default;
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;
  virtual ~ObjectStore() = default;

  virtual Result<ObjectInfo> put_if_absent(const std::string& key, Bytes content) = 0;
  // Replaces the object whose etag is `etag`; an empty etag means "must not exist".
  virtual Result<ObjectInfo> put_if_match(const std::string& key, Bytes content,
                                          const std::string& etag) = 0;
  virtual Result<ObjectInfo> put(const std::string& key, Bytes content) = 0;
  // The writer must not outlive the store.
  virtual Result<std::unique_ptr<ObjectWriter>> open_writer(
      const std::string& key, const std::optional<WriterOptions>& options = {}) = 0;

  virtual Result<Slice> get(const std::string& key) = 0;
  // At most `length` bytes from `offset`; fewer at the end of the object.
  virtual Result<Slice> get_range(const std::string& key, uint64_t offset, uint64_t length) = 0;
  // The last `length` bytes (all of a shorter object).
  virtual Result<Slice> get_suffix(const std::string& key, uint64_t length) = 0;
  virtual Result<ObjectInfo> head(const std::string& key) = 0;
  // Every object whose key begins with `prefix`, in key order.
  virtual Result<std::vector<ObjectInfo>> list(const std::string& prefix) = 0;
  // Removing what is not there is success.
  virtual Result<void> remove(const std::string& key) = 0;

  // Where it is, for people: "file:///backups".
  virtual std::string describe() const = 0;
};

// Tries on a temporary key whether create-only puts are enforced.
Result<Capabilities> probe(ObjectStore& store, const std::string& prefix);

// Puts an object that only ever has this content: true when it does, stored now or before (an
// answer that was lost on the way), false when something else is there.
Result<bool> put_once(ObjectStore& store, const std::string& key, Bytes content);

// kInvalidArgument unless every part of the key is non-empty and neither "." nor "..".
Result<void> check_key(std::string_view key);

}  // namespace odradek::store
