#pragma once

#include <string>
#include <vector>

#include "client/offsets.h"
#include "client/producer/partition_sender.h"
#include "cluster/cluster.h"

namespace odradek::client {

// Who takes part, as every request of a transaction says it.
struct TransactionOwner {
  std::string id;  // transactional.id
  ProducerIdentity producer;
  bool is_v2 = false;  // the coordinator adds partitions and raises epochs by itself (KIP-890)
};

// The questions of a transactional producer to its coordinators, each asked again until answered,
// refused for good, or `deadline`. On the loop; the cluster must outlive the tasks. Errors: kServer
// with the last code, kTimedOut, kAuthentication, kUnsupported.
// Source: KIP-98, KIP-360, KIP-447, KIP-890.

struct InitializedProducer {
  ProducerIdentity producer;
  bool is_v2 = false;
};
// Fences older producers of the id and ends what they left open. With a `current` identity only
// the epoch is raised.
io::Task<Result<InitializedProducer>> init_producer(cluster::Cluster& cluster,
                                                    TransactionOwner current, Duration timeout,
                                                    MonotonicTime deadline);

// Before version 2: what a transaction writes to is told in advance.
io::Task<Result<void>> add_partitions(cluster::Cluster& cluster, TransactionOwner owner,
                                      std::vector<kafka::TopicPartition> partitions,
                                      MonotonicTime deadline);
io::Task<Result<void>> add_group(cluster::Cluster& cluster, TransactionOwner owner,
                                 std::string group, MonotonicTime deadline);

// Offsets that become visible when the transaction commits; to the group's coordinator.
io::Task<Result<void>> commit_in_transaction(cluster::Cluster& cluster, TransactionOwner owner,
                                             kafka::GroupMetadata member, OffsetMap offsets,
                                             MonotonicTime deadline);

// The identity to go on with: with version 2 the coordinator gives a new one.
io::Task<Result<ProducerIdentity>> end_transaction(cluster::Cluster& cluster,
                                                   TransactionOwner owner, bool is_commit,
                                                   MonotonicTime deadline);

}  // namespace odradek::client
