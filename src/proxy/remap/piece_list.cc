#include "proxy/remap/piece_list.h"

#include <utility>

namespace odradek::proxy {

void PieceList::share(const Slice& block, Bytes part) {
  if (part.empty()) return;
  shared_bytes_ += part.size();
  if (shared_.size() > kept_ && shared_.back().made_before == made_.size()) {
    Slice& last = shared_.back().slice;
    const bool in_block =
        last.data() >= block.data() && last.data() + last.size() <= block.data() + block.size();
    if (in_block && last.data() + last.size() == part.data()) {
      last = block.share({last.data(), last.size() + part.size()});
      return;
    }
  }
  shared_.push_back({made_.size(), block.share(part)});
}

void PieceList::keep(bool copies) {
  for (; kept_ < shared_.size(); ++kept_) {
    if (copies) shared_[kept_].slice = Slice::copy_of(shared_[kept_].slice.bytes());
  }
}

std::vector<Slice> PieceList::take() {
  std::vector<Slice> pieces;
  pieces.reserve(2 * shared_.size() + 1);
  const Slice made = made_.freeze();
  size_t at = 0;
  for (Shared& shared : shared_) {
    if (shared.made_before > at) pieces.push_back(made.subslice(at, shared.made_before - at));
    at = shared.made_before;
    pieces.push_back(std::move(shared.slice));
  }
  if (made.size() > at) pieces.push_back(made.subslice(at, made.size() - at));
  shared_.clear();
  shared_bytes_ = 0;
  kept_ = 0;
  return pieces;
}

}  // namespace odradek::proxy
