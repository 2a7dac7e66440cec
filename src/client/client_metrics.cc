// What a client counts, and how the program gets to know.
#include "client/client_core.h"
#include "client/client_thread.h"
#include "client/error_map.h"
#include "proto/api_table.h"

namespace odradek::kafka {

void ClientCore::watch_requests(cluster::ClusterOptions& options) {
  options.on_request_done = [this](const rpc::RequestDone& done) {
    auto found = brokers_.find(done.address);
    if (found == brokers_.end()) {
      found = brokers_.emplace(std::string(done.address), BrokerMetrics{}).first;
      found->second.address = done.address;
    }
    BrokerMetrics& broker = found->second;
    ++broker.requests;
    broker.bytes_sent += done.bytes_sent;
    broker.bytes_received += done.bytes_received;
    if (done.error != nullptr) {
      ++broker.failures;
    } else {
      broker.duration_total += done.duration;
      broker.duration_max = std::max<std::chrono::nanoseconds>(broker.duration_max, done.duration);
    }
    if (!observers_.on_request) return;
    std::optional<KafkaError> error;
    if (done.error != nullptr) error = client::to_public(*done.error);
    const RequestEvent event{.broker = done.address,
                             .api = proto::api_name(done.api_key),
                             .version = done.version,
                             .correlation_id = done.correlation_id,
                             .bytes_sent = done.bytes_sent,
                             .bytes_received = done.bytes_received,
                             .duration = done.duration,
                             .error = error ? &*error : nullptr};
    client::run_user_code(observers_.on_request, event);
  };
}

ClientMetrics ClientCore::metrics() const {
  ClientMetrics metrics;
  metrics.client_id = cluster_->options().client_id;
  metrics.connections_open = cluster_->open_connections();
  for (const auto& [address, broker] : brokers_) metrics.brokers.push_back(broker);
  for (const auto& service : services_) service->add_metrics(metrics);
  return metrics;
}

void ClientCore::report_metrics() {
  metrics_timer_ = loop_.call_after(observers_.metrics_interval, [this] {
    client::run_user_code(observers_.on_metrics, metrics());
    if (!is_closing_) report_metrics();
  });
}

}  // namespace odradek::kafka
