#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backup/engine/topic_filter.h"
#include "backup/restore/partition_loader.h"
#include "backup/restore/target.h"

namespace odradek::backup {

// What to do with records that the target's retention would delete as soon as they are restored.
enum class ExpiredData : uint8_t { kRefuse, kKeep, kHold };
enum class VerifyAfter : uint8_t { kFull, kOff };

struct RestoreOptions {
  std::string backup_id;
  std::string restore_id;  // names the maps and the report in the archive
  NameFilter topics;
  NameFilter groups;
  bool restore_groups = true;
  std::map<std::string, std::string> topic_mapping;  // archive's name to the target's
  std::optional<int32_t> replication_factor;         // instead of the archived one
  ExpiredData expired_data = ExpiredData::kRefuse;
  VerifyAfter verify = VerifyAfter::kFull;
  size_t partitions_at_once = 4;
  std::function<void(const struct RestoreProgress&)> on_progress;
};

struct RestoreProgress {
  std::string step;
  uint64_t records_done = 0;
  uint64_t records_total = 0;
};

struct RestoreReport {
  size_t topics = 0;
  size_t partitions = 0;
  size_t groups = 0;
  LoadCounters loaded;
  uint64_t records_verified = 0;
  std::vector<std::string> held_configs;  // retention left off by ExpiredData::kHold
};

// Restores topics and the positions of their groups into a cluster: plan, create, load, configure,
// verify, positions. Refuses a target topic that has records. Before anything is created the whole
// archive state is read, every segment's footer checked, and the plan's conflicts reported. One
// loop.
class RestoreJob {
 public:
  RestoreJob(cluster::Cluster& cluster, store::ObjectStore& store, io::WorkerPool& workers,
             Clock& clock, RestoreOptions options);
  RestoreJob(const RestoreJob&) = delete;
  RestoreJob& operator=(const RestoreJob&) = delete;
  ~RestoreJob();

  // Errors: kNotFound (no such backup or topic), kPrecondition (target not empty, other partition
  // count, group active, retention), kChecksum and kMalformed (archive damaged), what the cluster
  // answers.
  io::Task<Result<RestoreReport>> run();

 private:
  struct TopicPlan {
    const TopicState* archived = nullptr;
    std::string target_name;
    bool exists = false;
    std::map<std::string, std::string> final_configs;
    Target::ConfigChanges finalize;  // what was different during the load
  };

  io::Task<Result<void>> plan();
  io::Task<Result<void>> plan_topic(TopicPlan& topic);
  io::Task<Result<void>> check_target_is_empty(const TopicPlan& topic,
                                               const cluster::Topic& existing);
  Result<void> check_segments(const TopicPlan& topic);
  io::Task<Result<void>> create_topics();
  io::Task<Result<void>> create_topic(TopicPlan& topic);
  io::Task<Result<void>> wait_for_leaders(const TopicPlan& topic);
  io::Task<Result<void>> check_retention(TopicPlan& topic);
  io::Task<Result<void>> load_all();
  io::Task<void> load_some();
  io::Task<Result<void>> finalize_topics();
  io::Task<Result<void>> verify_all();
  io::Task<Result<void>> verify_partition(const PartitionLoader& loader);
  io::Task<Result<void>> restore_groups();
  io::Task<Result<std::vector<GroupOffset>>> map_offsets(const GroupState& group);
  io::Task<Result<void>> verify_group(std::string group, std::vector<GroupOffset> committed);
  void make_loaders(ProducerIdentity producer);
  void report_progress(std::string_view step);

  cluster::Cluster* cluster_;
  store::ObjectStore* store_;
  io::WorkerPool* workers_;
  Clock* clock_;
  RestoreOptions options_;
  ArchiveKeys keys_;
  Source source_;  // reads the target back
  Target target_;
  ArchiveState archive_;
  bool can_alter_configs_ = false;
  std::vector<TopicPlan> topics_;
  std::vector<std::unique_ptr<PartitionLoader>> loaders_;
  size_t next_loader_ = 0;
  size_t running_ = 0;
  io::Event progress_;
  Result<void> failure_;
  RestoreReport report_;
};

}  // namespace odradek::backup
