#include "proxy/upstream.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/log.h"
#include "proto/messages/api_versions_request.h"
#include "proto/messages/api_versions_response.h"

namespace odradek::proxy {

Upstream::Upstream(cluster::Cluster& cluster, ProxyStats& stats, std::string client_id)
    : cluster_(&cluster), stats_(&stats), client_id_(std::move(client_id)) {}

io::Task<Result<io::HostPort>> Upstream::address_of(int32_t broker, MonotonicTime deadline) {
  cluster::MetadataPtr metadata = cluster_->cached_metadata();
  if (metadata->broker(broker) == nullptr) {
    const Result<cluster::MetadataPtr> refreshed = co_await cluster_->refresh({}, deadline);
    if (!refreshed) co_return refreshed.error();
    metadata = *refreshed;
  }
  const cluster::Broker* found = metadata->broker(broker);
  if (found == nullptr) {
    co_return Error(Errc::kNotFound, fmt::format("the cluster has no broker {}", broker));
  }
  co_return io::HostPort{found->host, found->port};
}

io::Task<Result<Upstream::Connection>> Upstream::connection(int32_t broker, Purpose purpose,
                                                            MonotonicTime deadline) {
  const bool is_refused = is_closed_ || (only_produce_ && !purpose.is_produce());
  if (is_refused) co_return Errc::kClosed;
  const std::pair key{broker, purpose};
  const auto known = connections_.find(key);
  if (known != connections_.end()) {
    if (known->second->is_open()) co_return known->second;
    connections_.erase(known);
    ++stats_->upstream_reconnects;
  }
  Result<io::HostPort> address = co_await address_of(broker, deadline);
  if (!address) co_return address.error();
  rpc::ConnectOptions options;
  options.host = address->host;
  options.port = address->port;
  options.client_id = client_id_;
  options.security = cluster_->options().security;
  options.deadline =
      std::min(deadline, cluster_->loop().now() + cluster_->options().connection_timeout);
  auto connected = co_await rpc::ClientConnection::connect(cluster_->loop(), std::move(options));
  if (!connected) co_return connected.error().with_context(address->to_string());
  if (is_closed_) co_return Errc::kClosed;
  Connection connection = *std::move(connected);
  ++stats_->client_broker_connections;
  // The statistics live as long as the loop's work does, longer than any connection.
  connection->on_close([stats = stats_](const Error&) { --stats->client_broker_connections; });
  connections_.insert_or_assign(key, connection);
  co_return connection;
}

Upstream::Connection Upstream::open_connection(int32_t broker, Purpose purpose) const {
  const auto known = connections_.find({broker, purpose});
  const bool is_open = known != connections_.end() && known->second->is_open();
  return is_open ? known->second : nullptr;
}

void Upstream::drop(int32_t broker, Purpose purpose) {
  const auto known = connections_.find({broker, purpose});
  if (known == connections_.end()) return;
  const Connection connection = std::move(known->second);
  connections_.erase(known);
  connection->close();
}

void Upstream::close_but_produce() {
  only_produce_ = true;
  std::vector<Connection> closing;
  std::erase_if(connections_, [&closing](const auto& entry) {
    if (entry.first.second.is_produce()) return false;
    closing.push_back(entry.second);
    return true;
  });
  for (const Connection& connection : closing) connection->close();
}

void Upstream::close() {
  is_closed_ = true;
  const auto closing = std::exchange(connections_, {});
  for (const auto& [key, connection] : closing) connection->close();
}

// A broker serves a connection's requests in order, so the answer to any question says that it has
// all that was sent before.
io::Task<Result<void>> Upstream::settle(MonotonicTime deadline) {
  std::vector<Connection> producing;
  for (const auto& [key, connection] : connections_) {
    if (key.second.is_produce() && connection->is_open()) producing.push_back(connection);
  }
  for (const Connection& connection : producing) {
    const proto::ApiVersionsRequest question;
    const auto answer = co_await connection->call(question, 0, deadline);
    if (!answer) co_return answer.error().with_context("produce without acks");
  }
  co_return Result<void>{};
}

io::Task<void> Upstream::finish() {
  const Result<void> settled = co_await settle(cluster_->request_deadline());
  if (!settled) ODK_LOG(debug, "flush failed", kv("error", settled.error().to_string()));
  close();
}

}  // namespace odradek::proxy
