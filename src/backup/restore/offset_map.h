#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/object_store.h"

namespace odradek::backup {

// Offsets source_first .. source_first + count - 1 were restored to target_first and on.
struct OffsetRun {
  int64_t source_first = 0;
  int64_t target_first = 0;
  uint32_t count = 0;

  bool operator==(const OffsetRun&) const = default;
};

inline constexpr size_t kOffsetRunBytes = 20;  // in the map object, little-endian

// Collects the runs of one partition in source order, joins those that follow each other, and
// writes them to an object as they become final. Holds one run. One thread at a time.
class OffsetMapWriter {
 public:
  explicit OffsetMapWriter(std::unique_ptr<store::ObjectWriter> object)
      : object_(std::move(object)) {}

  Result<void> add(OffsetRun run);
  Result<void> finish();
  uint64_t run_count() const { return runs_; }

 private:
  Result<void> flush();

  std::unique_ptr<store::ObjectWriter> object_;
  OffsetRun open_;
  uint64_t runs_ = 0;
};

// Looks offsets up in a map object by binary search, reading a few bytes of it. Blocking.
class OffsetMap {
 public:
  // Errors: kNotFound, kMalformed, kIo.
  static Result<OffsetMap> open(store::ObjectStore& store, std::string key);

  // The target offset of the first restored record at or behind `source_offset`; `target_end` when
  // there is none.
  Result<int64_t> target_of(int64_t source_offset, int64_t target_end) const;

  uint64_t run_count() const { return runs_; }

 private:
  OffsetMap(store::ObjectStore& store, std::string key, uint64_t runs)
      : store_(&store), key_(std::move(key)), runs_(runs) {}
  Result<OffsetRun> run(uint64_t number) const;

  store::ObjectStore* store_;
  std::string key_;
  uint64_t runs_;
};

}  // namespace odradek::backup
