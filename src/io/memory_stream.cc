#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>

#include "io/event.h"
#include "io/stream.h"

namespace odradek::io {
namespace {

// One direction of a connection.
struct Pipe {
  Pipe(Loop& loop, size_t its_capacity) : capacity(its_capacity), changed(loop) {}

  size_t capacity;
  std::deque<uint8_t> bytes;
  bool writer_closed = false;
  bool reader_closed = false;
  Event changed;
};

class MemoryStream final : public Stream {
 public:
  MemoryStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out, std::string_view local,
               std::string_view peer)
      : in_(std::move(in)), out_(std::move(out)), local_(local), peer_(peer) {}
  ~MemoryStream() override { MemoryStream::close(); }

  Task<Result<void>> wait_readable() override {
    const std::shared_ptr<Pipe> in = in_;
    while (in->bytes.empty() && !in->writer_closed && !in->reader_closed) {
      Result<void> waited = co_await in->changed.wait();
      if (!waited) co_return waited;
    }
    if (in->reader_closed) co_return Errc::kClosed;
    co_return Result<void>{};
  }

  Result<size_t> read_now(MutableBytes into) override {
    Pipe& in = *in_;
    if (in.reader_closed) return Errc::kClosed;
    if (in.bytes.empty()) {
      if (in.writer_closed) return Errc::kClosed;
      return size_t{0};
    }
    const size_t count = std::min(into.size(), in.bytes.size());
    const auto end = in.bytes.begin() + static_cast<std::ptrdiff_t>(count);
    std::copy(in.bytes.begin(), end, into.begin());
    in.bytes.erase(in.bytes.begin(), end);
    in.changed.notify_all();
    return count;
  }

  Result<size_t> write_now(const SliceChain& bytes, size_t skip) override {
    Pipe& out = *out_;
    if (out.writer_closed) return Errc::kClosed;
    if (out.reader_closed) return Error(Errc::kNetwork, "connection reset by peer");
    size_t taken = 0;
    for (const Slice& slice : bytes.slices()) {
      if (skip >= slice.size()) {
        skip -= slice.size();
        continue;
      }
      const size_t count = std::min(slice.size() - skip, out.capacity - out.bytes.size());
      const uint8_t* from = slice.data() + skip;
      out.bytes.insert(out.bytes.end(), from, from + count);
      taken += count;
      skip = 0;
      if (out.bytes.size() == out.capacity) break;
    }
    if (taken != 0) out.changed.notify_all();
    return taken;
  }

  Task<Result<void>> wait_writable() override {
    const std::shared_ptr<Pipe> out = out_;
    while (out->bytes.size() >= out->capacity && !out->reader_closed && !out->writer_closed) {
      Result<void> waited = co_await out->changed.wait();
      if (!waited) co_return waited;
    }
    if (out->writer_closed) co_return Errc::kClosed;
    co_return Result<void>{};
  }

  void close() override {
    in_->reader_closed = true;
    out_->writer_closed = true;
    in_->changed.notify_all();
    out_->changed.notify_all();
  }

  std::string peer_address() const override { return std::string(peer_); }
  std::string local_address() const override { return std::string(local_); }

 private:
  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
  std::string_view local_;
  std::string_view peer_;
};

}  // namespace

std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> memory_streams(Loop& loop,
                                                                           size_t capacity) {
  auto there = std::make_shared<Pipe>(loop, capacity);
  auto back = std::make_shared<Pipe>(loop, capacity);
  auto first = std::make_unique<MemoryStream>(back, there, "memory:1", "memory:2");
  auto second = std::make_unique<MemoryStream>(there, back, "memory:2", "memory:1");
  return {std::move(first), std::move(second)};
}

}  // namespace odradek::io
