#include "log/chunk_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace odradek::log {
namespace {

// Of smaller chunks there are many, and most of them stay nearly empty.
constexpr size_t kPopulatedChunkBytes = size_t{1} << 20U;
constexpr size_t kPopulateBytes = size_t{128} << 10U;

size_t class_of(size_t capacity) {
  return static_cast<size_t>(std::countr_zero(capacity / ChunkPool::kChunkBytesMin));
}

size_t round_up(size_t bytes) {
  if (bytes <= ChunkPool::kChunkBytesMin) return ChunkPool::kChunkBytesMin;
  if (bytes <= ChunkPool::kChunkBytesMax) return std::bit_ceil(bytes);
  constexpr size_t kPage = 4096;
  return (bytes + kPage - 1) / kPage * kPage;
}

void unmap(uint8_t* data, size_t capacity) {
  const int failed = munmap(data, capacity);
  ODK_ASSERT(failed == 0, "munmap of {} bytes", capacity);
}

}  // namespace

Chunk::~Chunk() {
  pool_->used_bytes_.fetch_sub(used_, std::memory_order_relaxed);
  pool_->give_back(data_, capacity_);
}

uint8_t* Chunk::extend(size_t bytes) {
  ODK_ASSERT(bytes <= capacity_ - used_);
  uint8_t* at = data_ + used_;
  used_ += bytes;
  if (used_ > populated_ && capacity_ >= kPopulatedChunkBytes) populate();
  pool_->used_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  return at;
}

// One call for many pages: the faults of an append cost as much as its copies otherwise.
void Chunk::populate() {
  const size_t end =
      std::min((used_ + kPopulateBytes - 1) / kPopulateBytes * kPopulateBytes, capacity_);
  // A kernel that cannot do it brings the pages as they are touched.
  static_cast<void>(madvise(data_ + populated_, end - populated_, MADV_POPULATE_WRITE));
  populated_ = end;
}

ChunkPool::~ChunkPool() {
  take_returned();
  for (size_t i = 0; i < kClasses; ++i) {
    for (uint8_t* data : idle_[i]) unmap(data, kChunkBytesMin << i);
  }
}

Chunk* ChunkPool::allocate(size_t bytes) {
  const size_t capacity = round_up(bytes);
  uint8_t* data = nullptr;
  if (capacity <= kChunkBytesMax) {
    take_returned();
    std::vector<uint8_t*>& idle = idle_[class_of(capacity)];
    if (!idle.empty()) {
      data = idle.back();
      idle.pop_back();
      idle_bytes_ -= capacity;
    }
  }
  if (data == nullptr) {
    void* mapped =
        mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    data = static_cast<uint8_t*>(mapped);
  }
  // Owned by reference count, as every SharedBlock.
  return new Chunk(shared_from_this(), data, capacity);  // tidy: allow new, the block frees itself
}

// Runs on whichever thread drops the last reference, so it only pushes on a lock-free stack; the
// owner takes the whole stack at once, which is why no ABA problem exists.
void ChunkPool::give_back(uint8_t* data, size_t capacity) {
  const bool keep = capacity <= kChunkBytesMax &&
                    returned_bytes_.load(std::memory_order_relaxed) + capacity <= kIdleBytesMax;
  if (!keep) {
    unmap(data, capacity);
    return;
  }
  returned_bytes_.fetch_add(capacity, std::memory_order_relaxed);
  auto* node = reinterpret_cast<Returned*>(data);
  node->capacity = capacity;
  node->next = returned_.load(std::memory_order_relaxed);
  while (!returned_.compare_exchange_weak(node->next, node, std::memory_order_release,
                                          std::memory_order_relaxed)) {
  }
}

void ChunkPool::take_returned() {
  if (returned_.load(std::memory_order_relaxed) == nullptr) return;
  Returned* node = returned_.exchange(nullptr, std::memory_order_acquire);
  while (node != nullptr) {
    Returned* next = node->next;
    const size_t capacity = node->capacity;
    returned_bytes_.fetch_sub(capacity, std::memory_order_relaxed);
    auto* data = reinterpret_cast<uint8_t*>(node);
    if (idle_bytes_ + capacity <= kIdleBytesMax) {
      idle_[class_of(capacity)].push_back(data);
      idle_bytes_ += capacity;
    } else {
      unmap(data, capacity);
    }
    node = next;
  }
}

}  // namespace odradek::log
