#include "broker/metrics.h"

#include "proto/api_table.h"

namespace odradek::broker {
namespace {

using obs::MetricInfo;
using enum obs::MetricType;

constexpr MetricInfo kConnections{"odradek_broker_connections", kGauge, "connections",
                                  "Client connections that are open."};
constexpr MetricInfo kConnectionsTotal{"odradek_broker_connections_total", kCounter, "connections",
                                       "Client connections accepted."};
constexpr MetricInfo kRequests{
    "odradek_broker_requests_total", kCounter, "requests", "Requests taken, by API.", {"api"}};
constexpr MetricInfo kBytesIn{"odradek_broker_received_bytes_total", kCounter, "bytes",
                              "Bytes received from clients."};
constexpr MetricInfo kBytesOut{"odradek_broker_sent_bytes_total", kCounter, "bytes",
                               "Bytes sent to clients."};
constexpr MetricInfo kMalformed{"odradek_broker_malformed_frames_total", kCounter, "frames",
                                "Connections closed because of what they sent."};
constexpr MetricInfo kFailedLogins{"odradek_broker_failed_authentications_total", kCounter,
                                   "attempts", "Authentications that failed."};
constexpr MetricInfo kTopics{"odradek_broker_topics", kGauge, "topics", "Topics that exist."};
constexpr MetricInfo kPartitions{"odradek_broker_partitions", kGauge, "partitions",
                                 "Partitions that exist."};
constexpr MetricInfo kLogBytes{
    "odradek_broker_log_bytes", kGauge, "bytes", "Record batches kept, by topic.", {"topic"}};
constexpr MetricInfo kLogEnd{"odradek_broker_log_end_offset",
                             kGauge,
                             "offset",
                             "The next offset of a partition.",
                             {"topic", "partition"}};
constexpr MetricInfo kMemory{"odradek_broker_memory_bytes", kGauge, "bytes",
                             "Memory that holds record batches, readers' included."};
constexpr MetricInfo kMemoryMax{"odradek_broker_memory_limit_bytes", kGauge, "bytes",
                                "The most that record batches may take."};
constexpr MetricInfo kGroups{"odradek_broker_groups", kGauge, "groups", "Consumer groups known."};
constexpr MetricInfo kWaitingFetches{"odradek_broker_waiting_fetches", kGauge, "requests",
                                     "Fetches that wait for records."};
constexpr MetricInfo kWaitingMembers{"odradek_broker_waiting_members", kGauge, "requests",
                                     "Members that wait in a join or sync."};
constexpr MetricInfo kSessions{"odradek_broker_fetch_sessions", kGauge, "sessions",
                               "Fetch sessions remembered."};

constexpr const MetricInfo* kAll[] = {
    &kConnections,  &kConnectionsTotal, &kRequests,       &kBytesIn,        &kBytesOut, &kMalformed,
    &kFailedLogins, &kTopics,           &kPartitions,     &kLogBytes,       &kLogEnd,   &kMemory,
    &kMemoryMax,    &kGroups,           &kWaitingFetches, &kWaitingMembers, &kSessions,
};

void collect_topics(const Topics& topics, obs::Collection& into) {
  into.gauge(kTopics, {}, static_cast<double>(topics.all().size()));
  into.gauge(kPartitions, {}, static_cast<double>(topics.partition_count()));
  for (const auto& [name, topic] : topics.all()) {
    size_t bytes = 0;
    for (const auto& partition : topic->partitions) {
      bytes += partition->log.size_bytes();
      into.gauge(kLogEnd, {name, std::to_string(partition->index)},
                 static_cast<double>(partition->log.end_offset()));
    }
    into.gauge(kLogBytes, {name}, static_cast<double>(bytes));
  }
}

}  // namespace

std::span<const obs::MetricInfo* const> broker_metrics() { return kAll; }

void collect_broker_metrics(const Node& node, const Dispatcher& dispatcher,
                            const rpc::ServerStats& stats, obs::Collection& into) {
  into.gauge(kConnections, {}, static_cast<double>(stats.connections_active));
  into.counter(kConnectionsTotal, {}, static_cast<double>(stats.connections_accepted));
  for (const ApiCounter& counter : dispatcher.counters()) {
    if (counter.requests == 0) continue;
    into.counter(kRequests, {proto::api_name(counter.key)}, static_cast<double>(counter.requests));
  }
  into.counter(kBytesIn, {}, static_cast<double>(stats.bytes_in));
  into.counter(kBytesOut, {}, static_cast<double>(stats.bytes_out));
  into.counter(kMalformed, {}, static_cast<double>(stats.malformed_frames));
  into.counter(kFailedLogins, {}, static_cast<double>(stats.failed_authentications));
  collect_topics(node.topics(), into);
  into.gauge(kMemory, {}, static_cast<double>(node.used_memory_bytes()));
  into.gauge(kMemoryMax, {}, static_cast<double>(node.memory_bytes_max()));
  into.gauge(kGroups, {}, static_cast<double>(node.groups().groups().size()));
  into.gauge(kWaitingFetches, {}, static_cast<double>(node.fetches().size()));
  into.gauge(kWaitingMembers, {}, static_cast<double>(node.groups().waiting()));
  into.gauge(kSessions, {}, static_cast<double>(node.sessions().size()));
}

}  // namespace odradek::broker
