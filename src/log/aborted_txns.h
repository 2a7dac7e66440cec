#pragma once

#include <cstdint>
#include <vector>

namespace odradek::log {

// One aborted transaction of a partition: what a reader of committed records has to leave out.
struct AbortedTxn {
  int64_t producer_id = -1;
  int64_t first_offset = -1;        // of its first record
  int64_t last_offset = -1;         // of its marker
  int64_t last_stable_offset = -1;  // of the partition once it was aborted
};

// The aborted transactions of one partition, in the order of their markers. One loop.
// Source: TransactionIndex of Kafka 4.
class AbortedTxns {
 public:
  // Its marker is behind all others.
  void add(const AbortedTxn& aborted);

  // Those with records in [from, end), ascending by first offset. O(log n + overlapping).
  std::vector<AbortedTxn> overlapping(int64_t from, int64_t end) const;

  // Forgets those that end before `offset`.
  void drop_before(int64_t offset);
  // Forgets those whose marker is in [first, end).
  void drop_ended_within(int64_t first, int64_t end);

  const std::vector<AbortedTxn>& all() const { return all_; }

 private:
  std::vector<AbortedTxn> all_;
};

}  // namespace odradek::log
