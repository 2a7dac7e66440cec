#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "broker/txn/txn.h"
#include "log/producer_state.h"
#include "proto/error_code.h"
#include "wire/record_iterator.h"

namespace odradek::broker {

// What the coordinator needs of the world around it. All of it happens at once.
class TxnWorld {
 public:
  using ErrorCode = proto::ErrorCode;

  virtual ~TxnWorld() = default;
  // A producer id nobody has. Errors are told to the client as kCoordinatorNotAvailable.
  virtual Result<int64_t> new_producer_id() = 0;
  // Stores the state of an id; an empty value forgets it. An error: nothing was stored.
  virtual ErrorCode write_state(std::string_view id, Bytes key, Bytes value) = 0;
  // Ends the transaction in a partition. kUnknownTopicOrPartition: the partition is gone, which is
  // as good. Any other error: try again later.
  virtual ErrorCode write_marker(const TxnPartition& partition, const log::TxnMarker& marker) = 0;
  // The epoch of this coordinator for an id, in its markers.
  virtual int32_t coordinator_epoch(std::string_view id) = 0;
};

struct TxnConfig {
  int32_t timeout_max_ms = 900'000;  // transaction.max.timeout.ms
  int64_t id_expiration_ms = 604'800'000;  // transactional.id.expiration.ms
  size_t ids_max = 100'000;  // more are refused until old ones expire
};

// Who is asked for, as each request of a transaction names it.
struct TxnProducer {
  std::string_view id;  // transactional id; may be null
  int64_t producer_id = wire::kNoProducerId;
  int16_t epoch = wire::kNoProducerEpoch;
};

// The transaction coordinator without sockets: decides, stores its decision, then has it carried
// out. A decision that could not be carried out is tried again, also after a replay. Inputs carry
// the time; call tick() at wake_at(). Belongs to one loop.
// Split by what is asked: this file the table of ids and time, txn_init.cc, txn_partitions.cc,
// txn_end.cc.
// Source: KIP-98, KIP-360, KIP-890; TransactionCoordinator and TransactionMetadata of Kafka 4.3.
class TxnCoordinator {
 public:
  using ErrorCode = proto::ErrorCode;
  struct Now {
    MonotonicTime at;
    TimestampMs wall_ms = 0;
  };
  struct Answer {
    ErrorCode error = ErrorCode::kNone;
    int64_t producer_id = wire::kNoProducerId;
    int16_t epoch = wire::kNoProducerEpoch;
  };

  TxnCoordinator(TxnWorld& world, const TxnConfig& config) : world_(world), config_(config) {}
  TxnCoordinator(const TxnCoordinator&) = delete;
  TxnCoordinator& operator=(const TxnCoordinator&) = delete;

  // InitProducerId of a transactional id: fences who had it, aborts an open transaction
  // (kConcurrentTransactions, ask again). `producer` names id and epoch of a producer that goes on
  // after an error (KIP-360), or neither.
  Answer init(const TxnProducer& producer, int32_t timeout_ms, Now now);

  // Adds partitions to the open transaction, or begins one. `client_version` is the
  // transaction.version the client speaks.
  ErrorCode add(const TxnProducer& producer, std::span<const TxnPartition> partitions,
                int16_t client_version, Now now);
  // Is the partition in the open transaction? kTransactionAbortable: no.
  ErrorCode verify(const TxnProducer& producer, const TxnPartition& partition) const;

  // Commits or aborts. From transaction.version 2 on the answer tells the next id and epoch.
  Answer end(const TxnProducer& producer, bool commit, int16_t client_version, Now now);

  // Aborts what took too long, repeats what did not succeed. Afterwards wake_at() is later.
  void tick(Now now);
  std::optional<MonotonicTime> wake_at() const;
  // Forgets ids that were not used for long.
  void expire_ids(TimestampMs now_ms);

  // Reads a stored record back, in the order of the log; then, once, resume().
  Result<void> replay(const wire::RecordView& record);
  void resume(Now now);

  // Null when there is none.
  const Txn* find(std::string_view id) const;
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [id, entry] : txns_) visit(entry.txn);
  }
  size_t size() const { return txns_.size(); }
  // Forgets everything.
  void clear();

 private:
  using Wakes = std::multimap<MonotonicTime, std::string>;
  struct Entry {
    Txn txn;
    std::optional<Wakes::iterator> scheduled;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  // Stores `next` and makes it the state of the entry; on an error nothing changes.
  ErrorCode advance(Entry& entry, Txn next);
  void schedule(Entry& entry, std::optional<MonotonicTime> when);
  void schedule_timeout(Entry& entry, Now now);

  // txn_init.cc
  Result<Entry*> find_or_create(std::string_view id, int32_t timeout_ms, Now now);
  Answer next_epoch(Entry& entry, const TxnProducer& producer, int32_t timeout_ms, Now now);

  // txn_end.cc
  Answer end_by_epoch(Entry& entry, const TxnProducer& producer, bool commit, Now now);
  Answer end_open(Entry& entry, const TxnProducer& producer, bool commit, Now now);
  ErrorCode fence(Entry& entry, Now now);
  ErrorCode prepare(Entry& entry, bool commit, int16_t client_version, Now now);
  void carry_out(Entry& entry, Now now);

  TxnWorld& world_;
  TxnConfig config_;
  Entries txns_;
  Wakes wakes_;
};

}  // namespace odradek::broker
