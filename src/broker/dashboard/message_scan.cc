#include "broker/dashboard/message_scan.h"

#include <algorithm>

namespace odradek::broker::dashboard {
namespace {

// Backwards a filter that lets little through looks at ever larger pieces.
constexpr int64_t kWindowOffsetsMax = 20'000;
constexpr int64_t kWindowBytesMax = int64_t{4} << 20U;
// What a kept message costs beyond its texts.
constexpr size_t kMatchBytes = 500;

size_t bytes_of(const SeenRecord& seen) {
  if (seen.record == nullptr) return kMatchBytes;
  return kMatchBytes + std::min(seen.record->payload.size(), 3 * kPreviewBytes) * 2;
}

}  // namespace

bool MessageScan::is_spent() {
  const bool spent = records_ >= limits_.records || reader_.bytes_read() >= limits_.bytes ||
                     held_bytes_ >= limits_.held_bytes || loop_.now() >= limits_.deadline;
  cut_short_ = cut_short_ || spent;
  return spent;
}

RecordReader::Visit MessageScan::collect_into(Matches& found) {
  return [this, &found](const SeenRecord& seen) {
    ++records_;
    if (!filter_.passes(seen)) return;
    const size_t bytes = bytes_of(seen);
    found.push_back({seen.partition, seen.offset(), seen.timestamp_ms(),
                     message_json(seen, kPreviewBytes), bytes});
    held_bytes_ += bytes;
  };
}

io::Task<Result<void>> MessageScan::forward(ScanPosition& position, Matches& found) {
  const RecordReader::Visit visit = collect_into(found);
  while (position.low < position.high && found.size() < limits_.matches && !is_spent()) {
    const RecordReader::Range range{position.partition, position.low, position.high};
    ODK_CO_TRY(position.low, co_await reader_.read(range, visit));
  }
  if (found.size() > limits_.matches) {
    position.low = found[limits_.matches].offset;
    found.resize(limits_.matches);
  }
  co_return Result<void>();
}

// All of a window, whatever it costs: its newest records are the last ones read.
io::Task<Result<void>> MessageScan::read_window(ScanPosition window, Matches& found) {
  const RecordReader::Visit visit = collect_into(found);
  while (window.low < window.high) {
    const RecordReader::Range range{window.partition, window.low, window.high};
    ODK_CO_TRY(window.low, co_await reader_.read(range, visit));
    // Only the newest are wanted.
    if (found.size() > 2 * limits_.matches) {
      const size_t extra = found.size() - limits_.matches;
      for (size_t i = 0; i < extra; ++i) held_bytes_ -= found[i].bytes;
      found.erase(found.begin(), found.begin() + static_cast<ptrdiff_t>(extra));
    }
  }
  co_return Result<void>();
}

io::Task<Result<void>> MessageScan::backward(ScanPosition& position, Matches& found) {
  auto window_offsets = static_cast<int64_t>(limits_.matches);
  while (position.low < position.high && found.size() < limits_.matches && !is_spent()) {
    ScanPosition window = position;
    const int64_t fitting = std::max(kWindowBytesMax / position.bytes_per_offset, int64_t{1});
    window.low = std::max(position.low, position.high - std::min(window_offsets, fitting));
    Matches older;
    ODK_CO_TRY_VOID(co_await read_window(window, older));
    position.high = window.low;
    older.insert(older.end(), std::make_move_iterator(found.begin()),
                 std::make_move_iterator(found.end()));
    found = std::move(older);
    window_offsets = std::min(window_offsets * 2, kWindowOffsetsMax);
  }
  if (found.size() > limits_.matches) {
    const size_t extra = found.size() - limits_.matches;
    position.high = found[extra].offset;
    found.erase(found.begin(), found.begin() + static_cast<ptrdiff_t>(extra));
  }
  co_return Result<void>();
}

// Takes the best of the lists' heads until there are enough; what is left is for the next scan.
void MessageScan::merge(std::vector<Matches>& lists, std::vector<ScanPosition>& positions,
                        Direction direction) {
  const bool forward = direction == Direction::kForward;
  if (!forward) {
    for (Matches& list : lists) std::ranges::reverse(list);
  }
  std::vector<size_t> heads(lists.size(), 0);
  const auto head = [&](size_t i) -> Match& { return lists[i][heads[i]]; };
  while (matches_.size() < limits_.matches) {
    std::optional<size_t> best;
    for (size_t i = 0; i < lists.size(); ++i) {
      if (heads[i] == lists[i].size()) continue;
      if (!best || (forward ? head(i).timestamp_ms < head(*best).timestamp_ms
                            : head(i).timestamp_ms > head(*best).timestamp_ms)) {
        best = i;
      }
    }
    if (!best) return;
    matches_.push_back(std::move(head(*best)));
    ++heads[*best];
  }
  for (size_t i = 0; i < lists.size(); ++i) {
    if (heads[i] == lists[i].size()) continue;
    if (forward) {
      positions[i].low = head(i).offset;
    } else {
      positions[i].high = head(i).offset + 1;
    }
  }
}

io::Task<Result<void>> MessageScan::run(std::vector<ScanPosition>& positions, Direction direction) {
  std::vector<Matches> lists(positions.size());
  for (size_t i = 0; i < positions.size() && !is_spent(); ++i) {
    if (direction == Direction::kForward) {
      ODK_CO_TRY_VOID(co_await forward(positions[i], lists[i]));
    } else {
      ODK_CO_TRY_VOID(co_await backward(positions[i], lists[i]));
    }
  }
  merge(lists, positions, direction);
  const auto is_left = [](const ScanPosition& position) { return position.low < position.high; };
  cut_short_ = cut_short_ && std::ranges::any_of(positions, is_left);
  co_return Result<void>();
}

Json MessageScan::take_messages() {
  Json messages = Json::array();
  for (Match& match : matches_) messages.push_back(std::move(match.json));
  matches_.clear();
  return messages;
}

}  // namespace odradek::broker::dashboard
