#include "broker/dispatcher.h"

#include <algorithm>
#include <chrono>

#include "broker/handlers/apis.h"
#include "broker/pending_fetch.h"

namespace odradek::broker {
namespace {

// The level of cluster metadata whose behaviour we show: Apache Kafka 4.3's.
constexpr int16_t kMetadataVersionMin = 7;
constexpr int16_t kMetadataVersion = 30;
constexpr int16_t kKraftVersion = 1;
constexpr int16_t kTransactionVersion = 2;  // KIP-890

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

void Dispatcher::on_disconnect(const rpc::ConnectionInfo& connection) {
  node_.fetches().drop(connection.id);
}

rpc::ServerOptions server_options(const Settings& settings) {
  rpc::ServerOptions options;
  for (const HandlerInfo* handler : all_handlers()) {
    options.apis.push_back({handler->key, handler->min_version, handler->max_version});
  }
  options.features.supported = {{"kraft.version", 0, kKraftVersion},
                                {"metadata.version", kMetadataVersionMin, kMetadataVersion},
                                {"transaction.version", 0, kTransactionVersion}};
  options.features.finalized = {{"kraft.version", kKraftVersion, kKraftVersion},
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
  options.limits.idle_timeout = ms("connections.max.idle.ms");
  options.limits.failed_authentication_delay = ms("connection.failed.authentication.delay.ms");
  return options;
}

}  // namespace odradek::broker
