// Who is connected, as no client can ask of Kafka.

#include "broker/dashboard/operations.h"
#include "broker/node.h"
#include "proto/api_table.h"
#include "rpc/server.h"

namespace odradek::broker::dashboard {
namespace {

// More are counted and not listed: a page with them all would help nobody.
constexpr size_t kListedMax = 2'000;

int64_t ms_since(MonotonicTime now, MonotonicTime then) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - then).count();
}

Json connection_json(const rpc::ConnectionInfo& info, MonotonicTime now) {
  const rpc::ConnectionActivity& activity = info.activity;
  Json json{{"id", info.id},
            {"peer", info.peer_address},
            {"local", info.local_address},
            {"listener", info.listener},
            {"principal", info.principal},
            {"tls", info.is_tls},
            {"client_id", activity.client_id},
            {"software_name", info.client_software_name},
            {"software_version", info.client_software_version},
            {"age_ms", ms_since(now, activity.connected_at)},
            {"requests", activity.requests},
            {"bytes_in", activity.bytes_in},
            {"bytes_out", activity.bytes_out},
            {"waiting", activity.waiting},
            {"last_api", nullptr}};
  if (activity.requests > 0) {
    json["last_api"] = proto::api_name(activity.last_api);
    json["last_version"] = activity.last_version;
    json["idle_ms"] = ms_since(now, activity.last_request_at);
  }
  return json;
}

}  // namespace

io::Task<Result<Json>> list_connections(ApiContext& context, ApiCall /*call*/) {
  const auto connections = context.clients.connections();
  Json list = Json::array();
  for (const auto& connection : connections) {
    if (list.size() >= kListedMax) break;
    list.push_back(connection_json(*connection, context.loop.now()));
  }
  co_return Json{{"open", connections.size()}, {"connections", std::move(list)}};
}

}  // namespace odradek::broker::dashboard
