#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backup/restore/restore_plan.h"
#include "backup/restore/restore_point.h"

namespace odradek::backup {

// Looks at archive and target and says what a restore would do; changes nothing. Reads the index
// of every segment it will use. One loop.
class RestorePlanner {
 public:
  // Borrows everything. `point`: only what the archive had there. `resumed` is the unfinished
  // restore that goes on; its decisions are kept.
  RestorePlanner(cluster::Cluster& cluster, store::ObjectStore& store, io::WorkerPool& workers,
                 Clock& clock, const ArchiveKeys& keys, const RestoreOptions& options,
                 const ArchiveState& archive, const PointInArchive* point,
                 const RestoreState* resumed);

  // Errors: kNotFound (a topic that was named), kConfig (options that contradict each other),
  // kChecksum and kMalformed (the archive is damaged), what the cluster answers. What stands
  // against the plan is in its notes.
  io::Task<Result<RestorePlan>> plan();

 private:
  Result<void> select_topics();
  std::map<std::string, const TopicState*> topics_of_archive() const;
  Result<TopicPlan> begin_topic(const TopicState& archived) const;
  std::vector<SourcePart> sources_of(const TopicState& archived,
                                     const TopicSnapshot* at_point) const;
  Result<void> read_content(TopicPlan& topic);
  Result<void> add_segment(TopicPlan& topic, const SourcePart& part, const SegmentRef& segment);
  io::Task<Result<void>> plan_target(TopicPlan& topic);
  io::Task<Result<void>> plan_new(TopicPlan& topic);
  io::Task<Result<void>> plan_existing(TopicPlan& topic, const cluster::Topic& existing);
  io::Task<Result<void>> find_bases(TopicPlan& topic, const cluster::Topic& existing);
  void check_partitions(const TopicPlan& topic, size_t existing);
  void check_records(TopicPlan& topic, uint64_t existing_records);
  void decide_configs(TopicPlan& topic, const TargetConfigs& in_force);
  void hold(TopicPlan& topic, const TargetConfigs& in_force, const std::string& name,
            const std::string& value);
  void check_retention(TopicPlan& topic, const TargetConfigs& in_force);
  void check_durability(const TopicPlan& topic, const TargetConfigs& in_force);
  void check_same_target();
  io::Task<Result<void>> decide_coalescing();
  void follow(TopicPlan& topic, const RestoredTopic& decided);
  const RestoredTopic* decided_before(const TopicPlan& topic) const;
  void conflict(const TopicPlan& topic, std::string text);
  void note(const TopicPlan& topic, std::string text);

  cluster::Cluster* cluster_;
  store::ObjectStore* store_;
  io::WorkerPool* workers_;
  Clock* clock_;
  const ArchiveKeys* keys_;
  const RestoreOptions* options_;
  const ArchiveState* archive_;
  const PointInArchive* point_;
  const RestoreState* resumed_;
  Source source_;
  Target target_;
  size_t brokers_ = 0;
  bool can_alter_configs_ = false;
  bool knows_settings_ = false;  // did the cluster say which configurations the topic has?
  RestorePlan plan_;
};

}  // namespace odradek::backup
