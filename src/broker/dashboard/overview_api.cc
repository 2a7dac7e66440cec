// The broker at a glance, now and over the last minutes.

#include "broker/dashboard/operations.h"
#include "broker/dispatcher.h"
#include "broker/handlers/apis.h"
#include "broker/node.h"
#include "proto/messages/describe_log_dirs_request.h"
#include "proto/messages/describe_log_dirs_response.h"

namespace odradek::broker::dashboard {
namespace {

constexpr size_t kLiveStreamsMax = 64;

Json sample_json(const Sample& sample) {
  return {{"at_ms", sample.at_ms},
          {"bytes_in", sample.bytes_in},
          {"bytes_out", sample.bytes_out},
          {"requests", sample.requests},
          {"records_in", sample.records_in},
          {"cpu_percent", sample.cpu_percent},
          {"connections", sample.connections},
          {"waiting_fetches", sample.waiting_fetches},
          {"record_bytes", sample.record_bytes},
          {"resident_bytes", sample.resident_bytes}};
}

Json setting(const Node& node, std::string_view name) {
  const ConfigDef* def = find_broker_config(name);
  if (def == nullptr) return nullptr;
  const ConfigValue value = node.settings().get(*def);
  return value.value ? Json(*value.value) : Json(nullptr);
}

// Where records are and how much room is left; sizes are null where nobody can tell.
io::Task<Result<Json>> storage_json(InsideClient& client) {
  proto::DescribeLogDirsRequest request;
  request.topics = proto::empty_array<proto::DescribeLogDirsRequest::DescribableLogDirTopic>();
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  Json dirs = Json::array();
  for (const auto& dir : answer.message.results) {
    Json each{{"dir", std::string(dir.log_dir)}, {"error", nullptr}};
    const auto code = static_cast<proto::ErrorCode>(dir.error_code);
    if (code != proto::ErrorCode::kNone) each["error"] = proto::error_name(code);
    each["total_bytes"] = dir.total_bytes < 0 ? Json(nullptr) : Json(dir.total_bytes);
    each["usable_bytes"] = dir.usable_bytes < 0 ? Json(nullptr) : Json(dir.usable_bytes);
    dirs.push_back(std::move(each));
  }
  co_return dirs;
}

Json requests_json(const Dispatcher& dispatcher) {
  Json requests = Json::object();
  for (const ApiCounter& counter : dispatcher.counters()) {
    if (counter.requests > 0)
      requests[std::string(proto::api_name(counter.key))] = counter.requests;
  }
  return requests;
}

Json features_json() {
  const auto offers = [](proto::ApiKey key) { return find_handler(key) != nullptr; };
  return {{"acls", offers(proto::ApiKey::kDescribeAcls)},
          {"users", offers(proto::ApiKey::kDescribeUserScramCredentials)},
          {"transactions", offers(proto::ApiKey::kListTransactions)}};
}

io::Task<void> send_samples(ApiContext& context, http::BodyWriter& writer) {
  ++context.live_streams;
  Result<void> goes_on;
  while (goes_on) {
    if (!context.sampler.samples().empty()) {
      goes_on = co_await writer.write(
          event_text("sample", sample_json(context.sampler.samples().back())));
    }
    if (goes_on) goes_on = co_await context.sampler.changed().wait();
  }
  --context.live_streams;
}

}  // namespace

io::Task<Result<Json>> get_overview(ApiContext& context, ApiCall /*call*/) {
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(Json storage, co_await storage_json(client));
  const Node& node = context.node;
  const rpc::ServerStats& stats = context.clients.stats();
  Json json;
  json["version"] = context.version;
  json["cluster_id"] = node.cluster_id();
  json["node_id"] = node.id();
  json["now_ms"] = node.wall_ms();
  json["started_ms"] = context.started_ms;
  json["listeners"] = setting(node, "listeners");
  json["advertised_listeners"] = setting(node, "advertised.listeners");
  json["topics"] = node.topics().all().size();
  json["partitions"] = node.topics().partition_count();
  json["groups"] = node.groups().groups().size();
  json["memory"] = {{"used_bytes", node.used_memory_bytes()},
                    {"limit_bytes", node.memory_bytes_max()}};
  json["storage"] = std::move(storage);
  json["connections"] = {{"open", stats.connections_active},
                         {"accepted", stats.connections_accepted},
                         {"malformed", stats.malformed_frames},
                         {"failed_authentications", stats.failed_authentications}};
  json["requests"] = requests_json(context.dispatcher);
  json["features"] = features_json();
  const auto& samples = context.sampler.samples();
  json["latest"] = samples.empty() ? Json(nullptr) : sample_json(samples.back());
  co_return json;
}

io::Task<Result<Json>> get_history(ApiContext& context, ApiCall /*call*/) {
  Json samples = Json::array();
  for (const Sample& sample : context.sampler.samples()) samples.push_back(sample_json(sample));
  co_return Json{{"interval_ms", 1000}, {"samples", std::move(samples)}};
}

Result<http::BodySource> stream_samples(ApiContext& context, ApiCall /*call*/) {
  if (context.live_streams >= kLiveStreamsMax) {
    return Error(Errc::kLimitExceeded, "too many live streams are open");
  }
  return [&context](http::BodyWriter& writer) { return send_samples(context, writer); };
}

}  // namespace odradek::broker::dashboard
