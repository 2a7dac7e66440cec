#pragma once

#include <cstdint>
#include <vector>

namespace odradek::log {

// Where each epoch of a partition's leader began, so that clients find out what of theirs a crash
// took. Ascending in both; one loop.
// Source: KIP-101, KIP-320; LeaderEpochFileCache of Kafka 4.
class LeaderEpochs {
 public:
  struct Entry {
    int32_t epoch = -1;
    int64_t start_offset = -1;
    bool operator==(const Entry&) const = default;
  };
  // The epoch and offset an epoch ended with; -1 and -1 when it is not known.
  struct End {
    int32_t epoch = -1;
    int64_t end_offset = -1;
  };

  // The epoch begins; earlier ones without records are forgotten. False when that was known.
  bool begin(int32_t epoch, int64_t start_offset);
  End end_of(int32_t epoch, int64_t log_end) const;

  // Nothing at or behind `offset`, nothing before `offset` is there any more.
  void truncate_from(int64_t offset);
  void truncate_before(int64_t offset);

  int32_t latest() const { return entries_.empty() ? -1 : entries_.back().epoch; }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace odradek::log
