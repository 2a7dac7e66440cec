#include <algorithm>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "rpc/server_connection.h"

namespace odradek::rpc {
namespace {

constexpr size_t kSizeBytes = 4;
constexpr size_t kMaxCopiedPiece = 2048;  // larger pieces go by reference
constexpr size_t kMaxGatheredBytes = 1024 * 1024;
constexpr size_t kMaxGatheredSlices = 60;  // a stream writes that many at once
constexpr size_t kStalledBytesMin = 64 * 1024;  // less than that does not matter to others

void store_size(uint8_t* at, size_t size) {
  at[0] = static_cast<uint8_t>(size >> 24U);
  at[1] = static_cast<uint8_t>(size >> 16U);
  at[2] = static_cast<uint8_t>(size >> 8U);
  at[3] = static_cast<uint8_t>(size);
}

}  // namespace

// Of answers given outside the reader's turn the last one that the client waits for leaves at once,
// with those before it; while there are others, they leave together in the loop's next turn.
void ServerConnection::send_answers() {
  if (waiting_ == 0) flush();
  const bool is_done = slots_.empty() && reader_.held_bytes() == 0 && !resume_.has_waiters();
  if (!is_done) schedule_flush();
}

void ServerConnection::schedule_flush() {
  if (std::exchange(flush_scheduled_, true)) return;
  shared_.loop.post([self = shared_from_this()] {
    self->flush_scheduled_ = false;
    self->flush();
    self->go_on();
  });
}

// Writes the answers that are next in order and ready, as far as the client takes them.
void ServerConnection::flush() {
  while (!closing_ && !writer_runs_) {
    const size_t count = gather_answers();
    if (count == 0) break;
    if (!shared_.gather.empty()) {
      Result<size_t> written = stream_->write_now(shared_.gather, 0);
      if (!written) {
        lost(written.error());
        return;
      }
      shared_.stats.bytes_out += *written;
      info_->activity.bytes_out += *written;
      if (*written < shared_.gather.size()) keep_unsent(*written);
      shared_.gather.clear();
    }
    pop_answers(count);
  }
  if (close_when_sent_ && slots_.empty() && !writer_runs_) close();
}

// Fills shared_.gather with the answers at the front of the queue; returns how many slots.
size_t ServerConnection::gather_answers() {
  SliceChain& gather = shared_.gather;
  gather.clear();
  uint8_t* const out = shared_.out->bytes;
  size_t filled = 0;
  size_t run_begin = 0;  // of the copied bytes that are not in `gather` yet
  const auto end_run = [&] {
    if (filled != run_begin) gather.append(Slice::of_static({out + run_begin, filled - run_begin}));
    run_begin = filled;
  };
  size_t count = 0;
  for (; count < slots_.size(); ++count) {
    const AnswerSlot& slot = slots_.at(count);
    if (slot.state == AnswerSlot::State::kWaiting) break;
    if (slot.state == AnswerSlot::State::kSilent) continue;
    const size_t pieces = slot.answer.slices().size();
    const size_t most_copied = kSizeBytes + std::min(slot.answer.size(), pieces * kMaxCopiedPiece);
    const bool fits = filled + most_copied <= ServerShared::kOutBytes &&
                      gather.size() + filled - run_begin < kMaxGatheredBytes &&
                      gather.slices().size() + 2 * pieces <= kMaxGatheredSlices;
    if (!fits && count > 0 && (filled != 0 || !gather.empty())) break;
    // A single answer of very many pieces: all by reference.
    const size_t copy_limit = most_copied <= ServerShared::kOutBytes ? kMaxCopiedPiece : 0;
    store_size(out + filled, slot.answer.size());
    filled += kSizeBytes;
    for (const Slice& piece : slot.answer.slices()) {
      if (piece.size() > copy_limit) {
        end_run();
        gather.append(piece);
      } else {
        std::memcpy(out + filled, piece.data(), piece.size());
        filled += piece.size();
      }
    }
  }
  end_run();
  return count;
}

bool ServerConnection::is_stalled(MonotonicTime since) const {
  if (closing_) return false;
  if (writer_runs_ && unsent_bytes() > kStalledBytesMin) return taken_at_ < since;
  const bool is_its_turn = waiting_ == 0 && !waits_for_budget_;
  return is_its_turn && held_bytes_ > kStalledBytesMin && last_activity_ < since;
}

// The client took only `written` bytes of shared_.gather: the rest becomes ours and a task waits
// until it goes on.
void ServerConnection::keep_unsent(size_t written) {
  const uint8_t* const out = shared_.out->bytes;
  ODK_ASSERT(unsent_.empty());
  size_t skip = written;
  for (const Slice& piece : shared_.gather.slices()) {
    if (skip >= piece.size()) {
      skip -= piece.size();
      continue;
    }
    const Bytes rest = piece.bytes().subspan(skip);
    skip = 0;
    const bool is_copied = rest.data() >= out && rest.data() < out + ServerShared::kOutBytes;
    unsent_.append(is_copied ? Slice::copy_of(rest) : piece.share(rest));
  }
  unsent_written_ = 0;
  taken_at_ = shared_.loop.now();
  shared_.charge(unsent_.size());
  writer_runs_ = true;
  shared_.tasks.spawn(write_rest(shared_from_this()));
}

void ServerConnection::pop_answers(size_t count) {
  size_t bytes = 0;
  for (; count > 0; --count) {
    bytes += slots_.at(0).answer.size();
    slots_.pop_front();
  }
  slots_.shrink();
  answers_bytes_ -= bytes;
  shared_.release(bytes);
}

io::Task<void> ServerConnection::write_rest(std::shared_ptr<ServerConnection> self) {
  ServerConnection& connection = *self;
  while (!connection.closing_) {
    Result<void> writable = co_await connection.stream_->wait_writable();
    if (connection.closing_) break;
    if (!writable) {
      connection.lost(writable.error());
      break;
    }
    Result<size_t> written =
        connection.stream_->write_now(connection.unsent_, connection.unsent_written_);
    if (!written) {
      connection.lost(written.error());
      break;
    }
    connection.shared_.stats.bytes_out += *written;
    connection.info_->activity.bytes_out += *written;
    connection.unsent_written_ += *written;
    connection.last_activity_ = connection.shared_.loop.now();
    connection.taken_at_ = connection.last_activity_;
    connection.shared_.release(*written);
    if (connection.unsent_written_ < connection.unsent_.size()) continue;
    connection.unsent_.clear();
    connection.unsent_written_ = 0;
    connection.writer_runs_ = false;
    connection.flush();
    connection.go_on();
    break;  // flush() started another task if there is more
  }
}

}  // namespace odradek::rpc
