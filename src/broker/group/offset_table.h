#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "broker/group/group_environment.h"
#include "broker/group/group_types.h"

namespace odradek::broker {

// What all groups have committed, and what open transactions would commit. Only what was written
// is in here. One loop. Source: OffsetMetadataManager of Kafka 4.
class OffsetTable {
 public:
  using Partitions = std::map<int32_t, CommittedOffset>;
  using Topics = std::map<std::string, Partitions, std::less<>>;

  // Empty when the group has none.
  const Topics& of(std::string_view group) const;
  // Null when nothing is committed there.
  const CommittedOffset* find(std::string_view group, std::string_view topic,
                              int32_t partition) const;

  void set(std::string_view group, std::string_view topic, int32_t partition,
           CommittedOffset offset);
  // These erase what is committed and what is pending, as a tombstone in the log does.
  void erase(std::string_view group, std::string_view topic, int32_t partition);
  void erase_group(std::string_view group);

  // An offset that counts when its transaction commits. `log_partition` is the partition of
  // __consumer_offsets that the group is in, since markers are written to each of these.
  void set_pending(int32_t log_partition, TransactionOwner owner, std::string_view group,
                   std::string_view topic, int32_t partition, CommittedOffset offset);
  // The marker was written: offsets of the transaction in that partition count, or are dropped.
  void end_transaction(int32_t log_partition, int64_t producer_id, bool committed);
  // Whether an open transaction would commit here: consumers that require stable offsets wait.
  bool is_pending(std::string_view group, std::string_view topic, int32_t partition) const;
  bool has_pending(std::string_view group) const { return pending_counts_.contains(group); }
  // Where open transactions would commit for a group: topic, partition, how many of them.
  using Counts = std::map<std::string, std::map<int32_t, int32_t>, std::less<>>;
  const Counts& pending_of(std::string_view group) const;

  void clear();

 private:
  struct PendingKey {
    int32_t log_partition;
    int64_t producer_id;
    auto operator<=>(const PendingKey&) const = default;
  };
  using Groups = std::map<std::string, Topics, std::less<>>;

  static CommittedOffset& slot(Groups& groups, std::string_view group, std::string_view topic,
                               int32_t partition);
  static bool erase_from(Groups& groups, std::string_view group, std::string_view topic,
                         int32_t partition);
  void count_pending(const std::string& group, const std::string& topic, int32_t partition,
                     int32_t by);

  Groups groups_;
  std::map<PendingKey, Groups> pending_;
  std::map<std::string, Counts, std::less<>> pending_counts_;
  // Of two commits the one that was written later counts, though its transaction ends earlier.
  uint64_t next_order_ = 1;
};

}  // namespace odradek::broker
