// Finding and reading batches of a segment.

#include <fmt/format.h>

#include <algorithm>

#include "log/disk/segment.h"
#include "log/stored_batch.h"

namespace odradek::log {
namespace {

namespace layout = wire::batch_layout;

// The largest piece that is read at once; a larger batch is read whole.
constexpr size_t kPieceBytes = size_t{1} << 20U;

struct WholeBatches {
  size_t bytes = 0;
  int64_t next_offset = -1;
  std::optional<size_t> cut_batch_bytes;  // of the one behind, when its size can be told
};

// How much of a piece of the log are whole batches. kMalformed where none begins.
Result<WholeBatches> whole_batches(Bytes piece, uint32_t room) {
  WholeBatches whole;
  while (piece.size() - whole.bytes >= layout::kHeaderBytes) {
    const uint8_t* batch = piece.data() + whole.bytes;
    if (const auto fault = header_fault(batch, room - whole.bytes)) {
      return Error(Errc::kMalformed, std::string(*fault));
    }
    const size_t size = stored::size(batch);
    if (size > piece.size() - whole.bytes) {
      whole.cut_batch_bytes = size;
      break;
    }
    whole.bytes += size;
    whole.next_offset = stored::next_offset(batch);
  }
  return whole;
}

Error at_byte(const Error& error, const std::string& path, uint32_t position) {
  return error.with_context(fmt::format("{}, from byte {} on", path, position));
}

}  // namespace

Result<uint32_t> Segment::index_position(int64_t offset) const {
  ODK_TRY(const std::optional<IndexFile::Entry> entry,
          index_.last_where([&](const IndexFile::Entry& each) {
            return base_offset_ + wire::load_be<int32_t>(each.data()) <= offset;
          }));
  return entry ? wire::load_be<uint32_t>(entry->data() + 4) : 0;
}

Result<uint32_t> Segment::position_of(int64_t offset) const {
  ODK_TRY(const uint32_t begin, index_position(offset));
  ODK_TRY(const File* const file, log_.get());
  HeaderScan scan(*file, begin, size_);
  while (true) {
    Result<std::optional<StoredHeader>> batch = scan.next();
    if (!batch) return at_byte(batch.error(), log_.path(), begin);
    if (!*batch) return size_;
    if ((*batch)->next_offset > offset) return (*batch)->position;
  }
}

Result<Segment::Chunk> Segment::read(uint32_t position, uint32_t limit, size_t bytes_max,
                                     bool first_whole) const {
  Chunk chunk;
  if (position >= limit) return chunk;
  const uint32_t room = limit - position;
  size_t wanted = std::min<size_t>({room, bytes_max, kPieceBytes});
  if (first_whole) wanted = std::min<size_t>(room, std::max(wanted, layout::kHeaderBytes));
  ODK_TRY(const File* const file, log_.get());
  while (true) {
    Buffer piece;
    piece.resize(wanted);
    ODK_TRY(const size_t got, file->read_at(position, piece.mutable_bytes()));
    if (got < wanted) {
      return at_byte(Error(Errc::kMalformed, "the file became shorter"), log_.path(), position);
    }
    const Result<WholeBatches> whole = whole_batches(piece.bytes(), size_ - position);
    if (!whole) return at_byte(whole.error(), log_.path(), position);
    const bool cut = whole->bytes == 0 && whole->cut_batch_bytes;
    if (cut && (first_whole || *whole->cut_batch_bytes <= std::min<size_t>(bytes_max, room))) {
      wanted = *whole->cut_batch_bytes;
      first_whole = false;
      bytes_max = std::max(bytes_max, wanted);
      continue;
    }
    chunk.next_offset = whole->next_offset;
    chunk.batches = piece.freeze().subslice(0, whole->bytes);
    return chunk;
  }
}

Result<std::optional<TimedOffset>> Segment::find_by_time(int64_t timestamp_ms, int64_t from_offset,
                                                         Unpacker& unpacker) const {
  ODK_TRY(const std::optional<IndexFile::Entry> entry,
          time_index_.last_where([&](const IndexFile::Entry& each) {
            return wire::load_be<int64_t>(each.data()) <= timestamp_ms;
          }));
  // Everything later than the entry's time is behind its offset; what has that very time may be
  // in its batch.
  int64_t early = base_offset_;
  if (entry) early += wire::load_be<int32_t>(entry->data() + 8);
  ODK_TRY(const uint32_t begin, index_position(std::max(early, from_offset)));
  ODK_TRY(const std::shared_ptr<File> file, log_.share());
  HeaderScan scan(*file, begin, size_);
  while (true) {
    ODK_TRY(const std::optional<StoredHeader> batch, scan.next());
    if (!batch) return std::optional<TimedOffset>();
    if (batch->max_timestamp_ms < timestamp_ms || batch->next_offset <= from_offset) continue;
    ODK_TRY(const Chunk chunk, read(batch->position, batch->end(), batch->size, true));
    ODK_TRY(const wire::BatchView view, wire::BatchView::parse(chunk.batches.bytes()));
    ODK_TRY(const std::optional<TimedOffset> found,
            stored::search(view, timestamp_ms, from_offset, unpacker));
    if (found) return found;
  }
}

Result<int64_t> Segment::max_timestamp_from(int64_t from_offset) const {
  if (from_offset <= max_timestamp_offset_) return max_timestamp_ms_;
  ODK_TRY(const uint32_t begin, position_of(from_offset));
  ODK_TRY(const File* const file, log_.get());
  HeaderScan scan(*file, begin, size_);
  int64_t largest = -1;
  while (true) {
    ODK_TRY(const std::optional<StoredHeader> batch, scan.next());
    if (!batch) return largest;
    largest = std::max(largest, batch->max_timestamp_ms);
  }
}

}  // namespace odradek::log
