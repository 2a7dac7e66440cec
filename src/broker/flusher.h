#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "broker/flush_policy.h"
#include "io/task_group.h"
#include "io/worker_pool.h"
#include "log/batch_store.h"

namespace odradek::broker {

class Node;

// Makes what was appended safe from a crash of the machine, as the flush policy says and off the
// loop. One round at a time takes all logs that have something to sync, and syncs them on a few
// threads; what is appended meanwhile is the next round's. With kCommit answers wait in when_safe()
// for the round that has what they speak of, so many share one sync. An error of a sync is final:
// Node::storage_failed(). One loop.
class Flusher {
 public:
  using Then = std::move_only_function<void(bool safe)>;

  // Without threads rounds block the loop.
  Flusher(Node& node, const FlushPolicy& policy, size_t threads);
  Flusher(const Flusher&) = delete;
  Flusher& operator=(const Flusher&) = delete;
  ~Flusher();

  // Makes safe what is there, and begins what happens by itself (kInterval).
  void start();
  // Done when nothing runs; whoever still waits is told that it is not safe.
  io::Task<void> stop();

  // Whether nobody may see what is not safe yet (kCommit).
  bool holds_back() const { return policy_.when == FlushPolicy::When::kCommit; }
  // Something was appended.
  void appended();
  // Calls `then` when all that was appended so far is safe (false: it never will be); at once when
  // it is already, or the policy does not ask for it.
  void when_safe(Then then);
  bool is_safe() const { return !holds_back() || (!dirty_ && !running_); }

  // Makes full segments safe, whatever the policy.
  void flush_full_segments();
  // Makes everything safe before it returns: for what must be safe before what comes next is even
  // written. Blocks the loop; nothing to do without kCommit.
  Result<void> flush_here();
  // Does other work that blocks on the same threads.
  io::Task<Result<void>> run_off_loop(std::function<Result<void>()> work);

 private:
  enum class Scope : uint8_t { kFullSegments, kAll };
  struct Part {
    Uuid topic;
    int32_t partition = 0;
    log::BatchStore::Flush flush = {};
    Result<void> result = {};
    bool begun = false;
  };
  struct Outcome {
    std::optional<Error> error = {};  // nothing can be made safe any more
    bool again = false;  // something could not even begin, for now
  };

  void begin(Scope scope);
  io::Task<void> run(Scope scope);
  io::Task<void> try_later();
  std::vector<Part> collect(Scope scope);
  io::Task<void> sync(std::vector<Part>& parts);
  io::Task<void> sync_some(std::span<Part> parts);
  Outcome finish(const std::vector<Part>& parts);
  void arm();
  io::WorkerPool& pool();

  Node& node_;
  FlushPolicy policy_;
  size_t threads_;
  std::optional<io::WorkerPool> pool_;  // from the first round on
  io::TaskGroup tasks_;
  io::TimerId timer_ = 0;
  bool dirty_ = false;  // appended to since the last round began
  bool running_ = false;
  bool stopping_ = false;
  std::vector<Then> waiting_;  // for the round that runs
  std::vector<Then> waiting_next_;  // for the one after
};

}  // namespace odradek::broker
