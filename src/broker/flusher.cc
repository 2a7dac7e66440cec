#include "broker/flusher.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "broker/node.h"

namespace odradek::broker {
namespace {

constexpr Duration kRetryInterval = std::chrono::milliseconds(100);

}  // namespace

Flusher::Flusher(Node& node, const FlushPolicy& policy, size_t threads)
    : node_(node), policy_(policy), threads_(threads), tasks_(node.loop()) {}

Flusher::~Flusher() {
  if (timer_ != 0) node_.loop().cancel(timer_);
}

void Flusher::start() {
  // What came through a crash is not looked at again after the next one.
  begin(Scope::kAll);
  if (policy_.when == FlushPolicy::When::kInterval) arm();
}

void Flusher::arm() {
  timer_ = node_.loop().call_after(policy_.interval, [this] {
    arm();
    if (dirty_) begin(Scope::kAll);
  });
}

io::Task<void> Flusher::stop() {
  if (timer_ != 0) node_.loop().cancel(timer_);
  timer_ = 0;
  stopping_ = true;
  co_await tasks_.join();
  for (Then& then : std::exchange(waiting_next_, {})) then(false);
}

void Flusher::appended() {
  dirty_ = true;
  if (holds_back()) begin(Scope::kAll);
}

void Flusher::when_safe(Then then) {
  if (is_safe()) return then(true);
  (dirty_ ? waiting_next_ : waiting_).push_back(std::move(then));
}

void Flusher::flush_full_segments() {
  if (policy_.when == FlushPolicy::When::kOs) begin(Scope::kFullSegments);
}

// A round begins soon, not inside this call: what the loop does now shares it.
void Flusher::begin(Scope scope) {
  if (std::exchange(running_, true)) return;
  tasks_.spawn(run(scope));
}

io::Task<void> Flusher::run(Scope scope) {
  do {
    dirty_ = false;
    waiting_ = std::exchange(waiting_next_, {});
    std::vector<Part> parts = collect(scope);
    co_await sync(parts);
    const Outcome outcome = finish(parts);
    if (outcome.error) node_.storage_failed(*outcome.error);
    if (outcome.again && !outcome.error && holds_back()) {
      co_await try_later();
      continue;
    }
    // Telling may append more, and ask for the next round.
    for (Then& then : std::exchange(waiting_, {})) then(!outcome.error);
    node_.fetches().complete_ready();
  } while (dirty_ && !stopping_ && holds_back());
  running_ = false;
}

// Whoever waits goes on waiting.
io::Task<void> Flusher::try_later() {
  dirty_ = true;
  for (Then& then : waiting_next_) waiting_.push_back(std::move(then));
  waiting_next_ = std::exchange(waiting_, {});
  const Result<void> slept = co_await io::sleep(node_.loop(), kRetryInterval);
  if (!slept) stopping_ = true;
}

std::vector<Flusher::Part> Flusher::collect(Scope scope) {
  std::vector<Part> parts;
  for (const auto& [name, topic] : node_.topics().all()) {
    for (const auto& partition : topic->partitions) {
      log::PartitionLog& log = partition->log;
      const bool has_work = scope == Scope::kAll ? log.flushed_offset() < log.end_offset()
                                                 : log.has_unsafe_segments();
      if (!has_work || log.fault()) continue;
      Part part{topic->id, partition->index};
      Result<log::BatchStore::Flush> flush = log.begin_flush();
      part.begun = flush.has_value();
      if (flush) {
        part.flush = *std::move(flush);
      } else {
        part.result = std::move(flush).error();
      }
      parts.push_back(std::move(part));
    }
  }
  return parts;
}

io::Task<void> Flusher::sync(std::vector<Part>& parts) {
  if (threads_ == 0) {
    for (Part& part : parts) {
      if (part.result) part.result = part.flush.run();
    }
    co_return;
  }
  if (parts.empty()) co_return;
  const size_t lanes = std::min(threads_, parts.size());
  const size_t share = (parts.size() + lanes - 1) / lanes;
  io::TaskGroup group(node_.loop());
  for (size_t first = 0; first < parts.size(); first += share) {
    group.spawn(sync_some(std::span(parts).subspan(first, std::min(share, parts.size() - first))));
  }
  co_await group.join();
}

io::Task<void> Flusher::sync_some(std::span<Part> parts) {
  const bool done = co_await pool().run([parts] {
    for (Part& part : parts) {
      if (part.result) part.result = part.flush.run();
    }
    return true;
  });
  ODK_ASSERT(done);
}

io::WorkerPool& Flusher::pool() {
  if (!pool_) pool_.emplace(node_.loop(), threads_);
  return *pool_;
}

io::Task<Result<void>> Flusher::run_off_loop(std::function<Result<void>()> work) {
  if (threads_ == 0) co_return work();
  Result<void> done = co_await pool().run(std::move(work));
  co_return done;
}

Flusher::Outcome Flusher::finish(const std::vector<Part>& parts) {
  Outcome outcome;
  for (const Part& part : parts) {
    Topic* topic = node_.topics().find(part.topic);
    Partition* partition = topic == nullptr ? nullptr : topic->partition(part.partition);
    if (partition == nullptr) continue;  // deleted meanwhile
    if (!part.result) {
      // No descriptor is free, say. An error of the sync itself is final.
      const bool later = !part.begun && part.result.error().code() == Errc::kLimitExceeded;
      if (later) {
        outcome.again = true;
      } else if (!outcome.error) {
        outcome.error = part.result.error();
      }
      continue;
    }
    partition->log.flushed(part.flush.end_offset);
    if (holds_back()) partition->waiters.wake_all(node_.fetches().ready());
  }
  return outcome;
}

Result<void> Flusher::flush_here() {
  if (!holds_back()) return {};
  std::vector<Part> parts = collect(Scope::kAll);
  for (Part& part : parts) {
    if (part.result) part.result = part.flush.run();
  }
  const Outcome outcome = finish(parts);
  if (outcome.error) {
    node_.storage_failed(*outcome.error);
    return *outcome.error;
  }
  if (outcome.again) return Error(Errc::kLimitExceeded, "a log cannot be synced now");
  return {};
}

}  // namespace odradek::broker
