#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/cluster.h"

namespace odradek::cluster {

// Which topics a client cares about, and whether what is known of them is good enough. No I/O:
// the Cluster asks the questions and does the fetching. One loop.
class MetadataCache {
 public:
  explicit MetadataCache(Duration max_age) : max_age_(max_age) {}

  const MetadataPtr& current() const { return current_; }
  // Fetches applied so far.
  uint64_t generation() const { return generation_; }

  // Remembers that the topics are in use at `now`.
  void use(const std::vector<std::string>& topics, MonotonicTime now);
  // Every topic in use, without those nobody asked for since kUnusedTopicMax.
  std::vector<std::string> topics_to_fetch(MonotonicTime now);

  // True when the cached metadata is fresh and has all of `topics`. That a topic did not exist is
  // not remembered: it may have been created since.
  bool satisfies(const std::vector<std::string>& topics, MonotonicTime now) const;
  // True when one of the topics is in a state that passes by itself (no leader elected yet at
  // topic level); the caller asks again after a pause.
  static bool is_settled(const Metadata& metadata, const std::vector<std::string>& topics);

  void apply(MetadataPtr metadata);
  void expire() { is_expired_ = true; }
  // The brokers known are of no use any more; topics stay, for the epochs of their leaders.
  void forget_brokers();
  // A broker that a coordinator lookup named before any metadata did.
  void add_broker(Broker broker);

 private:
  static constexpr Duration kUnusedTopicMax = std::chrono::minutes(5);

  Duration max_age_;
  MetadataPtr current_ = std::make_shared<Metadata>();
  std::map<std::string, MonotonicTime, std::less<>> used_;  // topic -> last use
  uint64_t generation_ = 0;
  bool is_expired_ = true;
};

}  // namespace odradek::cluster
