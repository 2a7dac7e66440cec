#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backup/archive/snapshots.h"
#include "backup/engine/aborted_filter.h"
#include "cluster/cluster.h"
#include "io/task.h"

namespace odradek::backup {

enum class IsolationLevel : int8_t { kReadUncommitted = 0, kReadCommitted = 1 };

// What a fetch of one partition brought.
struct FetchedBatches {
  Slice memory;        // keeps `records` alive
  Bytes records;       // whole batches, the last maybe cut
  std::vector<AbortedTransaction> aborted;
  int64_t high_watermark = -1;
  int64_t last_stable_offset = -1;
  int64_t log_start_offset = -1;
  int32_t preferred_replica = -1;  // the broker to ask instead (KIP-392), -1: this one
  bool is_throttled = false;       // a quota made the answer empty or small
};

struct FetchOptions {
  IsolationLevel isolation = IsolationLevel::kReadCommitted;
  int32_t max_bytes = 8 * 1024 * 1024;
  int32_t max_wait_ms = 500;
  std::string rack{};    // where we are: a replica there may answer (KIP-392)
  int32_t replica = -1;  // the broker to read from, -1: the leader
};

// What a partition of `topic` is asked for.
struct TopicPartition {
  std::string topic;
  Uuid topic_id;  // used where the peer fetches by id
  int32_t partition = 0;
};

// The offset at a special timestamp.
enum class SpecialOffset : int64_t { kLatest = -1, kEarliest = -2 };

// Where one partition's batches come from; what a copy needs of a cluster.
class BatchSource {
 public:
  BatchSource() = default;
  BatchSource(const BatchSource&) = delete;
  BatchSource& operator=(const BatchSource&) = delete;
  virtual ~BatchSource() = default;

  // kLatest honours the isolation level.
  virtual io::Task<Result<int64_t>> offset_at(TopicPartition partition, SpecialOffset special,
                                              IsolationLevel isolation) = 0;
  // One fetch. kServer with OFFSET_OUT_OF_RANGE and the like is the caller's to judge;
  // NOT_LEADER and lost connections are retried after a metadata refresh.
  virtual io::Task<Result<FetchedBatches>> fetch(TopicPartition partition, int64_t offset,
                                                 FetchOptions options, cluster::Lane lane) = 0;
  // The brokers that have it, the leader first; what is known now.
  virtual std::vector<int32_t> replicas(const TopicPartition& partition) const = 0;
  virtual io::Loop& loop() = 0;
};

// Where the log of one leader epoch ends, as the leader knows it (KIP-101).
struct EpochEnd {
  int32_t leader_epoch = -1;  // the newest one at or below that asked for
  int64_t end_offset = -1;
};

// A transaction that keeps the last stable offset back.
struct OpenTransaction {
  int64_t producer_id = -1;
  int32_t producer_epoch = -1;
  int64_t start_offset = -1;
  TimestampMs last_timestamp = -1;
};

// A topic's configuration.
struct SourceTopicConfigs {
  std::map<std::string, std::string> own{};  // those set for the topic itself
  int64_t message_bytes_max = -1;            // whoever set it; -1: not said
};

// The answers a backup needs from the cluster it reads, each with retries until the deadline where
// the code says that waiting helps. Borrows the cluster. One loop.
class Source final : public BatchSource {
 public:
  explicit Source(cluster::Cluster& cluster) : cluster_(&cluster) {}

  using Special = SpecialOffset;

  io::Task<Result<int64_t>> offset_at(TopicPartition partition, SpecialOffset special,
                                      IsolationLevel isolation) override;
  io::Task<Result<FetchedBatches>> fetch(TopicPartition partition, int64_t offset,
                                         FetchOptions options, cluster::Lane lane) override;
  std::vector<int32_t> replicas(const TopicPartition& partition) const override;
  io::Loop& loop() override { return cluster_->loop(); }

  // The same as offset_at for many partitions, a request a broker; in the order asked.
  io::Task<Result<std::vector<int64_t>>> offsets_at(std::vector<TopicPartition> partitions,
                                                    SpecialOffset special,
                                                    IsolationLevel isolation);
  // Where the given epoch of each partition ends; a request a broker, in the order asked.
  io::Task<Result<std::vector<EpochEnd>>> epoch_ends(std::vector<TopicPartition> partitions,
                                                     std::vector<int32_t> leader_epochs);
  io::Task<Result<EpochEnd>> epoch_end(TopicPartition partition, int32_t leader_epoch);
  // Transactions open in the partition. Errors also for brokers older than KIP-664.
  io::Task<Result<std::vector<OpenTransaction>>> open_transactions(TopicPartition partition);
  // In the order asked.
  io::Task<Result<std::vector<SourceTopicConfigs>>> topic_configs(std::vector<std::string> topics);
  // Every ACL. kServer with SECURITY_DISABLED where the cluster has no authorizer.
  io::Task<Result<std::vector<AclEntry>>> acls();
  io::Task<Result<std::vector<QuotaEntry>>> quotas();
  // Committed positions of every group (or of `only`, when not empty); of share groups their start
  // offsets.
  io::Task<Result<std::vector<GroupState>>> groups(std::vector<std::string> only);

  cluster::Cluster& cluster() { return *cluster_; }

 private:
  io::Task<Result<FetchedBatches>> fetch_once(TopicPartition partition, int64_t offset,
                                              FetchOptions options, cluster::Lane lane);
  io::Task<Result<void>> offsets_of_broker(int32_t broker,
                                           const std::vector<TopicPartition>& partitions,
                                           std::vector<size_t> which, SpecialOffset special,
                                           IsolationLevel isolation,
                                           std::vector<std::optional<int64_t>>& offsets);
  io::Task<Result<void>> epochs_of_broker(int32_t broker,
                                          const std::vector<TopicPartition>& partitions,
                                          const std::vector<int32_t>& leader_epochs,
                                          std::vector<size_t> which,
                                          std::vector<std::optional<EpochEnd>>& ends);
  io::Task<Result<void>> some_topic_configs(std::span<const std::string> topics,
                                            std::span<SourceTopicConfigs> configs);
  // Which of the partitions each leader has, as known now.
  std::map<int32_t, std::vector<size_t>> by_leader(
      const std::vector<TopicPartition>& partitions) const;
  io::Task<Result<std::vector<GroupState>>> list_groups(MonotonicTime deadline);
  io::Task<Result<void>> fetch_offsets(GroupState& group, bool stable, MonotonicTime deadline);
  io::Task<Result<void>> fetch_share_offsets(GroupState& group, MonotonicTime deadline);

  cluster::Cluster* cluster_;
};

// Would the same request succeed after metadata or coordinator were looked up again?
bool is_worth_retrying(const Error& error);
// Is it the broker's answer with this code?
bool is_answer(const Error& error, proto::ErrorCode code);

// "orders-3"
std::string name_of(const TopicPartition& partition);

}  // namespace odradek::backup
