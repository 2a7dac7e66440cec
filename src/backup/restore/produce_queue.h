#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/slice.h"
#include "cluster/cluster.h"

namespace odradek::backup {

// A batch on its way to the leader of its partition. Header and records are sent as they are.
struct OutgoingBatch {
  std::string topic{};
  int32_t partition = 0;
  Slice header{};
  Slice records{};
};

// Produces ready batches, those of many partitions to one leader together: a request takes one
// batch of each partition, the longest waiting first, and a connection has a few requests under
// way. Batches of a partition keep their order. One loop.
class ProduceQueue {
 public:
  // Unanswered on one connection; more batches wait, and so fill the next request.
  static constexpr size_t kRequestsInFlightMax = 5;
  // Of batches in a request, unless one alone is larger.
  static constexpr uint64_t kRequestBytesMax = uint64_t{8} * 1024 * 1024;
  // The base offset of a batch the broker had already and no longer knows where.
  static constexpr int64_t kSomewhere = -1;

  // The base offset it got. Errors: what the broker answered for this batch; of the connection,
  // for all that were under way on it.
  using Done = std::move_only_function<void(Result<int64_t>)>;

  explicit ProduceQueue(cluster::Cluster& cluster) : cluster_(&cluster) {}
  ProduceQueue(const ProduceQueue&) = delete;
  ProduceQueue& operator=(const ProduceQueue&) = delete;
  // What is waiting is not sent; what is under way may still be reported.
  ~ProduceQueue();

  // Sends it with what else comes in this turn of the loop. `done` is called once, on the loop,
  // not before this returns.
  void add(const cluster::Cluster::Connection& leader, OutgoingBatch batch, Done done);

 private:
  class Leader;

  cluster::Cluster* cluster_;
  std::map<const rpc::ClientConnection*, std::shared_ptr<Leader>> leaders_;
};

}  // namespace odradek::backup
