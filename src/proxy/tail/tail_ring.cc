#include "proxy/tail/tail_ring.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "wire/record_batch.h"

namespace odradek::proxy {

using proto::FetchResponse;

const TailRing::Chunk& TailRing::at(int64_t offset) const {
  ODK_ASSERT(offset >= begin() && offset < end(), "offset {} of {}..{}", offset, begin(), end());
  const auto behind = std::ranges::upper_bound(chunks_, offset, {}, &Chunk::begin);
  return *std::prev(behind);
}

std::vector<FetchResponse::AbortedTransaction> TailRing::aborted_from(const Chunk& chunk,
                                                                      int64_t offset) {
  std::vector<FetchResponse::AbortedTransaction> told;
  for (const Aborted& aborted : chunk.aborted) {
    if (aborted.marker && *aborted.marker < offset) continue;
    auto& one = told.emplace_back();
    one.producer_id = aborted.producer_id;
    one.first_offset = aborted.first_offset;
  }
  return told;
}

bool TailRing::append(const Slice& records,
                      std::span<const FetchResponse::AbortedTransaction> aborted) {
  Chunk chunk = {.begin = end_, .end = end_, .records = {}, .aborted = {}};
  for (const auto& one : aborted) {
    chunk.aborted.push_back({one.producer_id, one.first_offset, std::nullopt});
  }
  wire::BatchCursor batches(records.bytes());
  size_t whole = 0;
  while (true) {
    const Result<std::optional<wire::BatchView>> next = batches.next();
    if (!next) return false;
    if (!*next) break;
    const wire::BatchView& batch = **next;
    whole += batch.size();
    chunk.end = std::max(chunk.end, batch.next_offset());
    last_epoch_ = batch.leader_epoch();
    if (!batch.is_control()) continue;
    for (Aborted& one : chunk.aborted) {
      const bool ends = one.producer_id == batch.producer_id() && !one.marker &&
                        batch.base_offset() > one.first_offset;
      if (ends) one.marker = batch.base_offset();
    }
  }
  if (chunk.end == end_) return false;
  chunk.records = records.share(records.bytes().first(whole));
  bytes_ += whole;
  end_ = chunk.end;
  chunks_.push_back(std::move(chunk));
  return true;
}

size_t TailRing::drop_oldest() {
  if (chunks_.empty()) return 0;
  const size_t dropped = chunks_.front().records.size();
  chunks_.pop_front();
  bytes_ -= dropped;
  return dropped + kChunkCost;
}

}  // namespace odradek::proxy
