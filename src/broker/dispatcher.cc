#include "broker/dispatcher.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <string>

#include "broker/handlers/apis.h"
#include "broker/pending_fetch.h"

namespace odradek::broker {
namespace {

// The level of cluster metadata whose behaviour we show: Apache Kafka 4.3's.
constexpr int16_t kMetadataVersionMin = 7;
constexpr int16_t kMetadataVersion = 30;
constexpr int16_t kKraftVersion = 1;
constexpr int16_t kGroupVersion = 1;  // consumer groups: KIP-848
constexpr int16_t kTransactionVersion = 2;  // KIP-890
constexpr int16_t kApiVersionsMax = 4;

// "10.0.0.1:100,localhost:5" of max.connections.per.ip.overrides.
std::map<std::string, size_t> connection_overrides(std::string_view text) {
  std::map<std::string, size_t> limits;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    const std::string_view item = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t colon = item.rfind(':');
    if (colon == std::string_view::npos) continue;
    const int64_t most = config_long(item.substr(colon + 1));
    limits[std::string(item.substr(0, colon))] = static_cast<size_t>(std::max<int64_t>(most, 0));
  }
  return limits;
}

}  // namespace

Dispatcher::Dispatcher(Node& node) : node_(node) {
  for (const HandlerInfo* handler : all_handlers()) counters_.push_back({handler->key, 0});
}

void Dispatcher::on_request(rpc::Request request) {
  const auto handlers = all_handlers();
  const auto found = std::ranges::lower_bound(handlers, request.api_key, {}, &HandlerInfo::key);
  if (found == handlers.end() || (*found)->key != request.api_key) {
    request.responder.close("no handler for this API");
    return;
  }
  if (!request.connection->is_inside) {
    ++counters_[static_cast<size_t>(found - handlers.begin())].requests;
  }
  (*found)->handle(node_, std::move(request));
}

// Batches are appended while others wait to be safe: producers with many in flight share a sync.
bool Dispatcher::can_start_beside(proto::ApiKey next, proto::ApiKey waiting) {
  return next == proto::ApiKey::kProduce && waiting == proto::ApiKey::kProduce &&
         node_.flusher() != nullptr && node_.flusher()->holds_back();
}

void Dispatcher::on_disconnect(const rpc::ConnectionInfo& connection) {
  node_.fetches().drop(connection.id);
}

rpc::ServerOptions server_options(const Settings& settings) {
  rpc::ServerOptions options;
  for (const HandlerInfo* handler : all_handlers()) {
    options.apis.push_back({handler->key, handler->min_version, handler->max_version});
  }
  // The newest version is Kafka 4.4's.
  options.apis.push_back({proto::ApiKey::kApiVersions, 0, kApiVersionsMax});
  options.features.supported = {{"group.version", 0, kGroupVersion},
                                {"kraft.version", 0, kKraftVersion},
                                {"metadata.version", kMetadataVersionMin, kMetadataVersion},
                                {"transaction.version", 0, kTransactionVersion}};
  options.features.finalized = {{"group.version", kGroupVersion, kGroupVersion},
                                {"kraft.version", kKraftVersion, kKraftVersion},
                                {"metadata.version", kMetadataVersion, kMetadataVersion},
                                {"transaction.version", kTransactionVersion, kTransactionVersion}};
  options.features.finalized_epoch = 0;
  const auto ms = [&settings](std::string_view name) {
    return Duration(std::chrono::milliseconds(settings.get_long(name)));
  };
  options.limits.max_frame_bytes =
      static_cast<size_t>(settings.get_long("socket.request.max.bytes"));
  options.limits.max_connections = std::min(
      options.limits.max_connections, static_cast<size_t>(settings.get_long("max.connections")));
  const int64_t per_ip = settings.get_long("max.connections.per.ip");
  if (per_ip < std::numeric_limits<int32_t>::max()) {
    options.limits.max_connections_per_ip = static_cast<size_t>(per_ip);
  }
  options.limits.max_connections_of_ip =
      connection_overrides(settings.given("max.connections.per.ip.overrides").value_or(""));
  const int64_t rate = settings.get_long("max.connection.creation.rate");
  if (rate < std::numeric_limits<int32_t>::max()) {
    options.limits.max_connection_rate = static_cast<double>(rate);
  }
  options.limits.max_frame_bytes_before_auth =
      static_cast<size_t>(settings.get_long("sasl.server.max.receive.size"));
  options.limits.idle_timeout = ms("connections.max.idle.ms");
  options.limits.failed_authentication_delay = ms("connection.failed.authentication.delay.ms");
  return options;
}

}  // namespace odradek::broker
