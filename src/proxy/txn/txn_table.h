#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/ids.h"
#include "io/event.h"
#include "proxy/txn/txn_sequence.h"

namespace odradek::proxy {

// A producer epoch on a physical partition.
struct TxnKey {
  std::string topic;
  Uuid topic_id;  // a topic made anew starts from nothing
  int32_t partition = -1;
  int64_t producer_id = -1;
  int16_t epoch = -1;

  auto operator<=>(const TxnKey&) const = default;
};

// The sequence numbers of all transactional producers, shared by all clients. Entries nobody used
// for longer than a transaction may last are dropped, and beyond a limit those unused longest: both
// are found again by asking the broker. One loop.
class TxnTable {
 public:
  explicit TxnTable(io::Loop& loop) : loop_(&loop), released_(loop) {}
  TxnTable(const TxnTable&) = delete;
  TxnTable& operator=(const TxnTable&) = delete;

  struct Entry {
    TxnSequence sequence;
    uint64_t session = 0;  // that wrote last; 0: none
    MonotonicTime used_at;
    Duration idle_for{};  // before it was acquired
    bool is_held = false;
  };

  // An entry one request works on; given back when it goes.
  class Hold {
   public:
    Hold(TxnTable& table, std::shared_ptr<Entry> entry);
    Hold(Hold&&) = default;
    Hold& operator=(Hold&&) = delete;
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold();

    Entry& entry() const { return *entry_; }

   private:
    TxnTable* table_;
    std::shared_ptr<Entry> entry_;
  };

  // Waits until nobody holds the entry. Who needs several takes them in the order of their keys.
  // Errors: kTimedOut, kCancelled.
  io::Task<Result<Hold>> acquire(TxnKey key, MonotonicTime deadline);
  // The producer wrote in this epoch: its earlier ones are over.
  void drop_earlier_epochs(const TxnKey& key);

  size_t size() const { return entries_.size(); }

 private:
  void make_room();

  io::Loop* loop_;
  io::Event released_;
  std::map<TxnKey, std::shared_ptr<Entry>> entries_;
  MonotonicTime swept_at_{};
};

}  // namespace odradek::proxy
