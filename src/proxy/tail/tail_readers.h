#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "cluster/cluster.h"
#include "io/event.h"
#include "io/task_group.h"
#include "proto/messages/fetch_request.h"
#include "proto/messages/fetch_response.h"
#include "proxy/proxy_stats.h"
#include "proxy/tail/tail_ring.h"
#include "rpc/message.h"

namespace odradek::proxy {

// A physical partition as readers of one isolation level see it.
struct TailKey {
  std::string topic;
  int32_t partition = -1;
  int8_t isolation_level = 0;
  Uuid topic_id;
};
// The same for looking it up, without a copy of the name.
struct TailKeyView {
  std::string_view topic;
  int32_t partition = -1;
  int8_t isolation_level = 0;
  Uuid topic_id;
};
// Topics of one name that was given away anew stand together.
struct TailKeyLess {
  using is_transparent = void;
  static auto rank(const auto& key) {
    return std::tuple(std::string_view(key.topic), key.partition, key.isolation_level,
                      key.topic_id);
  }
  bool operator()(const auto& a, const auto& b) const { return rank(a) < rank(b); }
};

// One reader at the end of a physical partition, for all consumers of its virtual partitions.
class Tail {
 public:
  Tail(TailKey key, int32_t leader, int64_t offset)
      : key_(std::move(key)), leader_(leader), ring_(offset) {}

  const TailKey& key() const { return key_; }
  int32_t leader() const { return leader_; }
  const TailRing& ring() const { return ring_; }
  // Reads by now: new data comes without anybody else reading.
  bool is_running() const { return is_running_; }

  void begin_running() { is_running_ = true; }

  // Somebody who read alone learnt that the log reaches so far.
  void saw_end(int64_t offset) { seen_end_ = std::max(seen_end_, offset); }
  // Who stands there needs no read of its own: it is in the ring, or will be soon. Those that were
  // quicker than the tail would otherwise stay ahead of it, each with reads of its own.
  bool leads_to(int64_t offset) const {
    return is_running_ && (ring_.covers(offset) || (offset > ring_.end() && offset <= seen_end_));
  }
  // Where the log ends for readers of this isolation level, as far as anybody has seen.
  int64_t seen_end() const { return seen_end_; }

  // Of the last answer.
  int64_t high_watermark = -1;
  int64_t last_stable_offset = -1;
  int64_t log_start_offset = -1;

  // Calls `wake` once, at the next change: new data, or the end of the tail.
  // One a session; forgotten some time after `lifetime` has ended.
  struct Waiter {
    std::weak_ptr<const void> lifetime;
    std::function<void()> wake;
  };
  void when_changed(uint64_t session, Waiter waiter);
  size_t waiting() const { return waiting_.size(); }

 private:
  friend class TailReaders;
  static constexpr size_t kForgetAtMin = 64;
  void notify();

  TailKey key_;
  int32_t leader_;
  TailRing ring_;
  bool is_running_ = false;
  int64_t seen_end_ = -1;
  bool was_cut_ = false;  // the last read held no whole batch: it comes first next time
  MonotonicTime wanted_at_{};
  std::map<uint64_t, Waiter> waiting_;
  size_t forget_at_ = kForgetAtMin;  // waiters
};

// The tails of all physical partitions that consumers wait at the end of. All tails of one broker
// are read together, by one long poll after the other on a connection of their own, so that
// however many consumers there are the brokers send each byte once. A tail ends when nobody wants
// it for a while, or when its read fails: its consumers then read alone, and learn why. One loop.
class TailReaders {
 public:
  // `bytes_max`: kept in all rings; 0 switches tails off. The rest outlives the object.
  TailReaders(cluster::Cluster& cluster, ProxyStats& stats, size_t bytes_max);
  TailReaders(const TailReaders&) = delete;
  TailReaders& operator=(const TailReaders&) = delete;

  // The tail of that key while it reads from this leader; null else. It is wanted from now on.
  std::shared_ptr<Tail> find(const TailKeyView& key, int32_t leader);
  // A consumer stands at the end: somebody should read from there on.
  void want(const TailKeyView& key, int32_t leader, int64_t offset);

  size_t size() const { return tails_.size(); }
  size_t bytes() const { return bytes_; }

  void cancel();
  io::Task<void> join();

 private:
  using Tails = std::vector<std::shared_ptr<Tail>>;

  // Whose tails are read together: one broker, one isolation level.
  using Source = std::pair<int32_t, int8_t>;

  io::Task<void> read_all(Source source);
  Tails tails_of(Source source);
  io::Task<Result<rpc::Decoded<proto::FetchResponse>>> read(Source source, Tails tails);
  void take(const Tails& tails, const rpc::Decoded<proto::FetchResponse>& response);
  bool take_one(Tail& tail, const proto::FetchResponse::PartitionData& data, const Slice& frame);
  bool is_current(const std::shared_ptr<Tail>& tail) const;
  void end_others(const TailKeyView& key);
  void end(const std::shared_ptr<Tail>& tail);
  void evict();

  cluster::Cluster* cluster_;
  ProxyStats* stats_;
  size_t bytes_max_;
  size_t bytes_ = 0;
  std::map<TailKey, std::shared_ptr<Tail>, TailKeyLess> tails_;
  std::deque<std::weak_ptr<Tail>> oldest_;  // a chunk each, in the order they came
  size_t chunks_of_ended_ = 0;  // in oldest_
  std::set<Source> reading_;
  io::TaskGroup tasks_;
};

}  // namespace odradek::proxy
