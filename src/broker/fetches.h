#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "broker/fetch_wait.h"

namespace odradek::broker {

class PendingFetch;

// The fetches that wait, one a connection at most. What makes partitions readable or changes them
// appends to ready() and then calls complete_ready(). One loop.
class Fetches {
 public:
  Fetches();
  Fetches(const Fetches&) = delete;
  Fetches& operator=(const Fetches&) = delete;
  ~Fetches();

  ReadyFetches& ready() { return ready_; }
  // Answers those that are ready, or lets them wait on when it is still too little.
  void complete_ready();

  void keep(uint64_t connection, std::unique_ptr<PendingFetch> fetch);
  // Null when there is none.
  std::unique_ptr<PendingFetch> take(uint64_t connection);
  // The connection is gone.
  void drop(uint64_t connection);
  // Answers all as if their time was over.
  void complete_all();
  size_t size() const { return waiting_.size(); }

 private:
  ReadyFetches ready_;
  std::unordered_map<uint64_t, std::unique_ptr<PendingFetch>> waiting_;
};

}  // namespace odradek::broker
