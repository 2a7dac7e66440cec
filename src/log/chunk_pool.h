#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/slice.h"

namespace odradek::log {

class ChunkPool;

// Pages of memory that record batches are written into. Filled by one owner from front to back;
// what is written stays as it is, so slices of it may be sent while more is appended behind.
// Freed (or kept for the next one) when the last Slice of it is gone.
class Chunk final : public SharedBlock {
 public:
  ~Chunk() override;

  uint8_t* data() { return data_; }
  size_t capacity() const { return capacity_; }
  size_t used() const { return used_; }
  // Room for `bytes` more at the end; the caller has checked that they fit.
  uint8_t* extend(size_t bytes);

 private:
  friend class ChunkPool;
  Chunk(std::shared_ptr<ChunkPool> pool, uint8_t* data, size_t capacity)
      : pool_(std::move(pool)), data_(data), capacity_(capacity) {}

  void populate();

  std::shared_ptr<ChunkPool> pool_;
  uint8_t* data_;
  size_t capacity_;
  size_t used_ = 0;
  size_t populated_ = 0;  // so many bytes were asked to have pages; 0: the chunk is small
};

// Where chunks come from: the kernel, or recently freed ones (a page that was touched before
// costs nothing, a new one some microseconds). Untouched pages of a chunk take no memory.
// allocate() belongs to one thread; chunks may be freed on any.
class ChunkPool : public std::enable_shared_from_this<ChunkPool> {
 public:
  static constexpr size_t kChunkBytesMin = size_t{64} << 10U;
  static constexpr size_t kChunkBytesMax = size_t{4} << 20U;  // but one batch may be larger
  static constexpr size_t kIdleBytesMax = size_t{16} << 20U;  // freed chunks kept for later

  static std::shared_ptr<ChunkPool> create() { return std::shared_ptr<ChunkPool>(new ChunkPool); }
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;
  ~ChunkPool();

  // A chunk of at least `bytes`, a power of two up to kChunkBytesMax. The caller owns one
  // reference. Null when the system has no more memory to give.
  Chunk* allocate(size_t bytes);

  // Bytes written into chunks that still live, also of those only readers hold. Any thread.
  size_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }

 private:
  friend class Chunk;
  static constexpr size_t kClasses = 7;  // 64 KiB to 4 MiB, doubling

  // A freed chunk's first bytes, while it waits in returned_.
  struct Returned {
    Returned* next;
    size_t capacity;
  };

  ChunkPool() = default;
  void give_back(uint8_t* data, size_t capacity);
  void take_returned();

  std::array<std::vector<uint8_t*>, kClasses> idle_;
  size_t idle_bytes_ = 0;
  std::atomic<Returned*> returned_{nullptr};
  std::atomic<size_t> returned_bytes_{0};
  std::atomic<size_t> used_bytes_{0};
};

}  // namespace odradek::log
