#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/cluster.h"
#include "io/loop.h"
#include "io/task_group.h"
#include "proxy/fetch_lanes.h"
#include "proxy/produce_queue.h"
#include "proxy/proxy_options.h"
#include "proxy/proxy_stats.h"
#include "proxy/security/access_rules.h"
#include "proxy/tail/tail_readers.h"
#include "proxy/topic_directory.h"
#include "proxy/topology.h"
#include "proxy/txn/topic_policies.h"
#include "proxy/txn/txn_table.h"
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
  TxnTable& transactions;
  TopicPolicies& policies;
  const std::shared_ptr<const AccessRules>& access_rules;
  TailReaders& tails;
  ReadAheadBudget& read_ahead;

  const MappingRegistry& registry() const { return topics.registry(); }
  const AccessRules& access() const { return *access_rules; }
  MonotonicTime request_deadline() const { return cluster.request_deadline(); }
};

// Shared upstream connections, beside the cluster's own for metadata, carry short questions that
// never wait at the broker.
inline constexpr cluster::Lane kQueryLane = 1;

// One client connection: its requests under way and its connections to brokers. Closed with the
// client's connection; then its tasks are joined before it goes.
class Session {
 public:
  // `who`: the client's principal.
  Session(ProxyContext& shared, uint64_t number, std::string client_id, std::string who)
      : context(shared),
        id(number),
        principal(std::move(who)),
        upstream(shared.cluster, shared.stats, std::move(client_id)),
        fetch_lanes(shared.loop, upstream, shared.stats),
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
  // What the client may. The second and third give the error to answer, or none; a group name
  // that mixes with our shadows is nobody's.
  bool may_topic(Operation operation, std::string_view name) const;
  proto::ErrorCode group_refusal(Operation operation, std::string_view group) const;
  proto::ErrorCode transaction_refusal(Operation operation,
                                       std::string_view transactional_id) const;
  // TopicDirectory::resolve(), with TOPIC_AUTHORIZATION_FAILED for what the client may not.
  io::Task<ResolvedTopics> resolve(Operation operation, std::vector<TopicRef> refs,
                                   proto::ErrorCode when_unreachable, MonotonicTime deadline);

  // A request is done with.
  void note_served(const rpc::Request& request) {
    const auto took = context.loop.now() - request.received_at;
    context.stats.request_seconds.record(std::chrono::duration<double>(took).count());
  }
  // A request is answered by closing the connection.
  void count_closed(proto::ApiKey key) { ++context.stats.errors[{key, int16_t{-1}}]; }

  ProxyContext& context;
  const uint64_t id;  // not 0
  const std::string principal;
  Upstream upstream;
  FetchLanes fetch_lanes;
  ProduceQueue produce_queue;
  io::TaskGroup tasks;
  bool is_closed = false;
};

}  // namespace odradek::proxy
