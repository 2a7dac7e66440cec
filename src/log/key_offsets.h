#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace odradek::log {

// The newest offset of each key, in bounded memory: keys are known by 128 bits of a keyed hash
// (SipHash-2-4), so that nobody can make two of them collide. One thread.
// Source: SkimpyOffsetMap of Kafka 4; Aumasson and Bernstein, "SipHash".
class KeyOffsets {
 public:
  // Of memory, at most; some hundred keys fit in any case.
  explicit KeyOffsets(size_t bytes_max);

  // Later offsets come later. False, and nothing changed, when there is no room for a new key.
  bool put(Bytes key, int64_t offset);
  // -1 when the key is unknown.
  int64_t find(Bytes key) const;

  size_t size() const { return size_; }
  bool has_room() const { return size_ < size_max_; }
  // More keys than the limit allows, for what cannot be split.
  void raise_limit() { size_max_ *= 2; }

 private:
  struct Hash {
    uint64_t high = 0;
    uint64_t low = 0;
    bool operator==(const Hash&) const = default;
  };
  struct Entry {
    Hash hash;
    int64_t offset = -1;  // free
  };
  static constexpr size_t kEntriesMin = 1024;

  Hash hash_of(Bytes key) const;
  static size_t place_of(const std::vector<Entry>& entries, const Hash& hash);
  void grow();

  std::array<uint64_t, 2> secret_;
  size_t size_ = 0;
  size_t size_max_;
  std::vector<Entry> entries_;  // a power of two, at most three quarters of it used
};

}  // namespace odradek::log
