#pragma once

#include <cstdint>

#include "broker/txn/txn_coordinator.h"
#include "io/loop.h"
#include "log/partition_log.h"

namespace odradek::broker {

class Node;
class Settings;

TxnConfig txn_config(const Settings& settings);

// How a request that writes in a transaction brings its partitions into it.
enum class TxnJoin : uint8_t {
  kVerifyOld,  // the client added them; it knows only old error codes
  kVerify,     // the client added them
  kAdd,        // this request does it (KIP-890)
};

// Connects the transaction coordinator with the broker: its records are in __transaction_state,
// its markers in the partitions' logs, its time is the loop's. One loop.
class TxnService final : private TxnWorld {
 public:
  TxnService(Node& node, const TxnConfig& config);
  TxnService(const TxnService&) = delete;
  TxnService& operator=(const TxnService&) = delete;
  ~TxnService() override;

  TxnCoordinator::Answer init(const TxnProducer& producer, int32_t timeout_ms);
  ErrorCode add(const TxnProducer& producer, std::span<const TxnPartition> partitions,
                int16_t client_version);
  TxnCoordinator::Answer end(const TxnProducer& producer, bool commit, int16_t client_version);

  // Whether the producer may write to a partition in its transaction, with the code a client of
  // that generation understands. kNone: `proof` is what the partition's log wants to see.
  // Source: AddPartitionsToTxnManager, ReplicaManager.handleProduceAppend of Kafka 4.3.
  ErrorCode join(const TxnProducer& producer, const TxnPartition& partition,
                 const log::PartitionLog& log, TxnJoin how, log::TxnProof& proof);

  // Ends a producer's transaction in one partition, whoever says so: the coordinator, or an
  // administrator (WriteTxnMarkers). kUnknownTopicOrPartition, kInvalidProducerEpoch,
  // kTransactionCoordinatorFenced, kKafkaStorageError.
  ErrorCode write_marker(const TxnPartition& partition, const log::TxnMarker& marker) override;

  // What the log of the coordinator says, once, before the first request.
  Result<void> load();

  const TxnCoordinator& coordinator() const { return coordinator_; }
  void expire_ids() { coordinator_.expire_ids(now().wall_ms); }
  // Forgets everything.
  void clear();

 private:
  Result<int64_t> new_producer_id() override;
  ErrorCode write_state(std::string_view id, Bytes key, Bytes value) override;
  int32_t coordinator_epoch(std::string_view id) override;

  TxnCoordinator::Now now() const;
  void arm();

  Node& node_;
  TxnCoordinator coordinator_;
  io::TimerId timer_ = 0;
  MonotonicTime timer_at_;
  bool markers_are_safe_ = true;
};

}  // namespace odradek::broker
