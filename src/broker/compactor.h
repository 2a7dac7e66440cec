#pragma once

#include <optional>

#include "base/clock.h"
#include "base/ids.h"
#include "io/task_group.h"
#include "log/compaction.h"

namespace odradek::broker {

class Node;
struct Partition;

// Compacts logs whose cleanup.policy says so, one at a time, the one with the most to gain first:
// in small steps between the loop's other work, with log.cleaner.io.max.bytes.per.second as a
// limit. One loop.
// Source: LogCleaner, LogCleanerManager of Kafka 4.
class Compactor {
 public:
  explicit Compactor(Node& node);
  Compactor(const Compactor&) = delete;
  Compactor& operator=(const Compactor&) = delete;

  // Looks for something to do, unless it did so log.cleaner.backoff.ms ago or is at work.
  void tick();
  // Done when nothing runs.
  io::Task<void> stop();
  bool is_running() const { return running_; }

 private:
  struct Job {
    Uuid topic;
    int32_t partition = 0;
    log::CompactionPlan plan;
  };

  std::optional<Job> most_urgent() const;
  io::Task<void> run(Job job);
  // Until it is done, or cannot go on.
  io::Task<Result<void>> compact(Job job);
  io::Task<void> pause(size_t bytes);
  Partition* find(const Job& job) const;

  Node& node_;
  io::TaskGroup tasks_;
  bool running_ = false;
  bool stopping_ = false;
  std::optional<MonotonicTime> looked_at_;
};

}  // namespace odradek::broker
