#pragma once

#include <cstdint>
#include <deque>
#include <vector>

namespace odradek::broker {

class FetchWait;
class WaitList;

// One waiting fetch in the list of one partition.
struct WaitLink {
  FetchWait* wait = nullptr;
  WaitList* list = nullptr;
  WaitLink* previous = nullptr;
  WaitLink* next = nullptr;

  void unlink();
};

// A fetch that found too little and waits for more: in the lists of all partitions it asked for,
// counting the bytes that arrive there. Leaves the lists when destroyed or on leave(). One loop.
class FetchWait {
 public:
  FetchWait() = default;
  FetchWait(const FetchWait&) = delete;
  FetchWait& operator=(const FetchWait&) = delete;
  virtual ~FetchWait() { leave(); }

  // Waits on the list from now on, until so many bytes have arrived in all of them.
  void watch(WaitList& list);
  void set_missing_bytes(int64_t bytes) { missing_bytes_ = bytes; }
  void leave();

 private:
  friend class WaitList;
  std::deque<WaitLink> links_;  // stable addresses
  int64_t missing_bytes_ = 1;
  bool woken_ = false;  // in somebody's list of ready ones
};

using ReadyFetches = std::vector<FetchWait*>;

// Who waits for a partition.
class WaitList {
 public:
  WaitList() = default;
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;
  ~WaitList();

  bool empty() const { return first_ == nullptr; }
  // `bytes` more can be read; those for whom it is enough now are appended to `ready`, once.
  void bytes_arrived(int64_t bytes, ReadyFetches& ready);
  // The partition changed in a way that every waiter has to look at (deleted, cut, closed).
  void wake_all(ReadyFetches& ready);

 private:
  friend class FetchWait;
  friend struct WaitLink;
  WaitLink* first_ = nullptr;
};

}  // namespace odradek::broker
