#include "base/slice.h"

#include <algorithm>

namespace odradek {

class Buffer::HeapBlock final : public SharedBlock {
 public:
  explicit HeapBlock(size_t capacity)
      : memory_(std::make_unique_for_overwrite<uint8_t[]>(capacity)) {}
  uint8_t* data() { return memory_.get(); }

 private:
  std::unique_ptr<uint8_t[]> memory_;
};

Buffer::~Buffer() {
  if (block_ != nullptr) block_->release();
}

void Buffer::grow(size_t at_least) {
  constexpr size_t kMinCapacity = 64;
  Buffer larger;
  larger.capacity_ = std::max({at_least, capacity_ + capacity_ / 2, kMinCapacity});
  larger.block_ = new HeapBlock(larger.capacity_);
  larger.data_ = larger.block_->data();
  larger.size_ = size_;
  if (size_ != 0) std::memcpy(larger.data_, data_, size_);
  swap(larger);
}

void Buffer::swap(Buffer& other) noexcept {
  std::swap(block_, other.block_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
}

Slice Buffer::freeze() {
  Slice slice(std::exchange(block_, nullptr), {data_, size_});
  data_ = nullptr;
  size_ = 0;
  capacity_ = 0;
  return slice;
}

Slice Slice::copy_of(Bytes bytes) {
  Buffer buffer(bytes.size());
  buffer.append(bytes);
  return buffer.freeze();
}

Slice SliceChain::flatten() const {
  if (slices_.size() == 1) return slices_.front();
  Buffer buffer(size_);
  for (const Slice& slice : slices_) buffer.append(slice.bytes());
  return buffer.freeze();
}

}  // namespace odradek
