#include "backup/restore/offset_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "backup/format/little_endian.h"
#include "wire/crc32c.h"

namespace odradek::backup {
namespace {

constexpr std::string_view kMagic = "ODRKMAP1";
constexpr size_t kHeadBytes = 8 + 8 + 8 + 4;
constexpr size_t kRunBytes = 8 + 8 + 4 + 4;
constexpr size_t kCrcBytes = 4;

bool holds(const OffsetRun& run, int64_t source_offset) {
  return run.source_first + run.count > source_offset;
}

}  // namespace

void append_run(std::vector<OffsetRun>& runs, const OffsetRun& run) {
  if (!runs.empty()) {
    OffsetRun& last = runs.back();
    if (last.target_partition == run.target_partition &&
        last.source_first + last.count == run.source_first &&
        last.target_first + last.count == run.target_first &&
        run.count <= UINT32_MAX - last.count) {
      last.count += run.count;
      return;
    }
  }
  runs.push_back(run);
}

Slice encode_chunk(const MapChunk& chunk) {
  Buffer bytes(kHeadBytes + chunk.runs.size() * kRunBytes + kCrcBytes);
  bytes.append(kMagic);
  put_little_endian(bytes, chunk.first);
  put_little_endian(bytes, chunk.through);
  put_little_endian(bytes, static_cast<uint32_t>(chunk.runs.size()));
  for (const OffsetRun& run : chunk.runs) {
    put_little_endian(bytes, run.source_first);
    put_little_endian(bytes, run.target_first);
    put_little_endian(bytes, run.count);
    put_little_endian(bytes, run.target_partition);
  }
  put_little_endian(bytes, wire::crc32c(bytes.bytes()));
  return bytes.freeze();
}

Result<MapChunk> decode_chunk(Bytes bytes) {
  if (bytes.size() < kHeadBytes + kCrcBytes || as_text(bytes.first(kMagic.size())) != kMagic) {
    return Error(Errc::kMalformed, "no offset map");
  }
  LittleEndianReader reader(bytes);
  reader.take_bytes(kMagic.size());
  MapChunk chunk;
  chunk.first = reader.take<int64_t>();
  chunk.through = reader.take<int64_t>();
  const auto count = reader.take<uint32_t>();
  if (reader.remaining() != size_t{count} * kRunBytes + kCrcBytes) {
    return Error(Errc::kMalformed, "offset map of a wrong length");
  }
  LittleEndianReader end(bytes.last(kCrcBytes));
  if (end.take<uint32_t>() != wire::crc32c(bytes.first(bytes.size() - kCrcBytes))) {
    return Error(Errc::kChecksum, "offset map");
  }
  chunk.runs.reserve(count);
  int64_t next = chunk.first;
  for (uint32_t i = 0; i < count; ++i) {
    OffsetRun run;
    run.source_first = reader.take<int64_t>();
    run.target_first = reader.take<int64_t>();
    run.count = reader.take<uint32_t>();
    run.target_partition = reader.take<int32_t>();
    if (run.count == 0 || run.source_first < next || run.source_first > chunk.through ||
        chunk.through - run.source_first < int64_t{run.count} - 1 || run.target_first < 0 ||
        run.target_first > INT64_MAX - run.count) {
      return Error(Errc::kMalformed, fmt::format("offset map: run {} does not follow", i));
    }
    next = run.source_first + run.count;
    chunk.runs.push_back(run);
  }
  return chunk;
}

Result<OffsetMap> OffsetMap::open(store::ObjectStore& store, std::string prefix) {
  ODK_TRY(const std::vector<store::ObjectInfo> objects, store.list(prefix));
  std::map<int64_t, std::string> chunks;
  for (const store::ObjectInfo& object : objects) {
    const std::string_view name = std::string_view(object.key).substr(prefix.size());
    int64_t first = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), first);
    if (parsed.ec != std::errc{} || parsed.ptr != name.data() + name.size()) {
      return Error(Errc::kMalformed, fmt::format("object {} is no offset map", object.key));
    }
    chunks.emplace(first, object.key);
  }
  return OffsetMap(store, std::move(chunks));
}

Result<void> OffsetMap::add(store::ObjectStore& store, const std::string& prefix,
                            const MapChunk& chunk) {
  const Slice bytes = encode_chunk(chunk);
  const std::string key = fmt::format("{}{:020}", prefix, chunk.first);
  ODK_TRY(const bool is_ours, store::put_once(store, key, bytes.bytes()));
  if (is_ours) return {};
  return Error(Errc::kPrecondition, fmt::format("object {} was written by another restore", key));
}

Result<const MapChunk*> OffsetMap::load(int64_t first) {
  const std::string& key = chunks_.at(first);
  if (loaded_key_ == key) return &loaded_;
  ODK_TRY(const Slice bytes, store_->get(key));
  Result<MapChunk> chunk = decode_chunk(bytes.bytes());
  if (!chunk) return chunk.error().with_context(fmt::format("object {}", key));
  if (chunk->first != first) {
    return Error(Errc::kMalformed, fmt::format("object {} is another chunk", key));
  }
  loaded_ = *std::move(chunk);
  loaded_key_ = key;
  return &loaded_;
}

Result<std::optional<int64_t>> OffsetMap::through() {
  if (chunks_.empty()) return std::optional<int64_t>{};
  ODK_TRY(const MapChunk* const last, load(chunks_.rbegin()->first));
  return std::optional<int64_t>{last->through};
}

Result<std::optional<OffsetMap::Position>> OffsetMap::target_of(int64_t source_offset) {
  return look_up(source_offset, std::nullopt);
}

Result<std::optional<OffsetMap::Position>> OffsetMap::target_of(int64_t source_offset,
                                                                int32_t target_partition) {
  return look_up(source_offset, target_partition);
}

Result<std::optional<OffsetMap::Position>> OffsetMap::look_up(
    int64_t source_offset, std::optional<int32_t> target_partition) {
  auto chunk = chunks_.upper_bound(source_offset);
  if (chunk != chunks_.begin()) --chunk;
  for (; chunk != chunks_.end(); ++chunk) {
    ODK_TRY(const MapChunk* const loaded, load(chunk->first));
    auto run = std::ranges::partition_point(
        loaded->runs, [&](const OffsetRun& r) { return !holds(r, source_offset); });
    while (run != loaded->runs.end() && target_partition &&
           run->target_partition != *target_partition) {
      ++run;
    }
    if (run == loaded->runs.end()) continue;
    const bool is_exact = run->source_first <= source_offset;
    const int64_t into = is_exact ? source_offset - run->source_first : 0;
    return std::optional<Position>{{run->target_first + into, run->target_partition, is_exact}};
  }
  return std::optional<Position>{};
}

}  // namespace odradek::backup
