#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "wire/record_batch.h"

namespace odradek::backup {

struct AbortedTransaction {
  int64_t producer_id = -1;
  int64_t first_offset = -1;

  auto operator<=>(const AbortedTransaction&) const = default;
};

// Tells which batches of a partition a read_committed reader does not see, from the lists of
// aborted transactions that come with fetch responses. Batches are asked in offset order.
// Source: KIP-98; org.apache.kafka.clients.consumer.internals.CompletedFetch.
class AbortedFilter {
 public:
  // The list of the response the next batches come from. Transactions already known are ignored.
  void add(std::span<const AbortedTransaction> transactions);

  // Is this data batch part of an aborted transaction? Control batches are never; an abort marker
  // ends its producer's transaction.
  bool is_aborted(const wire::BatchView& batch);
  void on_abort_marker(int64_t producer_id);

 private:
  std::set<AbortedTransaction> known_;
  std::multiset<std::pair<int64_t, int64_t>> waiting_;  // first offset, producer id
  std::set<int64_t> aborting_;  // producers inside an aborted transaction
};

}  // namespace odradek::backup
