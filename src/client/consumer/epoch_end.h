#pragma once

#include <cstdint>
#include <vector>

#include "cluster/cluster.h"
#include "odradek/types.h"
#include "proto/error_code.h"

namespace odradek::client {

// The record before a position was written under this leader epoch.
struct EpochQuery {
  kafka::TopicPartition partition;
  int32_t leader_epoch = -1;
  int32_t current_leader_epoch = -1;  // as we know it
};

// Where the leader's log ends for an epoch: the largest one it has that is not above the one asked
// for. -1: it has none.
struct EpochEnd {
  kafka::TopicPartition partition;
  int32_t leader_epoch = -1;
  int64_t end_offset = -1;
  proto::ErrorCode error = proto::ErrorCode::kNone;
};

// Asks one leader once. kUnsupported: by brokers that let nobody but other brokers ask (before
// Kafka 2.3).
// Source: KIP-320; OffsetsForLeaderEpochClient of the Java client.
io::Task<Result<std::vector<EpochEnd>>> epoch_ends(cluster::Cluster& cluster, int32_t broker_id,
                                                   std::vector<EpochQuery> queries,
                                                   MonotonicTime deadline);

}  // namespace odradek::client
