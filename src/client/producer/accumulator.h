#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "client/producer/batch.h"

namespace odradek::client {

struct AccumulatorOptions {
  size_t batch_bytes = 1'000'000;
  size_t buffer_bytes = size_t{64} << 20U;
  Duration linger{};
  wire::BatchOptions batch;  // codec and level
};

struct TopicQueue;

// The records of one partition that no request has taken yet.
struct PartitionQueue {
  TopicQueue* topic = nullptr;
  int32_t partition = -1;
  size_t index = 0;  // dense over all partitions of the accumulator
  OpenBatchPtr open;
  std::deque<OpenBatchPtr> closed;
  bool is_listed = false;  // in the list of queues with data
  size_t last_batch_bytes = 0;  // how large the next batch may become

  bool empty() const { return open == nullptr && closed.empty(); }
};

// A record whose topic's partitions are not known yet, copied.
struct UnroutedRecord {
  std::string key;
  std::string value;
  bool has_key = false;
  bool has_value = false;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  std::optional<int32_t> partition;
  int64_t timestamp_ms = 0;
  kafka::DeliveryCallback report;
  uint64_t id = 0;
  MonotonicTime created_at;
  size_t charged_bytes = 0;
};

struct TopicQueue {
  std::string name;
  std::vector<std::unique_ptr<PartitionQueue>> partitions;  // empty: not known yet
  std::deque<UnroutedRecord> unrouted;
  int32_t sticky_partition = -1;  // where records without key and partition go for now
};

// Where a producer's records wait: encoded into the open batch of their partition at once; a batch
// closes when it is full, or is taken after its linger. Chooses partitions as Kafka's Java client
// does: murmur2 of the key, and without a key one partition until its batch is full (KIP-480).
// Order: a partition's records leave in the order of append(). Bounded by buffer_bytes, which
// counts encoded records until release(). No I/O, no clock, not thread-safe.
class Accumulator {
 public:
  Accumulator(const AccumulatorOptions& options, uint64_t seed);

  // True when the sender has to look: a batch is full, or waits for its linger from now on.
  // Takes `report` only on success. Errors: kInvalidArgument (partition out of range),
  // kLimitExceeded (record larger than a batch may be), kPrecondition (the buffer is full).
  Result<bool> append(const kafka::Record& record, int64_t timestamp_ms, MonotonicTime now,
                      kafka::DeliveryCallback& report);

  // Topics whose partitions have to be found out, and the oldest record waiting for each.
  struct Unknown {
    std::string topic;
    MonotonicTime oldest;
  };
  std::vector<Unknown> unknown_topics() const;
  bool has_unrouted() const { return unrouted_count_ > 0; }
  bool knows(std::string_view topic) const { return topics_.contains(topic); }
  // The topic has `count` partitions (at least 1; never shrinks). Routes what waited; what cannot
  // be routed is given back.
  std::vector<UnroutedRecord> set_partition_count(std::string_view topic, int32_t count);
  // Gives up the records of a topic that does not exist.
  std::vector<UnroutedRecord> take_unrouted(std::string_view topic);

  // Appends the queues that have a batch to send at `now`: a full one, one whose linger is over,
  // any when `everything`. Tells when the next linger ends, if one runs.
  std::optional<MonotonicTime> list_ready(MonotonicTime now, bool everything,
                                          std::vector<PartitionQueue*>& ready);
  // The oldest batch of a queue; an open one is closed by it. Null when there is none.
  OpenBatchPtr take(PartitionQueue& queue);
  // Batches older than `created_before` leave unsent.
  struct Expired {
    PartitionQueue* queue;
    OpenBatchPtr batch;
  };
  std::vector<Expired> take_expired(MonotonicTime created_before);

  // What was appended up to now has ids up to this.
  uint64_t last_id() const { return next_id_ - 1; }
  // One more release() of the id will come, as its batch was split.
  void add_part(uint64_t id) { outstanding_.insert(id); }
  // Every batch and record comes back exactly once, delivered or given up.
  void release(uint64_t id, size_t charged_bytes);
  // True when nothing with an id up to `id` is outstanding.
  bool is_done_up_to(uint64_t id) const {
    return outstanding_.empty() || *outstanding_.begin() > id;
  }

  size_t used_bytes() const { return used_bytes_; }
  // A record that takes `bytes` would fit: always into an empty buffer, however small that is.
  bool has_room(size_t bytes) const {
    return used_bytes_ == 0 ||
           (used_bytes_ < options_.buffer_bytes && bytes <= options_.buffer_bytes - used_bytes_);
  }
  // Room for a fair part of a batch.
  bool has_much_room() const {
    return has_room(std::min(options_.batch_bytes, options_.buffer_bytes / 4));
  }
  size_t partition_count() const { return next_index_; }

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  TopicQueue& topic(std::string_view name);
  Result<int32_t> choose_partition(TopicQueue& topic, const kafka::Record& record);
  int32_t next_sticky(const TopicQueue& topic);
  // `id` for the batch the record opens, if it does; none: the next.
  Result<bool> append_to(PartitionQueue& queue, const wire::NewRecord& record, MonotonicTime now,
                         kafka::DeliveryCallback& report, std::optional<uint64_t> id);
  Result<bool> hold(TopicQueue& topic, const kafka::Record& record, int64_t timestamp_ms,
                    MonotonicTime now, kafka::DeliveryCallback& report);
  Result<void> route(TopicQueue& topic, UnroutedRecord& record);
  void open_batch(PartitionQueue& queue, MonotonicTime now, size_t first_record_bytes);
  void close_batch(PartitionQueue& queue);
  Result<void> charge(size_t bytes);
  void list(PartitionQueue& queue);

  AccumulatorOptions options_;
  std::minstd_rand random_;
  std::unordered_map<std::string, std::unique_ptr<TopicQueue>, TextHash, std::equal_to<>> topics_;
  std::vector<PartitionQueue*> listed_;  // those with data
  std::multiset<uint64_t> outstanding_;
  std::vector<wire::RecordHeader> headers_;  // scratch
  size_t used_bytes_ = 0;
  size_t unrouted_count_ = 0;
  size_t next_index_ = 0;
  uint64_t next_id_ = 1;
};

}  // namespace odradek::client
