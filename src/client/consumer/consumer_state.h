#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "client/consumer/fetched_chunk.h"
#include "client/consumer/partition_table.h"
#include "client/promise.h"
#include "odradek/consumer.h"

namespace odradek::client {

// As to_public; what a consumer does not find is an offset, and the precondition of reading on is
// that the log still has what was read.
kafka::KafkaError to_consumer_error(const Error& error);

enum class RebalanceKind : uint8_t { kAssigned, kRevoked, kLost };

// Something the program is to be told at its next call of next().
struct RebalanceEvent {
  RebalanceKind kind = RebalanceKind::kAssigned;
  std::vector<kafka::TopicPartition> partitions;
  uint64_t id = 0;  // ascending
};

// Where the program's thread and the loop meet in a consumer. The mutex is held for a few map and
// pointer operations; never while decoding, calling out or waiting.
class ConsumerState {
 public:
  explicit ConsumerState(const kafka::ConsumerOptions& its_options) : options(its_options) {}

  // --- for the loop

  // A chunk was fetched. Void ones are dropped.
  void put(FetchedChunk chunk);
  // Tells the program of an event; gives its id.
  uint64_t announce(RebalanceKind kind, std::vector<kafka::TopicPartition> partitions);
  bool is_handled(uint64_t event_id);
  // next() fails with it: once, or from now on.
  void report(const Error& error, bool for_good);
  // Ends a waiting next() with an empty batch, or the one to come.
  void wake();
  uint64_t wakes();  // calls of next() that ended by it

  // --- for the program

  // A next() that waits.
  struct Waiting {
    Promise<kafka::RecordBatch> promise;
    MonotonicTime deadline;
  };

  const kafka::ConsumerOptions options;

  Mutex mutex;
  PartitionTable table ODK_GUARDED_BY(mutex);
  std::deque<FetchedChunk> chunks ODK_GUARDED_BY(mutex);
  size_t buffered_bytes ODK_GUARDED_BY(mutex) = 0;
  std::deque<RebalanceEvent> events ODK_GUARDED_BY(mutex);
  uint64_t last_event_id ODK_GUARDED_BY(mutex) = 0;
  uint64_t handled_event_id ODK_GUARDED_BY(mutex) = 0;
  std::optional<Waiting> waiting ODK_GUARDED_BY(mutex);
  uint64_t changes ODK_GUARDED_BY(mutex) = 0;  // counts what a waiting next() looks at
  bool is_event_running ODK_GUARDED_BY(mutex) = false;  // the program is at work on one
  std::optional<Error> error ODK_GUARDED_BY(mutex);
  bool is_error_final ODK_GUARDED_BY(mutex) = false;
  bool is_closed ODK_GUARDED_BY(mutex) = false;
  bool is_woken ODK_GUARDED_BY(mutex) = false;  // and nobody was waiting
  uint64_t wake_count ODK_GUARDED_BY(mutex) = 0;
  MonotonicTime last_poll ODK_GUARDED_BY(mutex){};
  bool is_poll_wanted ODK_GUARDED_BY(mutex) = false;  // the next next() tells the group
  std::vector<std::string> topics ODK_GUARDED_BY(mutex);  // subscribed; sorted
  std::string pattern ODK_GUARDED_BY(mutex);  // subscribed; then topics are what was found for it
  kafka::GroupMetadata identity ODK_GUARDED_BY(mutex);
  // As of what was handed out last. A transaction commits positions under it: after a rebalance the
  // program does not know of yet, others may have read on from the same place.
  kafka::GroupMetadata told_identity ODK_GUARDED_BY(mutex);
  // Fetching stopped for lack of room: whoever makes some tells the loop.
  bool is_fetch_blocked ODK_GUARDED_BY(mutex) = false;
  kafka::ConsumerMetrics counts ODK_GUARDED_BY(mutex);  // those that only grow

  // The identity for a transaction: the one told, or before anything was told the present one.
  kafka::GroupMetadata identity_for_program();
  // The next chunk that may be handed out, taken; void ones are dropped on the way. Moves the
  // partition's position behind it.
  std::optional<FetchedChunk> take_chunk() ODK_THREAD_ANNOTATION(requires_capability(mutex));
  // True when wake() came with nobody waiting; once.
  bool take_wake() ODK_THREAD_ANNOTATION(requires_capability(mutex));
  // Puts back what could not be decoded, so that the position stays before it.
  void refuse_chunk(const kafka::TopicPartition& id, int64_t offset, uint64_t epoch);
  // Drops what is buffered for partitions that are gone or were sought in.
  void drop_void_chunks() ODK_THREAD_ANNOTATION(requires_capability(mutex));

 private:
  void end_waiting(bool remember);
  bool is_valid(const FetchedChunk& chunk) ODK_THREAD_ANNOTATION(requires_capability(mutex));
};

}  // namespace odradek::client
