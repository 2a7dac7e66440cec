#include "broker/compactor.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "broker/flusher.h"
#include "broker/node.h"

namespace odradek::broker {
namespace {

constexpr size_t kStepBytes = size_t{256} << 10U;
// Of Kafka's 128 MiB: a log with more keys takes more than one pass.
constexpr size_t kKeyBytesMax = size_t{16} << 20U;
// In memory a segment is there twice while it is compacted.
constexpr size_t kMemorySegmentBytes = size_t{16} << 20U;

}  // namespace

Compactor::Compactor(Node& node) : node_(node), tasks_(node.loop()) {}

void Compactor::tick() {
  const auto backoff =
      std::chrono::milliseconds(node_.settings().get_long("log.cleaner.backoff.ms"));
  const MonotonicTime now = node_.loop().now();
  if (!node_.settings().get_bool("log.cleaner.enable")) return;
  if (running_ || stopping_ || (looked_at_ && now - *looked_at_ < backoff)) return;
  looked_at_ = now;
  std::optional<Job> job = most_urgent();
  if (!job) return;
  running_ = true;
  tasks_.spawn(run(*std::move(job)));
}

io::Task<void> Compactor::stop() {
  stopping_ = true;
  tasks_.cancel();
  co_await tasks_.join();
}

std::optional<Compactor::Job> Compactor::most_urgent() const {
  std::optional<Job> most;
  for (const auto& [name, topic] : node_.topics().all()) {
    for (const auto& partition : topic->partitions) {
      const std::optional<log::CompactionPlan> plan =
          log::plan_compaction(partition->log, partition->log.compacted_until(), node_.wall_ms());
      if (!plan || (most && plan->dirty_ratio() <= most->plan.dirty_ratio())) continue;
      most = Job{topic->id, partition->index, *plan};
    }
  }
  return most;
}

// One after the other while there is something to do.
io::Task<void> Compactor::run(Job job) {
  std::optional<Job> next = std::move(job);
  while (next && !stopping_) {
    const Result<void> compacted = co_await compact(*next);
    if (!compacted) {
      const Topic* topic = node_.topics().find(next->topic);
      ODK_LOG(warn, "a log cannot be compacted",
              kv("topic", topic == nullptr ? std::string_view() : topic->name),
              kv("partition", next->partition), kv("reason", compacted.error().message()));
      break;
    }
    next = most_urgent();
  }
  running_ = false;
}

Partition* Compactor::find(const Job& job) const {
  Topic* topic = node_.topics().find(job.topic);
  return topic == nullptr ? nullptr : topic->partition(job.partition);
}

io::Task<Result<void>> Compactor::compact(Job job) {
  log::CompactionLimits limits;
  limits.key_bytes = std::min<size_t>(
      kKeyBytesMax,
      static_cast<size_t>(node_.settings().get_long("log.cleaner.dedupe.buffer.size")));
  if (node_.storage() == nullptr) limits.segment_bytes = kMemorySegmentBytes;
  log::Compaction compaction(find(job)->log, job.plan, limits, node_.wall_ms());
  size_t paid_bytes = 0;
  while (!stopping_) {
    // Everything may have changed since the last step.
    Partition* partition = find(job);
    if (partition == nullptr || partition->log.fault()) co_return Result<void>();
    Result<log::Compaction::Next> next = compaction.step(kStepBytes, node_.scratch());
    if (!next) {
      // What is damaged stays so: it is not tried again.
      if (next.error().code() == Errc::kMalformed) partition->log.never_compact();
      co_return std::move(next).error();
    }
    if (*next == log::Compaction::Next::kDone) {
      partition->log.set_compacted_until(compaction.compacted_until());
      break;
    }
    if (*next == log::Compaction::Next::kSync) {
      const Result<void> synced = co_await node_.run_off_loop(compaction.sync_work());
      if (!synced) co_return synced.error();
    }
    co_await pause(compaction.bytes_read() - std::exchange(paid_bytes, compaction.bytes_read()));
  }
  ODK_LOG(debug, "a log was compacted", kv("read_bytes", compaction.bytes_read()),
          kv("kept_bytes", compaction.bytes_kept()));
  co_return Result<void>();
}

// Lets others have the loop, and for as long as the limit asks for.
io::Task<void> Compactor::pause(size_t bytes) {
  const double rate = node_.settings().get_double("log.cleaner.io.max.bytes.per.second");
  const double wait_s = rate > 0 ? std::min(static_cast<double>(bytes) / rate, 10.0) : 0;
  const auto wait = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(wait_s));
  const Result<void> slept = co_await io::sleep(node_.loop(), wait);
  if (!slept) stopping_ = true;
}

}  // namespace odradek::broker
