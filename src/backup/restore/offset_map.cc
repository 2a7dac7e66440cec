#include "backup/restore/offset_map.h"

#include <fmt/format.h>

#include "backup/format/little_endian.h"

namespace odradek::backup {

Result<void> OffsetMapWriter::add(OffsetRun run) {
  const bool follows = open_.count != 0 && run.source_first == open_.source_first + open_.count &&
                       run.target_first == open_.target_first + open_.count &&
                       run.count <= UINT32_MAX - open_.count;
  if (follows) {
    open_.count += run.count;
    return {};
  }
  ODK_TRY_VOID(flush());
  open_ = run;
  return {};
}

Result<void> OffsetMapWriter::flush() {
  if (open_.count == 0) return {};
  Buffer bytes(kOffsetRunBytes);
  put_little_endian(bytes, open_.source_first);
  put_little_endian(bytes, open_.target_first);
  put_little_endian(bytes, open_.count);
  ++runs_;
  open_ = {};
  return object_->write(bytes.bytes());
}

Result<void> OffsetMapWriter::finish() {
  ODK_TRY_VOID(flush());
  ODK_TRY_VOID(object_->commit_if_absent());
  return {};
}

Result<OffsetMap> OffsetMap::open(store::ObjectStore& store, std::string key) {
  ODK_TRY(const store::ObjectInfo object, store.head(key));
  if (object.size_bytes % kOffsetRunBytes != 0) {
    return Error(Errc::kMalformed, fmt::format("offset map {} has a broken length", key));
  }
  return OffsetMap(store, std::move(key), object.size_bytes / kOffsetRunBytes);
}

Result<OffsetRun> OffsetMap::run(uint64_t number) const {
  ODK_TRY(const Slice bytes, store_->get_range(key_, number * kOffsetRunBytes, kOffsetRunBytes));
  LittleEndianReader reader(bytes.bytes());
  const auto source_first = reader.take<int64_t>();
  const auto target_first = reader.take<int64_t>();
  const auto count = reader.take<uint32_t>();
  if (!reader.ok()) return Error(Errc::kMalformed, fmt::format("offset map {} ends early", key_));
  return OffsetRun{source_first, target_first, count};
}

Result<int64_t> OffsetMap::target_of(int64_t source_offset, int64_t target_end) const {
  // The first run that ends behind the offset has it, or begins behind it.
  uint64_t low = 0;
  uint64_t high = runs_;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    ODK_TRY(const OffsetRun at, run(middle));
    if (at.source_first + at.count > source_offset) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  if (low == runs_) return target_end;
  ODK_TRY(const OffsetRun found, run(low));
  if (source_offset <= found.source_first) return found.target_first;
  return found.target_first + (source_offset - found.source_first);
}

}  // namespace odradek::backup
