#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/slice.h"
#include "broker/fetch_session.h"
#include "log/aborted_txns.h"
#include "log/leader_epochs.h"
#include "proto/error_code.h"

namespace odradek::rpc {
struct ConnectionInfo;
}

namespace odradek::broker {

class Node;
struct Partition;

struct FetchLimits {
  size_t bytes_min = 0;
  size_t bytes_max = 0;
  bool read_committed = false;
  bool by_topic_id = false;
  // Who reads; null when everybody may read everything.
  const rpc::ConnectionInfo* reader = nullptr;
};

// What was read of one partition. Offsets are -1 where there is an error.
struct FetchedPartition {
  FetchSession::Partitions::iterator asked;
  const Partition* partition = nullptr;  // null: unknown
  proto::ErrorCode error = proto::ErrorCode::kNone;
  int64_t high_watermark = -1;
  int64_t last_stable_offset = -1;
  int64_t log_start = -1;
  size_t first_slice = 0;  // in FetchRead::slices
  size_t slices = 0;
  size_t bytes = 0;
  std::optional<log::LeaderEpochs::End> diverging;  // where the client's log and ours part
  std::vector<log::AbortedTxn> aborted;  // in what was read, for a reader of committed records
};

// What was read of all.
struct FetchRead {
  std::vector<FetchedPartition> partitions;
  std::vector<Slice> slices;
  size_t bytes = 0;
  bool any_known = false;    // a partition that exists, and may be waited for
  bool read_failed = false;  // one of those gave an error: no reason to wait
};

// Reads whole batches from each partition in turn, up to the limits; the first batch of the first
// partition that has one is given whatever its size. Unknown partitions come last. Source: KIP-74,
// ReplicaManager.readFromLog.
FetchRead read_partitions(Node& node, FetchSession::Partitions& partitions,
                          const FetchLimits& limits);

}  // namespace odradek::broker
