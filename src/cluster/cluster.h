#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/metadata.h"
#include "io/address.h"
#include "io/loop.h"
#include "rpc/client_connection.h"

namespace odradek::cluster {

enum class DnsLookup : uint8_t {
  kAllIps,              // each address of a name is tried in turn
  kCanonicalBootstrap,  // and the bootstrap servers go by the names of their addresses
};

struct ClusterOptions {
  std::vector<io::HostPort> bootstrap;  // at least one
  DnsLookup dns_lookup = DnsLookup::kAllIps;
  std::string client_id = "odradek";
  rpc::ClientSecurity security;
  std::function<void(const rpc::RequestDone&)> on_request_done;  // of any connection
  // Of one attempt; doubles with each failure of a broker in a row, and has jitter.
  Duration connection_timeout = std::chrono::seconds(10);
  Duration connection_timeout_max = std::chrono::seconds(30);
  Duration connection_idle_max = std::chrono::minutes(9);  // then it is closed; zero: never
  Duration request_timeout = std::chrono::seconds(30);
  Duration metadata_max_age = std::chrono::minutes(5);
  Duration retry_backoff_min = std::chrono::milliseconds(50);
  Duration retry_backoff_max = std::chrono::seconds(1);
  bool allow_auto_topic_creation = false;
  // Begin with the bootstrap servers again when no known broker can be reached (KIP-899), when
  // nothing was learnt for so long, or a broker says so (KIP-1102).
  bool rebootstraps = true;
  Duration rebootstrap_after = std::chrono::minutes(5);
};

enum class CoordinatorType : int8_t { kGroup = 0, kTransaction = 1 };

// Separate connections to one broker, so that a long poll or a blocking JoinGroup never delays
// other requests. A lane is any small number; its connection is opened when first used.
using Lane = uint32_t;
inline constexpr Lane kGeneralLane = 0;

// The cluster as a client sees it: metadata cache, connections by broker, routing to leaders and
// coordinators. Used by the client library, the proxy and the backup; knows nothing of records or
// groups. Topics asked for once are kept in the cache and refreshed together. Belongs to one loop.
class Cluster {
 public:
  Cluster(io::Loop& loop, ClusterOptions options);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  ~Cluster();

  using Connection = std::shared_ptr<rpc::ClientConnection>;

  // The cached metadata when it has all `topics` and is younger than the maximal age; else asks,
  // retrying brokers and retriable errors with back-off until `deadline`. A topic that does not
  // exist stands in it with its error. Errors: kTimedOut, kNetwork, kAuthentication, kTls.
  io::Task<Result<MetadataPtr>> metadata(std::vector<std::string> topics, MonotonicTime deadline);
  // Asks now, whatever the cache says. An empty list means the topics known so far.
  io::Task<Result<MetadataPtr>> refresh(std::vector<std::string> topics, MonotonicTime deadline);
  io::Task<Result<MetadataPtr>> refresh_all_topics(MonotonicTime deadline);
  MetadataPtr cached_metadata() const;  // never null, maybe empty
  // The next metadata() asks the cluster: call after NOT_LEADER and the like.
  void expire_metadata();

  // An open, authenticated connection, shared by all who ask for the same broker and lane.
  // Errors: kNetwork, kTls, kAuthentication, kTimedOut; kNotFound for an unknown broker id.
  io::Task<Result<Connection>> connection(int32_t broker_id, Lane lane, MonotonicTime deadline);
  io::Task<Result<Connection>> any_connection(MonotonicTime deadline);
  io::Task<Result<Connection>> controller(MonotonicTime deadline);
  // kServer with LEADER_NOT_AVAILABLE or UNKNOWN_TOPIC_OR_PARTITION when `deadline` passes first.
  io::Task<Result<Connection>> leader(std::string topic, int32_t partition, Lane lane,
                                      MonotonicTime deadline);
  // Looks the coordinator up and caches it until forgotten. Retries COORDINATOR_NOT_AVAILABLE.
  io::Task<Result<int32_t>> coordinator_id(CoordinatorType type, std::string key,
                                           MonotonicTime deadline);
  io::Task<Result<Connection>> coordinator(CoordinatorType type, std::string key, Lane lane,
                                           MonotonicTime deadline);
  void forget_coordinator(CoordinatorType type, std::string_view key);

  // One request on a connection, at the highest version both sides know (at most `at_most`).
  template <class Req>
  io::Task<Result<rpc::Decoded<proto::ResponseOf<Req>>>> call(Connection connection, Req request,
                                                              MonotonicTime deadline,
                                                              int16_t at_most = INT16_MAX) {
    ODK_CO_TRY(const int16_t version, connection->version_for(Req::kApiKey, at_most));
    co_return co_await connection->call(request, version, deadline);
  }

  io::Loop& loop() { return *loop_; }
  const ClusterOptions& options() const { return options_; }
  MonotonicTime request_deadline() const { return loop_->now() + options_.request_timeout; }

  // Connections open now, for metrics.
  size_t open_connections() const;

  // Closes the connections of a lane nobody will use again.
  void close_lane(Lane lane);

  // Closes every connection and waits for the background work. The destructor expects it done.
  io::Task<void> stop();

 private:
  class Impl;
  io::Loop* loop_;
  ClusterOptions options_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace odradek::cluster
