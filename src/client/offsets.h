#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/cluster.h"
#include "odradek/consumer.h"
#include "odradek/types.h"

// Questions about offsets, asked to the right brokers and asked again until answered or until the
// deadline. Used by consumers and admins. On the loop; the cluster must outlive the task.
namespace odradek::client {

using OffsetMap = std::map<kafka::TopicPartition, kafka::OffsetAndMetadata>;

// Those that have an offset.
OffsetMap offset_map(std::vector<kafka::CommittedOffset> offsets);

// Of OffsetFetch and OffsetCommit: later versions name topics by id, which an offset's owner need
// not know (KIP-848).
inline constexpr int16_t kLastOffsetsWithNames = 9;

inline constexpr int64_t kLatestTimestamp = -1;
inline constexpr int64_t kEarliestTimestamp = -2;

struct OffsetQuery {
  kafka::TopicPartition partition;
  int64_t timestamp_ms = kLatestTimestamp;  // or kEarliestTimestamp
};

// In the order of the queries; offset -1 where there is none. Errors: kServer for a partition that
// fails for good (the first such), kTimedOut, kNetwork.
io::Task<Result<std::vector<kafka::PartitionOffset>>> list_offsets(cluster::Cluster& cluster,
                                                                   std::vector<OffsetQuery> queries,
                                                                   kafka::Isolation isolation,
                                                                   MonotonicTime deadline);

// One broker's answers about partitions it leads, in the order of the queries: each an offset or
// its own error. Asks once. Queries about the same partition have the same timestamp.
using OffsetAnswers = std::vector<Result<kafka::PartitionOffset>>;
io::Task<Result<OffsetAnswers>> ask_offsets(cluster::Cluster& cluster, int32_t broker_id,
                                            std::vector<OffsetQuery> queries,
                                            kafka::Isolation isolation, MonotonicTime deadline);

// Committed offsets of a group; without partitions, all it has. Partitions without a committed
// offset are in the answer only when asked for by name.
struct CommittedQuery {
  std::string group;
  std::vector<kafka::TopicPartition> partitions;
  bool all = false;
  bool require_stable = false;  // wait for transactions that commit offsets (KIP-447)
};
io::Task<Result<std::vector<kafka::CommittedOffset>>> fetch_committed(cluster::Cluster& cluster,
                                                                      CommittedQuery query,
                                                                      MonotonicTime deadline);

// Stores offsets, as a member or (generation -1) from outside of an empty group. Retries what is
// about finding the coordinator; whatever concerns the membership comes up as kServer.
io::Task<Result<void>> commit_offsets(cluster::Cluster& cluster, kafka::GroupMetadata member,
                                      OffsetMap offsets, MonotonicTime deadline);

}  // namespace odradek::client
