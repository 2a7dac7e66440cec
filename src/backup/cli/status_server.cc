#include "backup/cli/status_server.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "obs/process_metrics.h"

namespace odradek::backup {
namespace {

using Json = nlohmann::ordered_json;

std::string_view name_of(BreakerState state) {
  switch (state) {
    case BreakerState::kOpen: return "open";
    case BreakerState::kHalfOpen: return "half_open";
    default: return "closed";
  }
}

http::HttpResponse json_response(int status, std::string body) {
  http::HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(body);
  return response;
}

}  // namespace

std::string status_json(const BackupStatus& status) {
  Json breakers = Json::object();
  for (const auto& [peer, state] : status.breakers) breakers[peer] = name_of(state);
  Json partitions = Json::array();
  for (const PartitionStatus& p : status.partitions) {
    partitions.push_back({{"topic", p.topic},
                          {"partition", p.partition},
                          {"position", p.position},
                          {"target", p.target},
                          {"log_end", p.log_end},
                          {"lso_lag", p.lso_lag}});
  }
  const Json object = {{"phase", status.phase},
                       {"cycles", status.cycles},
                       {"records", status.copied.records},
                       {"raw_bytes", status.copied.raw_bytes},
                       {"stored_bytes", status.copied.stored_bytes},
                       {"segments", status.copied.segments},
                       {"errors", status.copied.errors},
                       {"retries", status.retries},
                       {"gaps", status.gaps},
                       {"offsets_skipped", status.gap_offsets},
                       {"commit_seq", status.commit_seq},
                       {"last_commit_at", status.last_commit_at},
                       {"memory_budget_used_bytes", status.memory_used_bytes},
                       {"offsets_target", status.offsets_total()},
                       {"offsets_done", status.offsets_done()},
                       {"breakers", breakers},
                       {"partitions", partitions}};
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

StatusServer::StatusServer(io::Loop& loop, GetStatus status, const StoreMeter& store,
                           const MetricsSettings& settings)
    : status_(std::move(status)), settings_(settings), server_(loop, router_.handler()) {
  declare_backup_metrics(registry_);
  registration_ = registry_.on_collect([this, &store](obs::Collection& into) {
    collect_backup_metrics(into, status_(), store, settings_.max_partition_labels);
  });
  router_.get("/metrics", [this](const http::HttpRequest&) {
    http::HttpResponse response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = registry_.render();
    return response;
  });
  router_.get("/health/live",
              [](const http::HttpRequest&) { return json_response(200, "{\"live\":true}\n"); });
  router_.get("/health/ready", [this](const http::HttpRequest&) { return ready(); });
  router_.get("/status", [this](const http::HttpRequest&) {
    return json_response(200, status_json(status_()));
  });
}

http::HttpResponse StatusServer::ready() const {
  const BackupStatus status = status_();
  std::string reason;
  if (status.phase == "stopping" || status.phase == "done") reason = status.phase;
  for (const auto& [peer, state] : status.breakers) {
    if (state == BreakerState::kOpen) reason = fmt::format("{} fails, pausing", peer);
  }
  const Json object = {{"ready", reason.empty()}, {"reason", reason}};
  return json_response(reason.empty() ? 200 : 503, object.dump() + "\n");
}

Result<std::string> StatusServer::listen() {
  http::HttpServerOptions options;
  options.host = settings_.bind_address;
  options.port = settings_.port;
  ODK_TRY(const uint16_t port, server_.listen(std::move(options)));
  return fmt::format("{}:{}", settings_.bind_address, port);
}

}  // namespace odradek::backup
