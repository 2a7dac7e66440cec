#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cluster/cluster.h"
#include "cluster/connection_pool.h"
#include "cluster/coordinators.h"
#include "cluster/metadata_cache.h"
#include "io/event.h"
#include "io/task_group.h"

namespace odradek::cluster {

// Metadata is fetched in rounds: one request at a time, to one broker. Whoever needs newer
// metadata waits for the end of a round that started after the need arose, and then looks whether
// it got what it wanted; so any number of callers cost one request. One loop.
class Cluster::Impl {
 public:
  Impl(io::Loop& loop, const ClusterOptions& options);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  io::Task<Result<MetadataPtr>> metadata(std::vector<std::string> topics, MonotonicTime deadline);
  io::Task<Result<MetadataPtr>> refresh(std::vector<std::string> topics, bool all,
                                        MonotonicTime deadline);
  io::Task<Result<Connection>> connection(int32_t broker_id, Lane lane, MonotonicTime deadline);
  io::Task<Result<Connection>> any_connection(MonotonicTime deadline);
  io::Task<Result<Connection>> controller(MonotonicTime deadline);
  io::Task<Result<Connection>> leader(std::string topic, int32_t partition, Lane lane,
                                      MonotonicTime deadline);
  io::Task<Result<int32_t>> coordinator_id(CoordinatorType type, std::string key,
                                           MonotonicTime deadline);
  io::Task<Result<Connection>> coordinator(CoordinatorType type, std::string key, Lane lane,
                                           MonotonicTime deadline);
  io::Task<void> stop();

  MetadataCache& cache() { return cache_; }
  CoordinatorCache& coordinators() { return coordinators_; }
  ConnectionPool& pool() { return pool_; }

 private:
  // Counts the calls inside, so that stop() can wait for them.
  class Caller {
   public:
    explicit Caller(Impl& impl) : impl_(&impl) { ++impl.callers_; }
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;
    ~Caller() {
      if (--impl_->callers_ == 0) impl_->changed_.notify_all();
    }

   private:
    Impl* impl_;
  };

  void ensure_round(bool all);
  io::Task<void> run_round(bool all);
  io::Task<Result<void>> fetch_once(bool all);
  io::Task<Result<int32_t>> ask_coordinator(CoordinatorType type, std::string key,
                                            MonotonicTime deadline);
  // Waits out a failure's back-off. An error when there is no time left for another try: `why`.
  io::Task<Result<void>> pause(int failures, MonotonicTime deadline, Error why);
  io::HostPort pick_address() const;
  // No connection to the address came up. When none of the brokers we know can be reached, begins
  // anew (KIP-899); our own deadline, or a broker that refuses us or is slow, is no sign of that.
  void note_no_connection(const io::HostPort& address);
  void rebootstrap(std::string_view why);
  io::Task<Result<void>> find_bootstrap(MonotonicTime deadline);

  io::Loop* loop_;
  const ClusterOptions* options_;
  MetadataCache cache_;
  CoordinatorCache coordinators_;
  ConnectionPool pool_;
  Backoff backoff_;
  io::TaskGroup rounds_;
  io::Event changed_;  // a round ended, or the last caller left
  io::Event stopping_;
  std::vector<io::HostPort> bootstrap_;  // empty: to be looked up
  io::HostPort avoided_;  // failed last
  std::vector<io::HostPort> unreachable_;  // since metadata came last
  std::optional<MonotonicTime> failing_since_;  // no metadata came
  Result<void> round_outcome_;
  uint64_t rounds_started_ = 0;
  uint64_t rounds_ended_ = 0;
  size_t callers_ = 0;
  bool last_round_had_all_ = false;
  bool is_stopped_ = false;
};

}  // namespace odradek::cluster
