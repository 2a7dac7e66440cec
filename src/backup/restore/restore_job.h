#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backup/restore/restore_planner.h"
#include "backup/restore/restore_units.h"
#include "backup/restore/verifier.h"
#include "io/event.h"

namespace odradek::backup {

struct RestoreReport {
  std::string restore_id;
  bool went_on = false;  // with a restore that was not finished
  size_t topics = 0;
  size_t partitions = 0;
  LoadCounters loaded;
  VerifyCounters verified;
  std::vector<std::string> held_configs;  // retention left off by ExpiredData::kHold
  std::vector<PlanNote> notes;
};

// Restores topics into a cluster: plan, create, load, verify, configure. Before the target is
// touched every segment's index and footer is read, and what stands against the plan is an error.
// A run that is killed leaves its state in the archive; the next one that asks the same goes on.
// One loop.
class RestoreJob {
 public:
  RestoreJob(cluster::Cluster& cluster, store::ObjectStore& store, io::WorkerPool& workers,
             Clock& clock, RestoreOptions options);
  RestoreJob(const RestoreJob&) = delete;
  RestoreJob& operator=(const RestoreJob&) = delete;
  ~RestoreJob();

  // What run() would do; changes nothing. Errors: as run(), but for what stands against the plan.
  io::Task<Result<RestorePlan>> plan();

  // Errors: kNotFound (no such backup, restore or topic), kPrecondition (a conflict of the plan,
  // another writer, another unfinished restore), kChecksum and kMalformed (archive damaged, or the
  // target differs), kConfig, kIo, what the cluster answers.
  io::Task<Result<RestoreReport>> run();

 private:
  io::Task<Result<void>> find_unfinished();
  bool touches_topics_of(const RestoreState& other) const;
  io::Task<Result<void>> begin();
  io::Task<Result<void>> save(RestorePhase phase);
  io::Task<Result<void>> prepare_topics();
  io::Task<Result<void>> prepare_topic(const TopicPlan& topic);
  io::Task<Result<void>> wait_for_leaders(const TopicPlan& topic);
  LoadContext load_context();
  io::Task<Result<void>> load_all();
  io::Task<void> load_some();
  io::Task<Result<void>> verify_all();
  io::Task<Result<void>> verify_unit(const UnitLoader& loader);
  io::Task<Result<void>> put_configs_back();
  void report_progress(std::string_view step);

  cluster::Cluster* cluster_;
  store::ObjectStore* store_;
  io::WorkerPool* workers_;
  Clock* clock_;
  RestoreOptions options_;
  ArchiveKeys keys_;
  Source source_;  // reads the target back
  Target target_;
  ProduceQueue produce_;
  RateLimiter limiter_;
  ArchiveState archive_;
  std::optional<PointInArchive> point_;
  std::optional<RestoreState> resumed_;
  RestorePlan plan_;
  RestoreState state_;
  std::vector<std::unique_ptr<UnitLoader>> loaders_;
  size_t next_loader_ = 0;
  size_t running_ = 0;
  io::Event progress_;
  Result<void> failure_;
  RestoreReport report_;
};

// Puts the configurations back that unfinished restores hold, and marks these as given up; what
// they loaded stays. `restore_id`: only that one. Gives the ids. Errors: kNotFound.
io::Task<Result<std::vector<std::string>>> abort_restores(cluster::Cluster& cluster,
                                                          store::ObjectStore& store,
                                                          io::WorkerPool& workers, Clock& clock,
                                                          ArchiveKeys keys, std::string restore_id);

}  // namespace odradek::backup
