#include "base/arena.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace odradek {
namespace {

constexpr size_t kFirstChunkBytes = 2048;
constexpr size_t kLargestChunkBytes = 256 * 1024;  // but for a single larger array

}  // namespace

void* Arena::allocate_slow(size_t bytes, size_t alignment) {
  if (bytes > budget_bytes_ || allocated_bytes_ > budget_bytes_ - bytes) return nullptr;
  const size_t wanted = std::clamp(capacity_ * 2, kFirstChunkBytes, kLargestChunkBytes);
  const size_t size =
      std::max(bytes + alignment, std::min(wanted, budget_bytes_ - allocated_bytes_));
  chunks_.emplace_back(static_cast<std::byte*>(::operator new(size)));
  chunk_ = chunks_.back().get();
  capacity_ = size;
  used_ = 0;
  allocated_bytes_ += size;
  return allocate(bytes, alignment);
}

std::string_view Arena::copy(std::string_view text) {
  void* at = allocate(text.empty() ? 1 : text.size(), 1);
  if (at == nullptr) return {};
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  return {static_cast<const char*>(at), text.size()};
}

void Arena::reset() {
  if (chunks_.empty()) return;
  Chunk kept = std::move(chunks_.back());
  chunks_.clear();
  used_ = 0;
  if (capacity_ > kLargestChunkBytes) {  // one huge message must not cost its memory for ever
    chunk_ = nullptr;
    capacity_ = 0;
  } else {
    chunks_.push_back(std::move(kept));
  }
  allocated_bytes_ = capacity_;
}

}  // namespace odradek
