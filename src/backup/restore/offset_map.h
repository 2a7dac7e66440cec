#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/slice.h"
#include "store/object_store.h"

namespace odradek::backup {

// Offsets source_first .. source_first + count - 1 were restored to target_first and on of a target
// partition.
struct OffsetRun {
  int64_t source_first = 0;
  int64_t target_first = 0;
  uint32_t count = 0;
  int32_t target_partition = 0;

  bool operator==(const OffsetRun&) const = default;
};

// A piece of a source partition's map: what became of the offsets first..through. A chunk is
// written when all of that is acknowledged, so the chunks of a partition also tell how far a
// restore got. Bytes: docs/formats/restore-state.md.
struct MapChunk {
  int64_t first = 0;
  int64_t through = -1;  // inclusive
  std::vector<OffsetRun> runs{};

  bool operator==(const MapChunk&) const = default;
};

// Appends a run, joined with the last one where it follows it.
void append_run(std::vector<OffsetRun>& runs, const OffsetRun& run);

Slice encode_chunk(const MapChunk& chunk);
// Errors: kMalformed, kChecksum.
Result<MapChunk> decode_chunk(Bytes bytes);

// The chunks of one source partition below a key prefix. Blocking; one thread.
class OffsetMap {
 public:
  // Errors: kIo and what else the store says; kMalformed for a key that is no chunk's.
  static Result<OffsetMap> open(store::ObjectStore& store, std::string prefix);

  bool empty() const { return chunks_.empty(); }
  // Publishes a chunk behind the others. Errors: kPrecondition (another restore writes here), kIo.
  static Result<void> add(store::ObjectStore& store, const std::string& prefix,
                          const MapChunk& chunk);

  // The last source offset that is spoken for; none without chunks.
  Result<std::optional<int64_t>> through();
  // Every run, chunk after chunk.
  template <class Visit>
  Result<void> for_each_run(Visit&& visit) {
    for (const auto& [first, key] : chunks_) {
      ODK_TRY(const MapChunk* const chunk, load(first));
      for (const OffsetRun& run : chunk->runs) visit(run);
    }
    return {};
  }

  struct Position {
    int64_t offset = 0;
    int32_t partition = 0;
    bool is_exact = true;  // that very record, not the next one
  };
  // Where the first restored record at or behind `source_offset` went; none when there is none.
  Result<std::optional<Position>> target_of(int64_t source_offset);
  // The same, of the records that went to one target partition.
  Result<std::optional<Position>> target_of(int64_t source_offset, int32_t target_partition);

 private:
  OffsetMap(store::ObjectStore& store, std::map<int64_t, std::string> chunks)
      : store_(&store), chunks_(std::move(chunks)) {}
  Result<const MapChunk*> load(int64_t first);
  Result<std::optional<Position>> look_up(int64_t source_offset,
                                          std::optional<int32_t> target_partition);

  store::ObjectStore* store_;
  std::map<int64_t, std::string> chunks_;  // keys by first offset
  std::string loaded_key_;
  MapChunk loaded_;
};

}  // namespace odradek::backup
