#pragma once

#include <vector>

#include "base/slice.h"

namespace odradek::proxy {

// True for a part so small that a copy of it is better than the whole block kept in memory.
constexpr bool is_worth_a_copy(size_t part_bytes, size_t block_bytes) {
  return part_bytes < block_bytes / 4;
}

// Collects bytes for one gathered write: some shared from the block they came in, some small ones
// copied or made new. Neighbours in one block become one piece again.
class PieceList {
 public:
  // `part` lies in `block`.
  void share(const Slice& block, Bytes part);
  // The buffer for what is made new; bytes appended to it belong behind what was shared before.
  Buffer& made() { return made_; }

  // Pieces shared since the last call stay so, or become copies that hold no block.
  void keep(bool copies);

  size_t size() const { return shared_bytes_ + made_.size(); }
  bool empty() const { return size() == 0; }

  // All pieces in order; the list is empty afterwards.
  std::vector<Slice> take();

 private:
  struct Shared {
    size_t made_before;  // bytes of made_ that come first
    Slice slice;
  };

  std::vector<Shared> shared_;
  Buffer made_;
  size_t shared_bytes_ = 0;
  size_t kept_ = 0;  // of shared_
};

}  // namespace odradek::proxy
