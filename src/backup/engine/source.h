#pragma once

#include <map>
#include <string>
#include <vector>

#include "backup/archive/snapshots.h"
#include "backup/engine/aborted_filter.h"
#include "cluster/cluster.h"
#include "io/task.h"

namespace odradek::backup {

enum class IsolationLevel : int8_t { kReadUncommitted = 0, kReadCommitted = 1 };

// What a fetch of one partition brought.
struct FetchedBatches {
  Slice memory;        // keeps `records` alive
  Bytes records;       // whole batches, the last maybe cut
  std::vector<AbortedTransaction> aborted;
  int64_t high_watermark = -1;
  int64_t last_stable_offset = -1;
  int64_t log_start_offset = -1;
};

struct FetchOptions {
  IsolationLevel isolation = IsolationLevel::kReadCommitted;
  int32_t max_bytes = 8 * 1024 * 1024;
  int32_t max_wait_ms = 500;
};

// What a partition of `topic` is asked for.
struct TopicPartition {
  std::string topic;
  Uuid topic_id;  // used where the peer fetches by id
  int32_t partition = 0;
};

// The answers a backup needs from the cluster it reads, each with retries until the deadline where
// the code says that waiting helps. Borrows the cluster. One loop.
class Source {
 public:
  explicit Source(cluster::Cluster& cluster) : cluster_(&cluster) {}

  // The offset at a special timestamp: kLatest honours the isolation level.
  enum class Special : int64_t { kLatest = -1, kEarliest = -2 };
  io::Task<Result<int64_t>> offset_at(TopicPartition partition, Special special,
                                      IsolationLevel isolation);
  // One fetch from the leader. kServer with OFFSET_OUT_OF_RANGE and the like is the caller's to
  // judge; NOT_LEADER and lost connections are retried after a metadata refresh.
  io::Task<Result<FetchedBatches>> fetch(TopicPartition partition, int64_t offset,
                                         FetchOptions options, cluster::Lane lane);
  // Configurations of the topic that are not defaults.
  io::Task<Result<std::map<std::string, std::string>>> topic_configs(std::string topic);
  // Committed positions of every group (or of `only`, when not empty).
  io::Task<Result<std::vector<GroupState>>> groups(std::vector<std::string> only);

  cluster::Cluster& cluster() { return *cluster_; }

 private:
  io::Task<Result<FetchedBatches>> fetch_once(TopicPartition partition, int64_t offset,
                                              FetchOptions options, cluster::Lane lane);
  io::Task<Result<std::vector<GroupState>>> list_groups(MonotonicTime deadline);
  io::Task<Result<void>> fetch_offsets(GroupState& group, MonotonicTime deadline);

  cluster::Cluster* cluster_;
};

// Would the same request succeed after metadata or coordinator were looked up again?
bool is_worth_retrying(const Error& error);

}  // namespace odradek::backup
