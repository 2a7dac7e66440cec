#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"

namespace odradek {

// Memory shared by Slices, freed with the last of them. Derive from it to share memory that is
// not from the heap (a log chunk, a mapped file).
class SharedBlock {
 public:
  SharedBlock() = default;
  SharedBlock(const SharedBlock&) = delete;
  SharedBlock& operator=(const SharedBlock&) = delete;
  virtual ~SharedBlock() = default;

  void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  bool is_unique() const { return references_.load(std::memory_order_acquire) == 1; }

 private:
  std::atomic<uint32_t> references_{1};
};

// A reference-counted immutable byte range: copying shares, never copies bytes. Slices of one
// block may be used from several threads; one Slice object belongs to one thread.
class Slice {
 public:
  Slice() = default;
  // Takes over one reference to `block`, which keeps `bytes` alive.
  Slice(SharedBlock* block, Bytes bytes) : block_(block), bytes_(bytes) {}
  Slice(const Slice& other) : block_(other.block_), bytes_(other.bytes_) {
    if (block_ != nullptr) block_->retain();
  }
  Slice(Slice&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)), bytes_(std::exchange(other.bytes_, {})) {}
  Slice& operator=(Slice other) noexcept {
    std::swap(block_, other.block_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Slice() {
    if (block_ != nullptr) block_->release();
  }

  // An owning copy of the bytes.
  static Slice copy_of(Bytes bytes);
  static Slice copy_of(std::string_view text) { return copy_of(as_bytes(text)); }

  // Bytes with static storage duration: nothing to own.
  static Slice of_static(Bytes bytes) { return {nullptr, bytes}; }

  const uint8_t* data() const { return bytes_.data(); }
  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  Bytes bytes() const { return bytes_; }  // valid while any Slice of the block lives
  std::string_view text() const { return as_text(bytes_); }

  Slice subslice(size_t offset, size_t length) const {
    ODK_ASSERT(offset <= size() && length <= size() - offset);
    return share(bytes_.subspan(offset, length));
  }
  // A Slice for `view`, which must lie inside this one (a decoded field, a batch).
  Slice share(Bytes view) const {
    ODK_ASSERT(view.empty() ||
               (view.data() >= data() && view.data() + view.size() <= data() + size()));
    if (block_ != nullptr) block_->retain();
    return {block_, view};
  }

 private:
  SharedBlock* block_ = nullptr;
  Bytes bytes_;
};

// A growable byte buffer with one owner. Becomes an immutable Slice by freeze(), without a copy.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(size_t capacity) { reserve(capacity); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~Buffer();

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  Bytes bytes() const { return {data_, size_}; }
  MutableBytes mutable_bytes() { return {data_, size_}; }

  void clear() { size_ = 0; }
  void reserve(size_t capacity) {
    if (capacity > capacity_) grow(capacity);
  }
  // New bytes are uninitialised.
  void resize(size_t size) {
    if (size > capacity_) grow(size);
    size_ = size;
  }
  // Uninitialised room at the end; the pointer is valid until the next call that grows.
  uint8_t* extend(size_t count) {
    if (count > capacity_ - size_) grow(size_ + count);
    uint8_t* at = data_ + size_;
    size_ += count;
    return at;
  }
  void append(Bytes bytes) {
    if (!bytes.empty()) std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
  }
  void append(std::string_view text) { append(as_bytes(text)); }

  // The content as a Slice; this buffer is empty afterwards.
  Slice freeze();

 private:
  class HeapBlock;

  void grow(size_t at_least);
  void swap(Buffer& other) noexcept;

  HeapBlock* block_ = nullptr;
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

// Bytes in several pieces, to be sent by one gathered write.
class SliceChain {
 public:
  SliceChain() = default;
  SliceChain(Slice slice) { append(std::move(slice)); }

  void append(Slice slice) {
    if (slice.empty()) return;
    size_ += slice.size();
    slices_.push_back(std::move(slice));
  }
  void append(SliceChain other) {
    size_ += other.size_;
    for (Slice& slice : other.slices_) slices_.push_back(std::move(slice));
  }
  void reserve(size_t slices) { slices_.reserve(slices); }
  // Empty, with the room for slices kept.
  void clear() {
    slices_.clear();
    size_ = 0;
  }

  size_t size() const { return size_; }  // bytes
  bool empty() const { return size_ == 0; }
  std::span<const Slice> slices() const { return slices_; }

  // All bytes in one Slice: shared when there is one piece, copied otherwise.
  Slice flatten() const;

 private:
  std::vector<Slice> slices_;
  size_t size_ = 0;
};

}  // namespace odradek
