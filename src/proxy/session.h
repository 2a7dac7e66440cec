#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "cluster/cluster.h"
#include "io/loop.h"
#include "io/task_group.h"
#include "proxy/fetch_lanes.h"
#include "proxy/produce_queue.h"
#include "proxy/proxy_options.h"
#include "proxy/proxy_stats.h"
#include "proxy/topic_directory.h"
#include "proxy/topology.h"
#include "proxy/upstream.h"

namespace odradek::proxy {

// What all clients share. Everything outlives the sessions. One loop.
struct ProxyContext {
  io::Loop& loop;
  const ProxyOptions& options;
  cluster::Cluster& cluster;
  TopicDirectory& topics;
  const Topology& topology;
  const ShadowGroups& shadows;
  ProxyStats& stats;

  const MappingRegistry& registry() const { return topics.registry(); }
  MonotonicTime request_deadline() const { return cluster.request_deadline(); }
};

// Shared upstream connections, beside the cluster's own for metadata, carry short questions that
// never wait at the broker.
inline constexpr cluster::Lane kQueryLane = 1;

// One client connection: its requests under way and its connections to brokers. Closed with the
// client's connection; then its tasks are joined before it goes.
class Session {
 public:
  Session(ProxyContext& shared, std::string client_id)
      : context(shared),
        upstream(shared.cluster, shared.stats, std::move(client_id)),
        fetch_lanes(shared.loop, upstream),
        produce_queue(shared.loop, *this),
        tasks(shared.loop) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // The client is gone: ends what its requests wait for, but for what is still to be produced.
  void close() {
    is_closed = true;
    tasks.cancel();
    upstream.close_but_produce();
    if (!produce_queue.finish()) upstream.close();
  }
  // Ends that, too.
  void abort() {
    produce_queue.cancel();
    upstream.close();
  }
  // A request is done with.
  void note_served(const rpc::Request& request) {
    const auto took = context.loop.now() - request.received_at;
    context.stats.request_seconds.record(std::chrono::duration<double>(took).count());
  }
  // A request is answered by closing the connection.
  void count_closed(proto::ApiKey key) { ++context.stats.errors[{key, int16_t{-1}}]; }

  ProxyContext& context;
  Upstream upstream;
  FetchLanes fetch_lanes;
  ProduceQueue produce_queue;
  io::TaskGroup tasks;
  bool is_closed = false;
};

}  // namespace odradek::proxy
