#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace odradek {

// Bump memory for the arrays of decoded messages: all freed at once, nothing destroyed one by one.
// A budget bounds what hostile input can make us allocate. One thread.
class Arena {
 public:
  static constexpr size_t kUnlimited = std::numeric_limits<size_t>::max();

  explicit Arena(size_t budget_bytes = kUnlimited) : budget_bytes_(budget_bytes) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  Arena(Arena&&) = delete;
  Arena& operator=(Arena&&) = delete;

  // Uninitialised memory, or nullptr when the budget is used up. Lives until reset().
  void* allocate(size_t bytes, size_t alignment) {
    const size_t padding = (alignment - (used_ & (alignment - 1))) & (alignment - 1);
    if (padding <= capacity_ - used_ && bytes <= capacity_ - used_ - padding) [[likely]] {
      void* at = chunk_ + used_ + padding;
      used_ += padding + bytes;
      return at;
    }
    return allocate_slow(bytes, alignment);
  }

  // `count` value-initialised elements; data() is nullptr when the budget is used up.
  template <class T>
  std::span<T> array(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (count > kUnlimited / sizeof(T)) return {};
    void* at = allocate(count == 0 ? 1 : count * sizeof(T), alignof(T));
    if (at == nullptr) return {};
    T* first = static_cast<T*>(at);
    for (size_t i = 0; i < count; ++i) ::new (static_cast<void*>(first + i)) T();
    return {first, count};
  }

  template <class T>
  T* create() {
    return array<T>(1).data();
  }

  // A copy of the text that lives as long as the arena; null data when over budget.
  std::string_view copy(std::string_view text);

  // Frees everything but one chunk of ordinary size; all pointers handed out become invalid.
  void reset();
  void set_budget(size_t bytes) { budget_bytes_ = bytes; }
  size_t allocated_bytes() const { return allocated_bytes_; }

 private:
  struct ChunkFree {
    void operator()(std::byte* memory) const { ::operator delete(memory); }
  };
  using Chunk = std::unique_ptr<std::byte, ChunkFree>;

  void* allocate_slow(size_t bytes, size_t alignment);

  std::vector<Chunk> chunks_;
  std::byte* chunk_ = nullptr;
  size_t used_ = 0;
  size_t capacity_ = 0;
  size_t allocated_bytes_ = 0;
  size_t budget_bytes_;
};

}  // namespace odradek
