#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "broker/addresses.h"
#include "broker/api_error.h"
#include "broker/compactor.h"
#include "broker/fetch_session.h"
#include "broker/fetches.h"
#include "broker/group_environment_of_node.h"
#include "broker/group_service.h"
#include "broker/metadata_log.h"
#include "broker/settings.h"
#include "broker/state_log.h"
#include "broker/topic_records.h"
#include "broker/topics.h"
#include "broker/txn_service.h"
#include "io/loop.h"
#include "log/batch_check.h"
#include "log/chunk_pool.h"

namespace odradek::broker {

class Flusher;
class Security;
class Storage;
class TopicReplay;

struct NodeOptions {
  NodeOptions();
  NodeOptions(NodeOptions&&) noexcept;
  ~NodeOptions();

  int32_t node_id = 1;
  std::string cluster_id;
  size_t memory_bytes_max = 0;
  bool refuse_when_full = false;
  bool accept_any_replication_factor = false;
  Settings settings;
  std::unique_ptr<Security> security;
  std::unique_ptr<Storage> storage;  // null: everything in memory
  size_t flush_threads = 0;
};

// Everything the handlers of one broker share: the state of the node, on its loop. The parts know
// nothing of each other; what concerns several of them is a function here.
class Node {
 public:
  Node(io::Loop& loop, NodeOptions options);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  io::Loop& loop() { return loop_; }
  TimestampMs wall_ms() const { return loop_.clock().wall_ms(); }
  int32_t id() const { return options_.node_id; }
  const std::string& cluster_id() const { return options_.cluster_id; }

  Settings& settings() { return options_.settings; }
  const Settings& settings() const { return options_.settings; }
  Topics& topics() { return topics_; }
  const Topics& topics() const { return topics_; }
  // What coordinators remember; empty until the first record.
  StateLog& offsets_log() { return offsets_log_; }
  StateLog& transactions_log() { return transactions_log_; }
  // The one that is kept in this topic; null when it is none of them.
  StateLog* state_log(std::string_view topic);
  Security& security() { return *options_.security; }
  const Security& security() const { return *options_.security; }
  GroupService& groups() { return groups_; }
  const GroupService& groups() const { return groups_; }
  TxnService& txns() { return txns_; }
  const TxnService& txns() const { return txns_; }
  FetchSessions& sessions() { return sessions_; }
  const FetchSessions& sessions() const { return sessions_; }
  Fetches& fetches() { return fetches_; }
  const Fetches& fetches() const { return fetches_; }
  Addresses& addresses() { return addresses_; }
  // fetch.max.bytes: asked for by every fetch, so it is not looked up each time.
  size_t fetch_bytes_max() const { return fetch_bytes_max_; }
  // Working memory for checking and searching batches.
  log::CheckScratch& scratch() { return scratch_; }

  // A producer id nobody was given before, also not by an earlier life of this broker (in memory:
  // unless the clock was set back). Errors: those of the metadata log.
  Result<int64_t> next_producer_id();

  // Where metadata is kept over restarts; who has some of it sets its handlers before the start.
  MetadataLog& metadata() { return metadata_; }
  // Writes a change down before it happens. An error means that it must not.
  ApiError commit(const MetadataBatch& batch);
  // What the metadata log says about a topic of this node.
  TopicFacts facts_of(std::string_view topic, const Uuid& id) const;
  // Null in memory.
  Flusher* flusher() { return flusher_.get(); }
  // Does work that blocks, on another thread where there is one.
  io::Task<Result<void>> run_off_loop(std::function<Result<void>()> work);
  // The data directory cannot be trusted any more: everything in it is offline.
  void storage_failed(const Error& error);
  // Null in memory.
  Storage* storage() { return options_.storage.get(); }
  const Storage* storage() const { return options_.storage.get(); }

  // Whether `bytes` more may be kept, after the oldest records of others made room if they may.
  bool make_room(size_t bytes);
  // Where logs are, as admin tools show it.
  std::string_view log_dir() const { return "memory"; }
  bool accepts_any_replication_factor() const { return options_.accept_any_replication_factor; }
  size_t used_memory_bytes() const { return pool_->used_bytes(); }
  size_t memory_bytes_max() const { return options_.memory_bytes_max; }

  // A request appended to a partition: whoever waits for it is ready, or will be when it is safe.
  void appended(Partition& partition, size_t bytes);
  // The broker itself appended to a partition: whoever waits for it is answered soon, when nobody
  // holds references into topics any more.
  void records_appended(Partition& partition, size_t bytes);

  // Removes a topic and what belongs to it.
  ApiError delete_topic(Topic& topic);
  // Applies settings that were altered while running.
  void settings_changed();

  // Opens what a broker before this one left: metadata, logs, coordinators' state.
  Result<void> load();
  // Everything is written down, by the second; nothing is used afterwards.
  io::Task<void> stop();
  void close();
  // Takes back what coordinators wrote before a restart; the topics are there.
  Result<void> load_state();
  // Starts what happens from time to time: retention, expiry of producers and offsets.
  void start_housekeeping();
  // Forgets everything; who waits is answered.
  void reset();

 private:
  Result<void> load_topics(const TopicReplay& replay);
  Result<void> register_start();
  void housekeep();
  bool evict_one();
  void wake_soon();

  io::Loop& loop_;
  NodeOptions options_;
  std::shared_ptr<log::ChunkPool> pool_ = log::ChunkPool::create();
  log::CheckScratch scratch_;
  Topics topics_;
  StateLog offsets_log_{*this, kOffsetsTopic};
  StateLog transactions_log_{*this, kTransactionsTopic};
  NodeGroupEnvironment group_environment_{*this};
  GroupService groups_;
  TxnService txns_;
  FetchSessions sessions_;
  Fetches fetches_;
  Addresses addresses_;
  size_t fetch_bytes_max_;
  MetadataLog metadata_;
  std::unique_ptr<Flusher> flusher_;
  Compactor compactor_{*this};
  int64_t next_producer_id_;
  bool is_loaded_ = false;
  int64_t producer_ids_end_ = 0;  // those before it were written down as given out
  io::TimerId housekeeping_ = 0;
  io::TimerId waking_ = 0;  // readers of what the broker itself appended
  MonotonicTime retention_checked_at_;
  MonotonicTime producers_checked_at_;
  MonotonicTime offsets_checked_at_;
  MonotonicTime txn_ids_checked_at_;
  MonotonicTime eviction_told_at_;
};

}  // namespace odradek::broker
