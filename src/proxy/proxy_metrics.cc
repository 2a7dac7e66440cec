#include "proxy/proxy_metrics.h"

#include <fmt/format.h>

#include <array>

#include "proto/api_table.h"
#include "proto/error_code.h"

namespace odradek::proxy {
namespace {

using obs::MetricInfo;
using obs::MetricType;

constexpr MetricInfo kConnectionsActive = {"kafka_proxy_connections_active", MetricType::kGauge,
                                           "connections", "Client connections open now."};
constexpr MetricInfo kConnections = {"kafka_proxy_connections_total", MetricType::kCounter,
                                     "connections", "Client connections accepted."};
constexpr MetricInfo kRequests = {"kafka_proxy_requests_total",
                                  MetricType::kCounter,
                                  "requests",
                                  "Client requests by API.",
                                  {"api"}};
constexpr MetricInfo kRequestSeconds = {
    "kafka_proxy_request_duration_seconds", MetricType::kHistogram, "seconds",
    "From a request's last byte to its answer, waiting for new data included."};
constexpr MetricInfo kBytesSent = {"kafka_proxy_bytes_sent_total", MetricType::kCounter, "bytes",
                                   "Bytes sent to clients."};
constexpr MetricInfo kBytesReceived = {"kafka_proxy_bytes_received_total", MetricType::kCounter,
                                       "bytes", "Bytes received from clients."};
constexpr MetricInfo kRemapping = {
    "kafka_proxy_remapping_operations_total", MetricType::kCounter, "operations",
    "Batches marked for a virtual partition and partitions fetched."};
constexpr MetricInfo kBrokerConnections = {"kafka_proxy_broker_connections_active",
                                           MetricType::kGauge, "connections",
                                           "Connections to brokers open now."};
constexpr MetricInfo kErrors = {"kafka_proxy_errors_total",
                                MetricType::kCounter,
                                "errors",
                                "Error codes answered, by API; CLOSED for connections closed "
                                "instead of an answer.",
                                {"api", "code"}};
constexpr MetricInfo kScanned = {"kafka_proxy_fetch_scanned_bytes_total", MetricType::kCounter,
                                 "bytes", "Record bytes read from brokers for fetches."};
constexpr MetricInfo kMatched = {
    "kafka_proxy_fetch_matched_bytes_total", MetricType::kCounter, "bytes",
    "Record bytes of them that belonged to the partition fetched; scanned / matched is the "
    "read amplification."};
constexpr MetricInfo kFillers = {"kafka_proxy_fillers_total", MetricType::kCounter, "batches",
                                 "Control batches made up to carry readers over foreign records."};
constexpr MetricInfo kMarkErrors = {
    "kafka_proxy_mark_errors_total", MetricType::kCounter, "batches",
    "Batches whose mark names a partition that cannot be there; nobody reads them."};
constexpr MetricInfo kShadowCommits = {"kafka_proxy_shadow_commits_total", MetricType::kCounter,
                                       "offsets", "Offsets committed to shadow groups."};
constexpr MetricInfo kMismatch = {
    "kafka_proxy_topic_mapping_mismatch", MetricType::kCounter, "lookups",
    "Lookups of topics that the configuration maps but whose partition count does not fit."};
constexpr MetricInfo kReconnects = {"kafka_proxy_upstream_reconnects_total", MetricType::kCounter,
                                    "connections",
                                    "Clients' connections to brokers opened anew after a loss."};
constexpr MetricInfo kCacheHits = {
    "kafka_proxy_cache_hits_total", MetricType::kCounter, "reads",
    "Reads of consumers at the end of a partition that were answered from what was read for all."};
constexpr MetricInfo kReadsAhead = {
    "kafka_proxy_reads_ahead_total", MetricType::kCounter, "requests",
    "Fetch requests sent to brokers before the client asked for what they read."};
constexpr MetricInfo kReadsAheadWasted = {"kafka_proxy_reads_ahead_wasted_total",
                                          MetricType::kCounter, "requests",
                                          "Of those, the ones that were of no use to the client."};
constexpr MetricInfo kTxnState = {"kafka_proxy_txn_state", MetricType::kGauge, "states",
                                  "Sequence numbers kept for transactional producers: one state "
                                  "for each producer and physical partition."};
constexpr MetricInfo kTxnStateLost = {
    "kafka_proxy_txn_state_lost_total", MetricType::kCounter, "batches",
    "Batches answered with TRANSACTION_ABORTABLE because the numbers of an open transaction are "
    "not known here: after a restart, or when another instance began it."};

constexpr std::array kAll = {
    &kConnectionsActive, &kConnections, &kRequests,   &kRequestSeconds,    &kBytesSent,
    &kBytesReceived,     &kRemapping,   &kErrors,     &kBrokerConnections, &kScanned,
    &kMatched,           &kFillers,     &kMarkErrors, &kShadowCommits,     &kMismatch,
    &kReconnects,        &kTxnState,    &kReadsAhead, &kReadsAheadWasted,  &kCacheHits,
    &kTxnStateLost};

double number(uint64_t value) { return static_cast<double>(value); }

std::string code_name(int16_t code) {
  if (code == -1) return "CLOSED";
  const proto::ErrorCodeInfo* known = proto::find_error(proto::error_code(code));
  return known == nullptr ? fmt::format("{}", code) : std::string(known->name);
}

}  // namespace

std::span<const MetricInfo* const> proxy_metrics() { return kAll; }

void collect_proxy_metrics(const ProxyStats& stats, const rpc::ServerStats& server,
                           const ProxyGauges& gauges, obs::Collection& into) {
  into.gauge(kConnectionsActive, {}, number(server.connections_active));
  into.counter(kConnections, {}, number(server.connections_accepted));
  for (const auto& [key, count] : stats.requests) {
    into.counter(kRequests, {proto::api_name(key)}, number(count));
  }
  into.histogram(kRequestSeconds, {}, stats.request_seconds);
  into.counter(kBytesSent, {}, number(server.bytes_out));
  into.counter(kBytesReceived, {}, number(server.bytes_in));
  into.counter(kRemapping, {}, number(stats.remapping_operations));
  into.gauge(kBrokerConnections, {},
             number(stats.client_broker_connections + gauges.shared_connections));
  for (const auto& [at, count] : stats.errors) {
    into.counter(kErrors, {proto::api_name(at.first), code_name(at.second)}, number(count));
  }
  into.counter(kScanned, {}, number(stats.fetch_scanned_bytes));
  into.counter(kMatched, {}, number(stats.fetch_matched_bytes));
  into.counter(kFillers, {}, number(stats.fillers));
  into.counter(kMarkErrors, {}, number(stats.mark_errors));
  into.counter(kShadowCommits, {}, number(stats.shadow_commits));
  into.counter(kMismatch, {}, number(stats.topic_mapping_mismatch));
  into.counter(kReconnects, {}, number(stats.upstream_reconnects));
  into.counter(kCacheHits, {}, number(stats.cache_hits));
  into.counter(kReadsAhead, {}, number(stats.reads_ahead));
  into.counter(kReadsAheadWasted, {}, number(stats.reads_ahead_wasted));
  into.gauge(kTxnState, {}, number(gauges.transaction_states));
  into.counter(kTxnStateLost, {}, number(stats.transaction_states_lost));
}

}  // namespace odradek::proxy
