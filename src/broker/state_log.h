#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "broker/topics.h"
#include "proto/error_code.h"
#include "wire/record_batch.h"
#include "wire/record_iterator.h"

namespace odradek::broker {

class Node;

inline constexpr std::string_view kOffsetsTopic = "__consumer_offsets";
inline constexpr std::string_view kTransactionsTopic = "__transaction_state";

// One record of a coordinator's state. A null value (data() == nullptr) is a tombstone.
struct StateRecord {
  Bytes key;
  Bytes value;
};

// Whose transaction records belong to; none: no transaction.
struct StateProducer {
  int64_t id = wire::kNoProducerId;
  int16_t epoch = wire::kNoProducerEpoch;
};

// What a replay meets, in the order it was written; views are valid during the call.
class StateReader {
 public:
  virtual ~StateReader() = default;
  // `producer` is set on a record of a transaction, which counts from its commit on.
  virtual Result<void> on_record(int32_t partition, StateProducer producer,
                                 const wire::RecordView& record) = 0;
  // A transaction of this partition ended.
  virtual void on_marker(int32_t /*partition*/, StateProducer /*producer*/, bool /*committed*/) {}
};

// A coordinator's memory: an internal, compacted topic, with Kafka's keys and values, whose
// partition is chosen by the hash of a group's or transactional id. The topic is made when it is
// first needed. One loop.
class StateLog {
 public:
  // `topic` is kOffsetsTopic or kTransactionsTopic.
  StateLog(Node& node, std::string_view topic) : node_(node), topic_(topic) {}
  StateLog(const StateLog&) = delete;
  StateLog& operator=(const StateLog&) = delete;

  std::string_view topic() const { return topic_; }
  // Makes the topic when it is not there. kCoordinatorNotAvailable when that is not possible.
  proto::ErrorCode ensure_topic();
  // The partition that holds what belongs to an id; 0 when there is no topic.
  // Source: GroupCoordinatorService.partitionFor, TransactionStateManager.partitionFor.
  int32_t partition_of(std::string_view id) const;

  // Appends the records as one batch to the partition of `id`. None changes nothing.
  // kMessageTooLarge (one batch would pass max.message.bytes), kKafkaStorageError (no room, a
  // broken disk), kCoordinatorNotAvailable (no topic): nothing was written.
  proto::ErrorCode append(std::string_view id, std::span<const StateRecord> records,
                          StateProducer producer = {});

  // Gives all records of all partitions to `reader`. Errors: the reader's; kMalformed, kIo.
  Result<void> replay(StateReader& reader) const;

 private:
  Partition* partition(std::string_view id);

  Node& node_;
  std::string_view topic_;
};

// The broker writes these itself; clients may only read them.
bool is_internal_topic(std::string_view name);

// Java's String.hashCode() of UTF-8 text, made positive as Utils.abs() does.
int32_t positive_java_hash(std::string_view utf8);

}  // namespace odradek::broker
