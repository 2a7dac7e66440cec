#pragma once

#include <atomic>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "client/condition.h"
#include "client/producer/accumulator.h"
#include "client/promise.h"

namespace odradek::client {

// Where the program's threads and the loop meet: the accumulator under its mutex, and who waits
// for room or for a flush. The mutex is held for the encoding of one record, or for a few pointer
// moves; never while calling out.
class SharedAccumulator {
 public:
  SharedAccumulator(const AccumulatorOptions& options, uint64_t seed)
      : accumulator(options, seed) {}

  struct Flush {
    uint64_t up_to = 0;
    MonotonicTime deadline;
    Promise<void> promise;
  };

  // What came back: frees its share of the buffer and takes out whose wait is over by it.
  struct Released {
    uint64_t id;
    size_t charged_bytes;
  };
  struct Woken {
    std::vector<Promise<void>> room;
    std::vector<Promise<void>> flushed;
    void wake() {
      for (Promise<void>& promise : room) promise.set(Result<void>{});
      for (Promise<void>& promise : flushed) promise.set(Result<void>{});
    }
  };
  Woken release(const std::vector<Released>& released) {
    Woken woken;
    const MutexLock lock(mutex);
    for (const Released& item : released) accumulator.release(item.id, item.charged_bytes);
    if (blocked_senders > 0) room.notify_all();
    if (!room_waiters.empty() && accumulator.has_much_room()) {
      woken.room = std::exchange(room_waiters, {});
    }
    const Accumulator* state = &accumulator;  // for the lambda: held all the same
    std::erase_if(flushes, [state, &woken](Flush& flush) {
      if (!state->is_done_up_to(flush.up_to)) return false;
      woken.flushed.push_back(std::move(flush.promise));
      return true;
    });
    return woken;
  }

  Mutex mutex;
  Condition room;  // for threads inside send()
  size_t blocked_senders ODK_GUARDED_BY(mutex) = 0;
  Accumulator accumulator ODK_GUARDED_BY(mutex);
  std::vector<Promise<void>> room_waiters ODK_GUARDED_BY(mutex);
  std::vector<Flush> flushes ODK_GUARDED_BY(mutex);
  std::optional<Error> refusal ODK_GUARDED_BY(mutex);  // closed or fatally failed: why
  // A transactional producer takes records only while a transaction is open: why not now.
  std::optional<kafka::KafkaError> transaction_refusal ODK_GUARDED_BY(mutex);
  std::atomic<bool> is_pump_posted{false};
};

}  // namespace odradek::client
